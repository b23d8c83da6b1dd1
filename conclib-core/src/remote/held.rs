//! Requests from other processes that wait for an actor elsewhere, in their order.

use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use conclib_wire::{Delivery, Envelope, Failure};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::relay::Relayed;
use super::target::Remote;
use crate::named::Named;
use crate::reply::RemoteCaller;
use crate::spi::{Carried, SendRefused, carried};

/// Maximum number of requests that wait for one actor. Further ones are refused.
const LIMIT: usize = 1024;

/// Length of the longest body of which a copy is kept.
const LONGEST: usize = 256 * 1024;

/// Requests that wait until their actor is there: for the first time, or again. Those that an
/// incarnation of the actor has left undelivered come back, in front of the later ones.
pub(crate) struct Held {
    remote: Arc<Remote>,
    /// Number of the next request.
    next: AtomicU64,
    queue: Mutex<Queue>,
    over: Notify,
}

#[derive(Default)]
struct Queue {
    /// By their numbers.
    waiting: VecDeque<Waiting>,
    /// True while a task sends what waits, as there is room for it.
    is_sending: bool,
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
    number: u64,
    /// Number after that of the incarnation to which it was sent; zero before.
    incarnation: AtomicU64,
    references: Carried,
    since: Instant,
    message: Box<str>,
    trace: Box<str>,
    chain: Box<[u8]>,
    body: Box<[u8]>,
    rest: Envelope<'static>,
}

/// In place of an incarnation: the request is not sent again.
const REFUSED: u64 = u64::MAX;

impl Held {
    pub(crate) fn new(remote: Arc<Remote>) -> Arc<Self> {
        Arc::new(Self {
            remote,
            next: AtomicU64::new(0),
            queue: Mutex::default(),
            over: Notify::new(),
        })
    }

    /// Sends a request on, or keeps it, behind those that wait. `waits` tells whether the outlet is to
    /// be waited for, if it has no room. Returns false if the request was refused at once.
    ///
    /// A copy is kept of a request to an actor of several incarnations, until its answer, unless it is
    /// too long.
    pub(crate) fn relay(
        self: &Arc<Self>,
        envelope: &Envelope<'_>,
        asker: RemoteCaller,
        waits: impl Fn() -> bool,
    ) -> bool {
        let references = carried();
        let incarnation = self.remote.outlet.incarnation();
        let is_copied = incarnation.is_some() && envelope.body.len() <= LONGEST;
        let letter = is_copied.then(|| self.letter(envelope, references.clone()));
        let mut relayed = match &letter {
            Some(letter) => self.relayed(asker, letter.clone()),
            None => Relayed::new(asker),
        };
        let queue = self.lock();
        if queue.waiting.is_empty() {
            let incarnation = self.remote.outlet.incarnation();
            relayed = match relayed.send(&self.remote, envelope, &references) {
                Ok(()) => {
                    if let Some(letter) = letter {
                        letter.is_at(incarnation);
                    }
                    return true;
                }
                Err((relayed, SendRefused::Away)) => relayed,
                Err((relayed, SendRefused::Busy)) if waits() => relayed,
                Err((relayed, why)) => {
                    drop(queue);
                    refuse(relayed, letter.as_deref(), why.into_failure());
                    return false;
                }
            };
        }
        let letter = letter.unwrap_or_else(|| self.letter(envelope, references));
        self.keep(queue, Waiting { relayed, letter })
    }

    /// Keeps a request that was left undelivered, for the next incarnation.
    fn left(self: &Arc<Self>, asker: RemoteCaller, letter: Arc<Letter>, failure: Failure) {
        let queue = self.lock();
        let is_again = letter.incarnation.load(Ordering::Relaxed) != REFUSED;
        // Without a number there is no next incarnation.
        if is_again && self.remote.outlet.incarnation().is_some() {
            let relayed = self.relayed(asker, letter.clone());
            self.keep(queue, Waiting { relayed, letter });
        } else {
            drop(queue);
            asker.refuse(failure);
        }
    }

    /// Adds a request to those that wait. Returns false if there are too many.
    fn keep(self: &Arc<Self>, mut queue: MutexGuard<'_, Queue>, request: Waiting) -> bool {
        // Dropped without the lock, since an asker may send at its end.
        let mut _cancelled = VecDeque::new();
        if queue.waiting.len() >= LIMIT {
            let all = mem::take(&mut queue.waiting).into_iter();
            (_cancelled, queue.waiting) = all.partition(|one| one.relayed.is_cancelled());
        }
        let why = match queue.is_over {
            true => Some(Failure::Stopped(Delivery::NotDelivered)),
            false => (queue.waiting.len() >= LIMIT).then_some(Failure::MailboxFull),
        };
        if let Some(why) = why {
            drop(queue);
            request.refuse(why);
            return false;
        }
        let number = request.letter.number;
        let place = queue
            .waiting
            .partition_point(|one| one.letter.number < number);
        queue.waiting.insert(place, request);
        drop(queue);
        self.send_all();
        true
    }

