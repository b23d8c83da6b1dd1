//! Requests from other processes that wait for an actor elsewhere, in their order.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
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
pub(crate) struct Held(Mutex<VecDeque<Box<Waiting>>>);

/// Request that waits, with a copy of its bytes.
struct Waiting {
    relayed: Relayed,
    references: Carried,
    since: Instant,
    message: Box<str>,
    trace: Box<str>,
    chain: Box<[u8]>,
    body: Box<[u8]>,
    rest: Envelope<'static>,
}

impl Held {
    /// Sends a request on, or keeps it, behind those that wait. `waits` tells whether the actor is to
    /// be waited for. Returns false if the request was refused at once.
    pub(crate) fn relay(
        &self,
        remote: &Remote,
        envelope: &Envelope<'_>,
        asker: RemoteCaller,
        waits: impl Fn() -> bool,
    ) -> bool {
        let relayed = Relayed::new(asker);
        let references = carried();
        let mut waiting = self.lock();
        let (relayed, why) = match waiting.is_empty() {
            true => match relayed.send(remote, envelope, &references) {
                Ok(()) => return true,
                Err(unsent) => unsent,
            },
            false => (relayed, SendRefused::Busy),
        };
        if waiting.len() >= LIMIT {
            waiting.retain(|one| !one.relayed.is_cancelled());
        }
        if why != SendRefused::Busy || waiting.len() >= LIMIT || (waiting.is_empty() && !waits()) {
            drop(waiting);
            relayed.refuse(why.into_failure());
            return false;
        }
        waiting.push_back(Box::new(Waiting::new(envelope, relayed, references)));
        drop(waiting);
        if !waits() {
            self.send_all(remote, waits);
        }
        true
    }

    /// Sends what waits, up to the first request for which the actor is to be waited for again.
    pub(crate) fn send_all(&self, remote: &Remote, waits: impl Fn() -> bool) {
        let mut refused = Vec::new();
        let mut waiting = self.lock();
        while let Some(first) = waiting.pop_front() {
            if first.relayed.is_cancelled() {
                refused.push((first.relayed, Failure::Cancelled));
                continue;
            }
            let timeout = first.rest.timeout;
            let Some(left) = timeout.checked_sub(first.since.elapsed()) else {
                refused.push((first.relayed, Failure::Deadline(timeout)));
                continue;
            };
            match first.send(remote, left) {
                Ok(()) => {}
                Err((first, SendRefused::Busy)) if waits() => {
                    waiting.push_front(first);
                    break;
                }
                Err((first, why)) => refused.push((first.relayed, why.into_failure())),
            }
        }
        drop(waiting);
        for (relayed, failure) in refused {
            relayed.refuse(failure);
        }
    }

    /// Refuses what waits, as the actor has ended.
    pub(crate) fn end(&self) {
        for waiting in mem::take(&mut *self.lock()) {
            let failure = Failure::Stopped(Delivery::NotDelivered);
            waiting.relayed.refuse(failure);
        }
    }

    /// Returns the number of requests that wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Box<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn new(envelope: &Envelope<'_>, relayed: Relayed, references: Carried) -> Self {
        Self {
            relayed,
            references,
            since: Instant::now(),
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
        }
    }

    fn send(
        self: Box<Self>,
        remote: &Remote,
        timeout: Duration,
    ) -> Result<(), (Box<Self>, SendRefused)> {
        let envelope = Envelope {
            message: &self.message,
            timeout,
            trace: &self.trace,
            chain: &self.chain,
            body: &self.body,
            ..self.rest
        };
        match self.relayed.send(remote, &envelope, &self.references) {
            Ok(()) => Ok(()),
            Err((relayed, why)) => Err((Box::new(Self { relayed, ..*self }), why)),
        }
    }
}
