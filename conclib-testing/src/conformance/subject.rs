//! Actor of the served system that the checks ask.

use std::error::Error;
use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as Poller, Poll};
use std::time::Duration;

use conclib_core::{Context, Deferred, ReplyTo, Stream};
use conclib_macros::{actor, message};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

/// Longest time until something shows in a record: less than the default timeout of a request.
const PROMPTLY: Duration = Duration::from_secs(20);

/// Typed error of a handler.
#[message(crate = conclib_core)]
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal(pub String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Refusal {}

/// Message that no actor of the suite handles.
#[message(crate = conclib_core, reply = u64)]
pub struct Undeclared;

/// Record of a [`Subject`]'s turns.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Numbers of the messages whose turns have begun, in this order.
    pub(super) begun: Vec<u64>,
    /// Numbers of the messages whose turns are complete.
    pub(super) done: Vec<u64>,
    /// Streams that are open.
    pub(super) open: usize,
    /// Items that were made for streams.
    pub(super) made: u64,
    /// Deferred replies whose askers have gone.
    pub(super) left: usize,
}

/// View of a [`Subject`] from the check: its record, and the gate at which its turns wait.
#[derive(Clone)]
pub struct Probe(Arc<ProbeInner>);

struct ProbeInner {
    record: watch::Sender<Record>,
    gate: Semaphore,
    replies: Mutex<Vec<ReplyTo<u64>>>,
}

impl Probe {
    pub(super) fn new() -> Self {
        Self(Arc::new(ProbeInner {
            record: watch::Sender::new(Record::default()),
            gate: Semaphore::new(0),
            replies: Mutex::default(),
        }))
    }

    /// Waits until the record is as expected, and returns it. A request ends by its deadline after
    /// half a minute; the record has to be so before, without that help.
    pub(super) async fn until(&self, is_so: impl FnMut(&Record) -> bool) -> Record {
        let mut record = self.0.record.subscribe();
        match timeout(PROMPTLY, record.wait_for(is_so)).await {
            Ok(Ok(record)) => record.clone(),
            Ok(Err(_)) => unreachable!("this probe has the sender"),
            Err(_) => panic!("not so after {PROMPTLY:?}: {:?}", self.record()),
        }
    }

    /// Waits until the turn of that number has begun.
    pub(super) async fn has_begun(&self, n: u64) {
        self.until(|record| record.begun.contains(&n)).await;
    }

    /// Returns the record.
    pub(super) fn record(&self) -> Record {
        self.0.record.borrow().clone()
    }

    /// Lets so many turns go on that wait at the gate.
    pub(super) fn let_go(&self, turns: usize) {
        self.0.gate.add_permits(turns);
    }

    /// Lets all turns go on, now and later.
    pub(super) fn open(&self) {
        self.0.gate.close();
    }

    /// Takes the deferred replies.
    pub(super) fn replies(&self) -> Vec<ReplyTo<u64>> {
        std::mem::take(
            &mut self
                .0
                .replies
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    fn note(&self, note: impl FnOnce(&mut Record)) {
        self.0.record.send_modify(note);
    }
}

/// Actor that the checks ask.
#[actor(crate = conclib_core)]
pub struct Subject {
    pub(super) probe: Probe,
}

#[actor(crate = conclib_core)]
impl Subject {
    #[message]
    fn double(&mut self, n: u64) -> u64 {
        2 * n
    }

    #[message]
    fn echo(&mut self, body: String) -> String {
        body
    }

    #[message]
    fn repeat(&mut self, text: String, times: u64) -> String {
        text.repeat(usize::try_from(times).unwrap_or(0))
    }

    /// Records a number.
    #[message]
    fn note(&mut self, n: u64, body: String) -> u64 {
        drop(body);
        self.probe.note(|record| {
            record.begun.push(n);
            record.done.push(n);
        });
        n
    }

    /// Waits at the gate.
    #[message]
    async fn hold(&mut self, n: u64) -> u64 {
        self.probe.note(|record| record.begun.push(n));
        if let Ok(permit) = self.probe.0.gate.acquire().await {
            permit.forget();
        }
        self.probe.note(|record| record.done.push(n));
        n
    }

    /// Waits at the gate, and panics.
    #[message]
    async fn explode(&mut self, n: u64) -> u64 {
        self.probe.note(|record| record.begun.push(n));
        if let Ok(permit) = self.probe.0.gate.acquire().await {
            permit.forget();
        }
        panic!("boom");
    }

    #[message]
    fn refuse(&mut self, why: String) -> Result<u64, Refusal> {
        Err(Refusal(why))
    }

    /// Gives the reply to the check.
    #[message]
    fn later(&mut self, n: u64, ctx: &mut Context<Self>) -> Deferred<u64> {
        let (reply, deferred) = ctx.defer();
        let replies = &self.probe.0.replies;
        replies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(reply);
        self.probe.note(|record| record.begun.push(n));
        deferred
    }

    /// Waits until its asker has gone.
    #[message]
    async fn until_left(&mut self, n: u64, ctx: &mut Context<Self>) -> u64 {
        self.probe.note(|record| record.begun.push(n));
        ctx.asker_gone().await;
        self.probe.note(|record| record.left += 1);
        n
    }

    /// Streams the numbers from zero to `to`, and panics at `panic_at`.
    #[message]
    fn count(&mut self, to: u64, panic_at: Option<u64>) -> impl Stream<Item = u64> {
        self.probe.note(|record| record.open += 1);
        Numbers {
            probe: self.probe.clone(),
            rest: 0..to,
            panic_at,
        }
    }
}

/// Stream of numbers that records its items and its end.
struct Numbers {
    probe: Probe,
    rest: Range<u64>,
    panic_at: Option<u64>,
}

impl Stream for Numbers {
    type Item = u64;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Poller<'_>) -> Poll<Option<u64>> {
        let next = self.rest.next();
        assert!(next.is_none() || next != self.panic_at, "boom");
        self.probe.note(|record| record.made += 1);
        Poll::Ready(next)
    }
}

impl Drop for Numbers {
    fn drop(&mut self) {
        self.probe.note(|record| record.open -= 1);
    }
}