    /// Sends what waits, up to the first request for which the actor is to be waited for again.
    pub(crate) fn send_all(self: &Arc<Self>) {
        if self.send_some() {
            match Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn(self.clone().send_rest())),
                // The next request begins anew.
                Err(_) => self.lock().is_sending = false,
            }
        }
    }

    /// Sends what waits, as there is room for it.
    async fn send_rest(self: Arc<Self>) {
        let urn = self.remote.urn();
        loop {
            let over = self.over.notified();
            if self.lock().is_over {
                return;
            }
            let has_room = tokio::select! {
                room = self.remote.outlet.room(urn.as_str()) => room.is_ok(),
                () = over => return,
            };
            self.lock().is_sending = false;
            if !has_room || !self.send_some() {
                return;
            }
        }
    }

    /// Sends what there is room for. Returns true if a task is to send the rest.
    fn send_some(&self) -> bool {
        let mut refused = Vec::new();
        let mut is_begun = false;
        let mut queue = self.lock();
        while let Some(first) = queue.waiting.pop_front() {
            let timeout = first.letter.rest.timeout;
            let left = timeout.checked_sub(first.letter.since.elapsed());
            let incarnation = self.remote.outlet.incarnation();
            let why = match left {
                _ if first.relayed.is_cancelled() => Failure::Cancelled,
                None => Failure::Deadline(timeout),
                Some(_) if first.letter.was_left_by(incarnation) => {
                    queue.waiting.push_front(first);
                    break;
                }
                Some(left) => {
                    let Waiting { relayed, letter } = first;
                    match letter.send(relayed, &self.remote, left) {
                        Ok(()) => {
                            letter.is_at(incarnation);
                            continue;
                        }
                        Err((relayed, why @ (SendRefused::Away | SendRefused::Busy))) => {
                            queue.waiting.push_front(Waiting { relayed, letter });
                            is_begun = why == SendRefused::Busy
                                && !mem::replace(&mut queue.is_sending, true);
                            break;
                        }
                        Err((relayed, why)) => {
                            refused.push((Waiting { relayed, letter }, why.into_failure()));
                            continue;
                        }
                    }
                }
            };
            refused.push((first, why));
        }
        drop(queue);
        for (request, failure) in refused {
            request.refuse(failure);
        }
        is_begun
    }

    /// Refuses what waits, as the actor has ended.
    pub(crate) fn end(&self) {
        let waiting = {
            let mut queue = self.lock();
            queue.is_over = true;
            mem::take(&mut queue.waiting)
        };
        self.over.notify_waiters();
        for request in waiting {
            request.refuse(Failure::Stopped(Delivery::NotDelivered));
        }
    }

    /// Returns the number of requests that wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Makes the asker of a request that comes back if it is left undelivered.
    fn relayed(self: &Arc<Self>, asker: RemoteCaller, letter: Arc<Letter>) -> Relayed {
        let held = self.clone();
        Relayed::returning(asker, move |asker, failure| {
            held.left(asker, letter, failure);
        })
    }

    fn letter(&self, envelope: &Envelope<'_>, references: Carried) -> Arc<Letter> {
        Arc::new(Letter {
            number: self.next.fetch_add(1, Ordering::Relaxed),
            incarnation: AtomicU64::new(0),
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
        })
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn refuse(self, failure: Failure) {
        refuse(self.relayed, Some(&self.letter), failure);
    }
}

/// Refuses a request, which then does not come back.
fn refuse(relayed: Relayed, letter: Option<&Letter>, failure: Failure) {
    if let Some(letter) = letter {
        letter.is_at(Some(REFUSED));
    }
    relayed.refuse(failure);
}

impl Letter {
    /// Notes the incarnation to which the request was sent.
    fn is_at(&self, incarnation: Option<u64>) {
        let next = incarnation.map_or(0, |this| this.saturating_add(1));
        self.incarnation.store(next, Ordering::Relaxed);
    }

    /// Tells whether that incarnation has had the request, and has left it.
    fn was_left_by(&self, incarnation: Option<u64>) -> bool {
        incarnation.is_some_and(|this| self.incarnation.load(Ordering::Relaxed) > this)
    }

    fn send(
        &self,
        relayed: Relayed,
        remote: &Remote,
        timeout: Duration,
    ) -> Result<(), (Relayed, SendRefused)> {
        let envelope = Envelope {
            message: &self.message,
            timeout,
            trace: &self.trace,
            chain: &self.chain,
            body: &self.body,
            ..self.rest
        };
        relayed.send(remote, &envelope, &self.references)
    }
}
