//! Route of one message to a worker of a pool.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use conclib_wire::{Cycle, Delivery, Failure, Urn};

use super::Pool;
use super::workers::Workers;
use crate::call::{Call, Outbound, Target};
use crate::error::TellError;
use crate::mailbox::{Overflow, Signal};
use crate::message::Message;
use crate::named::{Enter, Named};
use crate::node::{Actor, ActorRef, Handler, Prioritised};

/// Target of a call on a [`Pool`]: the worker that the routing chooses when the message is sent.
/// Errors name that worker.
pub struct Route<'p, A: Actor> {
    pool: HeldWorker<'p, A>,
    key: Option<u64>,
    /// Worker that has the message, or in whose mailbox the message waits for room.
    chosen: Mutex<Option<ActorRef<A>>>,
}

enum HeldWorker<'p, A: Actor> {
    Lent(&'p Pool<A>),
    Own(Pool<A>),
}

/// Result of an attempt to send a message to one worker.
enum Attempt {
    Done(Poll<Result<(), Failure>>),
    Full,
    Closed,
}

impl<'p, A: Actor> Route<'p, A> {
    pub(super) fn new(pool: &'p Pool<A>, key: Option<u64>) -> Self {
        Self {
            pool: HeldWorker::Lent(pool),
            key,
            chosen: Mutex::default(),
        }
    }

    fn pool_workers(&self) -> &Workers<A> {
        match &self.pool {
            HeldWorker::Lent(pool) => &pool.0,
            HeldWorker::Own(pool) => &pool.0,
        }
    }

    /// Returns true if a message waits for the replacement of the worker at that index: a message
    /// with a key does, since the messages before it must be handled first.
    fn inherits(&self, place: usize) -> bool {
        self.key.is_some() && !self.pool_workers().is_lost(place)
    }

    fn chosen(&self) -> MutexGuard<'_, Option<ActorRef<A>>> {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attempt<M: Message>(
        &self,
        actor: &ActorRef<A>,
        cx: &mut Context<'_>,
        outbound: &mut Outbound<M>,
    ) -> Attempt
    where
        A: Handler<M>,
    {
        if self.key.is_none() && would_drop(actor) {
            return Attempt::Full;
        }
        match actor.poll_send_now(cx, outbound) {
            Poll::Ready(Err(Failure::MailboxFull)) => Attempt::Full,
            Poll::Ready(Err(Failure::Stopped(Delivery::NotDelivered)))
                if outbound.request.is_some() =>
            {
                Attempt::Closed
            }
            done => Attempt::Done(done),
        }
    }

    /// Sends the message to the first worker that takes it, or else chooses a full mailbox to wait
    /// for. `None` if no worker takes messages at the moment. `left` has ended without the message,
    /// and counts as full.
    fn hand_over<M: Message>(
        &self,
        chosen: &mut Option<ActorRef<A>>,
        left: Option<&ActorRef<A>>,
        cx: &mut Context<'_>,
        outbound: &mut Outbound<M>,
    ) -> Option<Poll<Result<(), Failure>>>
    where
        A: Handler<M>,
    {
        let pool_workers = self.pool_workers();
        let first = pool_workers.first(self.key);
        let mut line = None;
        for step in 0..pool_workers.places() {
            let Some(actor) = pool_workers.at(first + step) else {
                break;
            };
            let attempt = match left {
                Some(left) if *left == actor => Attempt::Full,
                _ => self.attempt(&actor, cx, outbound),
            };
            match attempt {
                Attempt::Done(done) => {
                    *chosen = Some(actor);
                    return Some(done);
                }
                Attempt::Full => {
                    line.get_or_insert(actor);
                    // A message with a key waits for its worker.
                    if self.key.is_some() {
                        break;
                    }
                }
                Attempt::Closed if self.inherits(first + step) => break,
                Attempt::Closed => {}
            }
        }
        let actor = &*chosen.insert(line?);
        Some(actor.poll_send(cx, outbound))
    }
}

/// Returns true if the actor would take a message at once.
pub(super) fn has_room<A: Actor>(actor: &ActorRef<A>) -> bool {
    let is_full = actor.cell().is_some_and(|cell| {
        let mailbox = &cell.mailbox;
        mailbox.depth() >= mailbox.capacity()
    });
    actor.signal() == Signal::None && !is_full
}

/// Returns true if one more message would make the mailbox drop one: then another worker may have
/// room for it.
fn would_drop<A: Actor>(actor: &ActorRef<A>) -> bool {
    actor.cell().is_some_and(|cell| {
        matches!(cell.overflow, Overflow::DropOldest | Overflow::DropNewest)
            && cell.mailbox.depth() >= cell.mailbox.capacity()
    })
}

