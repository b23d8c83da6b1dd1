//! Requests from other processes that wait for an actor elsewhere, in their order.

use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use conclib_wire::{Delivery, Envelope, Failure};

use super::relay::Relayed;
use super::target::Remote;
use crate::reply::RemoteCaller;
use crate::spi::{Carried, SendRefused, carried};

/// Maximum number of requests that wait for one actor. Further ones are refused.
const LIMIT: usize = 1024;

/// Requests that wait until their actor is there again.
#[derive(Default)]
pub(crate) struct Held(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// True once the actor has ended for good.
    is_over: bool,
}

/// Request that waits, with a copy of its bytes.
struct Waiting {
    relayed: Relayed,
    letter: Arc<Letter>,
}

/// Copy of a request.
struct Letter {
    references: Carried,
    since: Instant,
    /// Incarnation of the actor to which it was sent.
    incarnation: AtomicU64,
    message: Box<str>,
    trace: Box<str>,
    chain: Box<[u8]>,
    body: Box<[u8]>,
    rest: Envelope<'static>,
}

/// Request that an incarnation of its actor has left undelivered.
pub(crate) struct Undelivered {
    asker: RemoteCaller,
    letter: Arc<Letter>,
    failure: Failure,
}

impl Held {
    /// Sends a request on, or keeps it, behind those that wait. `waits` tells whether the outlet is to
    /// be waited for, if it has no room. Returns false if the request was refused at once.
    ///
    /// `undelivered` gets a request that an incarnation of the actor has left undelivered, if a later
    /// one may follow.
    pub(crate) fn relay(
        &self,
        remote: &Remote,
        envelope: &Envelope<'_>,
        asker: RemoteCaller,
        waits: impl Fn() -> bool,
        undelivered: impl FnOnce(Undelivered) + Send + 'static,
    ) -> bool {
        let references = carried();
        let incarnation = remote.outlet.incarnation();
        let letter = incarnation.map(|this| Letter::new(envelope, references.clone(), this));
        let relayed = match &letter {
            Some(letter) => letter.relayed(asker, undelivered),
            None => Relayed::new(asker),
        };
        let queue = self.lock();
        let relayed = match queue.waiting.is_empty() {
            true => match relayed.send(remote, envelope, &references) {
                Ok(()) => return true,
                Err((relayed, why)) if is_kept(&why, &waits) => relayed,
                Err((relayed, why)) => {
                    drop(queue);
                    relayed.refuse(why.into_failure());
                    return false;
                }
            },
            false => relayed,
        };
        let letter = letter.unwrap_or_else(|| Letter::new(envelope, references, 0));
        self.keep(queue, Waiting { relayed, letter }, remote, waits)
    }

    /// Sends a request that was left undelivered to the next incarnation, as [`relay`](Self::relay)
    /// does.
    pub(crate) fn send_again(
        &self,
        remote: &Remote,
        request: Undelivered,
        waits: impl Fn() -> bool,
        undelivered: impl FnOnce(Undelivered) + Send + 'static,
    ) {
        let Undelivered { asker, letter, .. } = request;
        let relayed = letter.relayed(asker, undelivered);
        self.keep(self.lock(), Waiting { relayed, letter }, remote, waits);
    }

    /// Adds a request to those that wait. Returns false if there are too many.
    fn keep(
        &self,
        mut queue: MutexGuard<'_, Queue>,
        request: Waiting,
        remote: &Remote,
        waits: impl Fn() -> bool,
    ) -> bool {
        if queue.waiting.len() >= LIMIT {
            queue.waiting.retain(|one| !one.relayed.is_cancelled());
        }
        let why = match queue.is_over {
            true => Some(Failure::Stopped(Delivery::NotDelivered)),
            false => (queue.waiting.len() >= LIMIT).then_some(Failure::MailboxFull),
        };
        if let Some(why) = why {
            drop(queue);
            request.relayed.refuse(why);
            return false;
        }
        queue.waiting.push_back(request);
        drop(queue);
        if !waits() {
            self.send_all(remote, waits);
        }
        true
    }

