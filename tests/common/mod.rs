//! What the tests share: a guard against hanging, a gate to hold a turn at,
//! and an actor that notes what happens to it.
#![allow(
    clippy::expect_used,
    clippy::print_stderr,
    clippy::unwrap_used,
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "every test file uses some of it"
)]

use std::future::Future;
use std::pin::pin;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::task::{Context as Poller, Poll, Waker};
use std::thread;
use std::time::Duration;

use conclib::prelude::*;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// How long a test may take on the clock of the wall.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ends the whole test program, by name of the test, if it is not dropped in
/// time. It is a thread that looks at the real clock, so neither a paused
/// clock nor a blocked thread can hold it up.
pub struct Guard(Option<mpsc::Sender<()>>);

pub fn guard() -> Guard {
    let test = thread::current().name().unwrap_or("a test").to_owned();
    let (alive, watched) = mpsc::channel::<()>();
    thread::spawn(move || {
        if watched.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            eprintln!("`{test}` hangs: it took more than {PATIENCE:?}");
            std::process::abort();
        }
    });
    Guard(Some(alive))
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.take();
    }
}

/// Where a turn stops until the test lets it go on.
pub struct Gate {
    entered: oneshot::Sender<()>,
    opened: oneshot::Receiver<()>,
}

/// The test's end of a gate. Dropping it opens the gate too.
pub struct Keeper {
    entered: Option<oneshot::Receiver<()>>,
    open: oneshot::Sender<()>,
}

pub fn gate() -> (Gate, Keeper) {
    let (enter, entered) = oneshot::channel();
    let (open, opened) = oneshot::channel();
    let gate = Gate {
        entered: enter,
        opened,
    };
    let keeper = Keeper {
        entered: Some(entered),
        open,
    };
    (gate, keeper)
}

impl Gate {
    pub async fn pass(self) {
        let _ = self.entered.send(());
        let _ = self.opened.await;
    }

    /// As `pass`, for a turn that never awaits.
    pub fn pass_blocking(self) {
        let _ = self.entered.send(());
        let waker = Waker::noop();
        let mut opened = self.opened;
        while pin!(&mut opened).poll(&mut Poller::from_waker(waker)) == Poll::Pending {
            thread::yield_now();
        }
    }
}

impl Keeper {
    /// Waits until somebody is at the gate.
    pub async fn entered(&mut self) {
        if let Some(entered) = self.entered.take() {
            entered.await.expect("nobody came to the gate");
        }
    }

    pub fn open(self) {
        let _ = self.open.send(());
    }
}

/// What happened, in order. Clones are the same log.
#[derive(Clone, Default, Debug)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// What it has until now, for good.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    pub fn has(&self, line: &str) -> bool {
        self.lines().iter().any(|have| have == line)
    }

    pub fn count(&self, line: &str) -> usize {
        self.lines().iter().filter(|have| *have == line).count()
    }
}

/// An error of the domain.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[error("no good: {0}")]
pub struct NoGood(pub String);

/// An actor that notes all that happens to it.
#[actor]
#[derive(Default)]
pub struct Scribe {
    pub log: Log,
}

#[actor]
impl Scribe {
    #[on(start)]
    fn begin(&mut self) {
        self.log.add("start");
    }

    #[on(stop)]
    fn end(&mut self, reason: &StopReason) {
        self.log.add(format!("stop: {reason}"));
    }

    /// Waits at the gate.
    #[message(local)]
    pub async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
        self.log.add("held");
    }

    /// Waits at the gate without an await.
    #[message(local)]
    pub fn block(&mut self, gate: Gate) {
        gate.pass_blocking();
        self.log.add("blocked");
    }

    #[message]
    pub fn note(&mut self, n: u64) {
        self.log.add(n.to_string());
    }

    #[message]
    pub fn echo(&mut self, n: u64) -> u64 {
        n
    }

    #[message]
    pub fn refuse(&mut self, why: String) -> Result<u64, NoGood> {
        Err(NoGood(why))
    }

    #[message]
    pub async fn explode(&mut self, text: String) -> u64 {
        tokio::task::yield_now().await;
        panic!("{text}");
    }

    /// Ends itself, and answers all the same.
    #[message]
    pub fn quit(&mut self, ctx: &mut Context<Self>) -> String {
        ctx.stop();
        "bye".to_owned()
    }
}

impl Drop for Scribe {
    fn drop(&mut self) {
        self.log.add("drop");
    }
}

pub fn scribe() -> (Scribe, Log) {
    let log = Log::default();
    (Scribe { log: log.clone() }, log)
}

/// Has the actor wait at a gate; resolves once it is there.
pub async fn hold(scribe: &ActorRef<Scribe>) -> Keeper {
    let (gate, mut keeper) = gate();
    scribe.hold(gate).tell().await.unwrap();
    keeper.entered().await;
    keeper
}

/// Polls once, so that a future begins, and says what came of it.
pub fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Poller::from_waker(Waker::noop()))
}

/// The tasks of this runtime that have not ended.
pub fn alive() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Waits until `is_so`. Other tasks run meanwhile; the guard ends a wait that
/// is in vain.
pub async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

/// A second on the paused clock is over at once; so is this work.
pub async fn work(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Waits for the next dead letter.
pub async fn next_dead_letter(events: &mut conclib::Events) -> DeadLetter {
    loop {
        match events.next().await {
            Some(Event::DeadLetter(letter)) => return letter,
            Some(_) => {}
            None => panic!("the system is gone"),
        }
    }
}