impl<A: Actor> Named for Route<'_, A> {
    fn urn(&self) -> Urn {
        match &*self.chosen() {
            Some(actor) => actor.urn(),
            None => self.pool_workers().urn(),
        }
    }

    /// Chooses the worker before the message is sent, since a turn waits for one worker: a worker
    /// that does not wait for this turn, so that no cycle closes.
    fn wait(&self, enter: Enter<'_>) -> Option<Result<(), Cycle>> {
        let mut chosen = self.chosen();
        if let Some(actor) = &*chosen {
            return actor.wait(enter);
        }
        let pool_workers = self.pool_workers();
        let first = pool_workers.first(self.key);
        let places = match self.key {
            Some(_) => 1,
            None => pool_workers.places(),
        };
        let candidates = || (0..places).filter_map(|step| pool_workers.at(first + step));
        let with_room = candidates().filter(has_room);
        let without = candidates().filter(|actor| !has_room(actor));
        let mut first = None;
        for actor in with_room.chain(without) {
            match actor.wait(&mut |id, _| enter(id, false)) {
                Some(Err(_)) => {
                    first.get_or_insert(actor);
                }
                wait => {
                    *chosen = Some(actor);
                    return wait;
                }
            }
        }
        // All workers wait for this turn, or did.
        chosen.insert(first?).wait(enter)
    }
}

/// Name of the pool, for errors of a message that reached no worker.
struct Nobody(Urn);

impl Named for Nobody {
    fn urn(&self) -> Urn {
        self.0.clone()
    }
}

impl<M: Message, A: Handler<M>> Target<M> for Route<'_, A> {
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        outbound: &mut Outbound<M>,
    ) -> Poll<Result<(), Failure>> {
        let mut chosen = self.chosen();
        let mut left = None;
        if self.key.is_none() && outbound.is_taken_back() {
            left = chosen.take();
        }
        loop {
            let filled = self.pool_workers().filled();
            let polled = match &*chosen {
                Some(actor) => Some(actor.poll_send(cx, outbound)),
                None => self.hand_over(&mut chosen, left.take().as_ref(), cx, outbound),
            };
            match polled {
                Some(polled) => match ready!(polled) {
                    // The worker ended while the message waited for room: another one may take it.
                    Err(Failure::Stopped(Delivery::NotDelivered)) if outbound.request.is_some() => {
                    }
                    done => return Poll::Ready(done),
                },
                None if self.pool_workers().is_over() => {
                    return Poll::Ready(Err(Failure::Stopped(Delivery::NotDelivered)));
                }
                None if self.pool_workers().await_filled(filled, cx.waker()) => {
                    return Poll::Pending;
                }
                None => {}
            }
            *chosen = None;
        }
    }

    fn try_tell(&self, mut message: M, priority: u8) -> Result<(), TellError<M>> {
        let pool_workers = self.pool_workers();
        let first = pool_workers.first(self.key);
        let mut refused = None;
        for step in 0..pool_workers.places() {
            let Some(actor) = pool_workers.at(first + step) else {
                break;
            };
            if self.key.is_none() && would_drop(&actor) {
                refused.get_or_insert(actor);
                continue;
            }
            match actor.try_tell(message, priority) {
                Err(TellError::Full { message: back, .. }) => {
                    message = back;
                    refused.get_or_insert(actor);
                    if self.key.is_some() {
                        break;
                    }
                }
                Err(TellError::Stopped { message: back, .. }) => {
                    message = back;
                    if self.inherits(first + step) {
                        break;
                    }
                }
                done => return done,
            }
        }
        match refused {
            Some(actor) => actor.try_tell(message, priority),
            None => {
                let urn = pool_workers.urn();
                Err(match pool_workers.is_over() {
                    true => TellError::Stopped { urn, message },
                    // A worker that is ending will be replaced.
                    false => TellError::Full { urn, message },
                })
            }
        }
    }

    fn leave(&self, outbound: &mut Outbound<M>) {
        if let Some(actor) = &*self.chosen() {
            actor.leave(outbound);
        }
    }

    fn default_timeout(&self) -> Option<Duration> {
        match &*self.chosen() {
            Some(actor) => Target::<M>::default_timeout(actor),
            None => Target::<M>::default_timeout(&self.pool_workers().at(0)?),
        }
    }

    fn to_named(&self) -> Arc<dyn Named> {
        match &*self.chosen() {
            Some(actor) => Target::<M>::to_named(actor),
            None => Arc::new(Nobody(self.pool_workers().urn())),
        }
    }
}

impl<A: Actor, M: Message> Call<Route<'_, A>, M> {
    /// Returns the same call with an owned pool, to move it into a task.
    pub fn owned(self) -> Call<Route<'static, A>, M> {
        self.redirect(|route| Route {
            pool: match route.pool {
                HeldWorker::Lent(pool) => HeldWorker::Own(pool.clone()),
                HeldWorker::Own(pool) => HeldWorker::Own(pool),
            },
            key: route.key,
            chosen: route.chosen,
        })
    }

    /// Sets the priority of this call, like [`ActorRef`]'s calls.
    pub fn priority(self, priority: u8) -> Self
    where
        A: Prioritised,
    {
        self.ranked(priority)
    }
}

impl<A: Actor> fmt::Debug for Route<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Route({})", self.urn())
    }
}