    /// Sends what waits, up to the first request for which the actor is to be waited for again.
    pub(crate) fn send_all(&self, remote: &Remote, waits: impl Fn() -> bool) {
        let mut refused = Vec::new();
        let mut queue = self.lock();
        while let Some(first) = queue.waiting.pop_front() {
            if first.relayed.is_cancelled() {
                refused.push((first.relayed, Failure::Cancelled));
                continue;
            }
            let timeout = first.letter.rest.timeout;
            let Some(left) = timeout.checked_sub(first.letter.since.elapsed()) else {
                refused.push((first.relayed, Failure::Deadline(timeout)));
                continue;
            };
            match first.send(remote, left) {
                Ok(()) => {}
                Err((first, why)) if is_kept(&why, &waits) => {
                    queue.waiting.push_front(first);
                    break;
                }
                Err((first, why)) => refused.push((first.relayed, why.into_failure())),
            }
        }
        drop(queue);
        for (relayed, failure) in refused {
            relayed.refuse(failure);
        }
    }

    /// Refuses what waits, as the actor has ended.
    pub(crate) fn end(&self) {
        let waiting = {
            let mut queue = self.lock();
            queue.is_over = true;
            mem::take(&mut queue.waiting)
        };
        for waiting in waiting {
            let failure = Failure::Stopped(Delivery::NotDelivered);
            waiting.relayed.refuse(failure);
        }
    }

    /// Returns the number of requests that wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells whether a request that was not sent is to wait.
fn is_kept(why: &SendRefused, waits: impl Fn() -> bool) -> bool {
    match why {
        SendRefused::Away => true,
        SendRefused::Busy => waits(),
        SendRefused::Closed | SendRefused::Codec(_) => false,
    }
}

impl Undelivered {
    /// Returns the incarnation of the actor to which the request was sent.
    pub(crate) fn incarnation(&self) -> u64 {
        self.letter.incarnation.load(Ordering::Relaxed)
    }

    /// Answers with the failure, as no later incarnation gets the request.
    pub(crate) fn refuse(self) {
        self.asker.refuse(self.failure);
    }
}

impl Letter {
    fn new(envelope: &Envelope<'_>, references: Carried, incarnation: u64) -> Arc<Self> {
        Arc::new(Self {
            references,
            since: Instant::now(),
            incarnation: AtomicU64::new(incarnation),
            message: envelope.message.into(),
            trace: envelope.trace.into(),
            chain: envelope.chain.into(),
            body: envelope.body.into(),
            rest: Envelope {
                to: "",
                message: "",
                trace: "",
                chain: &[],
                body: &[],
                ..*envelope
            },
        })
    }

    /// Makes the asker of a request that comes back to `undelivered` with its copy.
    fn relayed(
        self: &Arc<Self>,
        asker: RemoteCaller,
        undelivered: impl FnOnce(Undelivered) + Send + 'static,
    ) -> Relayed {
        let letter = self.clone();
        Relayed::returning(asker, |asker, failure| {
            undelivered(Undelivered {
                asker,
                letter,
                failure,
            });
        })
    }
}

impl Waiting {
    fn send(self, remote: &Remote, timeout: Duration) -> Result<(), (Self, SendRefused)> {
        let Self { relayed, letter } = self;
        if let Some(this) = remote.outlet.incarnation() {
            letter.incarnation.store(this, Ordering::Relaxed);
        }
        let envelope = Envelope {
            message: &letter.message,
            timeout,
            trace: &letter.trace,
            chain: &letter.chain,
            body: &letter.body,
            ..letter.rest
        };
        let sent = relayed.send(remote, &envelope, &letter.references);
        sent.map_err(|(relayed, why)| (Self { relayed, letter }, why))
    }
}
