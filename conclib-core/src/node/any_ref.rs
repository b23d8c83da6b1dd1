//! References to actors of any type.

use std::any::{Any, TypeId, type_name};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use conclib_wire::{Envelope, Failure, State, Urn};

use super::accepted::Accepted;
use super::actor::{Actor, Messages};
use super::any_actor::AnyActor;
use super::cell::ActorCell;
use super::foreign::ForeignCell;
use super::lifecycle::Lifecycle;
use super::ordering::Ordered;
use super::recipient_lookup::RecipientLookup;
use super::reference::ActorRef;
use super::registry::SystemInner;
use super::relations::{Notice, Relations, RestartDecision};
use super::stopping::Stopping;
use crate::actor_id::ActorId;
use crate::error::LookupError;
use crate::mailbox::{Alert, By, Mailbox, MessageQueue, Refused, Signal, Ticket};
use crate::message::LAST;
use crate::named::Named;
use crate::observe::log;
use crate::place::Place;
use crate::reply::{RemoteCaller, RequestEnvelope};
use crate::snapshot::ActorSnapshot;
use crate::supervision::Strategy;

impl<A: Actor> AnyActor for ActorCell<A> {
    fn id(&self) -> ActorId {
        self.id
    }

    fn system(&self) -> &Arc<SystemInner> {
        &self.system
    }

    fn type_name(&self) -> &'static str {
        type_name::<A>()
    }

    fn place(&self) -> Place {
        self.place
    }

    fn known_urn(&self) -> Option<&Urn> {
        self.known_urn()
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }

    fn lifecycle(&self) -> &Lifecycle {
        &self.lifecycle
    }

    fn state(&self) -> State {
        self.state()
    }

    fn tell_to_end(&self, signal: Signal, by: By) {
        self.tell_to_end(signal, by);
    }

    fn acquire(&self) {
        self.acquire();
    }

    fn try_acquire(&self) -> bool {
        self.try_acquire()
    }

    fn release(&self) {
        self.release();
    }

    fn relations(&self) -> Option<&Relations> {
        self.relations()
    }

    fn relations_to_be(&self) -> &Relations {
        self.relations_to_be()
    }

    fn notify(&self, notice: Notice) {
        self.notify(notice);
    }

    fn alert(&self, alert: Alert) {
        self.mailbox.alert(alert);
    }

    fn is_alerted(&self, alert: Alert) -> bool {
        self.mailbox.is_alerted(alert)
    }

    fn strategy(&self) -> Strategy {
        self.strategy
    }

    fn hears_of_children(&self) -> bool {
        A::HEARS_OF_CHILDREN
    }

    fn has_work(&self) -> bool {
        self.mailbox.has_work()
    }

    fn decide(&self, decision: RestartDecision) {
        if let Some(relations) = self.relations() {
            relations.decide(decision);
            self.mailbox.wake();
        }
    }

    fn hold(&self, leader: ActorId) {
        self.relations_to_be().hold(leader);
        // An actor that pauses before its restart wakes up, and waits for the group
        // instead.
        self.mailbox.wake();
    }

    fn recipient(self: Arc<Self>, message: TypeId) -> Option<Box<dyn Any>> {
        // An anonymous actor without a reference is about to end, and gives no recipient.
        let actor = self.try_acquire().then(|| ActorRef::local(self))?;
        RecipientLookup::run(actor, message)
    }

    fn poll_room(&self, cx: &mut Context<'_>, ticket: &mut Option<Ticket>) -> Poll<Result<(), ()>> {
        self.mailbox.poll_room(cx, ticket)
    }

    fn poll_reserve(
        &self,
        cx: &mut Context<'_>,
        ticket: &mut Option<Ticket>,
    ) -> Poll<Result<(), ()>> {
        self.mailbox.poll_reserve(cx, ticket)
    }

    fn leave_waiters(&self, ticket: Ticket) {
        self.mailbox.leave(ticket);
    }

    fn snapshot(&self) -> ActorSnapshot {
        let relations = self.relations();
        ActorSnapshot {
            urn: self.urn(),
            type_name: type_name::<A>().to_owned(),
            place: self.place,
            state: self.state(),
            generation: self.generation(),
            restarts: self.generation() - 1,
            parent: relations.and_then(Relations::parent_urn),
            children: relations.map_or(0, Relations::count),
            depth: self.mailbox.depth(),
            capacity: self.mailbox.capacity(),
            handled: self.stats.handled.load(Ordering::Relaxed),
            failed: self.stats.failed_count(),
            busy_with: self.stats.busy_with(A::Inbox::name),
            waiting_for: self.waits_for(),
            last_error: self.stats.last_error(),
            ticks: match const { A::Inbox::TICKS.is_empty() } {
                true => Vec::new(),
                false => {
                    let ticks = A::Inbox::TICKS.iter();
                    ticks.map(|tick| tick.name.to_owned()).collect()
                }
            },
        }
    }

    fn accept(
        &self,
        envelope: &Envelope<'_>,
        mut asker: RemoteCaller,
        place: Option<Ticket>,
    ) -> bool {
        let place = ReservedPlace {
            mailbox: &self.mailbox,
            ticket: place,
        };
        if self.meter.is_on() {
            asker.is_sent_now();
        }
        let (message, priority) = match A::Inbox::accept(envelope, asker) {
            Accepted::Message(message, priority) => {
                (message, envelope.priority.unwrap_or(priority))
            }
            Accepted::Answered => return false,
            Accepted::Undeclared(asker) => {
                // The handler may pass the request to any actor, so the asker is not
                // entered as waiting for this one.
                asker.cancellation().stands_aside();
                let request = RequestEnvelope::new(envelope, self.urn(), asker);
                match A::Inbox::fallback(Box::new(request)) {
                    Ok(message) => (message, LAST),
                    Err(request) => {
                        self.unexpected(envelope.message);
                        let failure = Failure::NoSuchMessage(envelope.message.into());
                        request.asker.refuse(failure);
                        return false;
                    }
                }
            }
        };
        let mut queued = None;
        let make = |mut message: A::Inbox| {
            queued = message.queued();
            message
        };
        let mut message = Some(message);
        let admitted = self.admit_reserved(place, &mut message, priority, make);
        match (admitted, message) {
            (Err(refused), Some(message)) => {
                message.refuse(refused.into_failure());
                false
            }
            _ => {
                if let Some(queued) = queued {
                    queued.send();
                }
                true
            }
        }
    }
}

/// Place of a mailbox that is kept for a message; given back when it is dropped.
struct ReservedPlace<'m, T, Q: MessageQueue<T>> {
    mailbox: &'m Mailbox<T, Q>,
    ticket: Option<Ticket>,
}

impl<T, Q: MessageQueue<T>> Drop for ReservedPlace<'_, T, Q> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.mailbox.leave(ticket);
        }
    }
}

impl<A: Actor> ActorCell<A> {
    /// Queues a message in the place that is kept for it, or like [`admit`](Self::admit) if there
    /// is none.
    fn admit_reserved(
        &self,
        mut place: ReservedPlace<'_, A::Inbox, Ordered<A::Inbox>>,
        message: &mut Option<A::Inbox>,
        priority: u8,
        make: impl FnMut(A::Inbox) -> A::Inbox,
    ) -> Result<(), Refused> {
        if place.ticket.is_none() {
            return self.admit(message, priority, make, false);
        }
        let mut cx = Context::from_waker(Waker::noop());
        let _ = self.poll_admit(&mut cx, &mut place.ticket, message, priority, make);
        // The mailbox leaves the message here only if it is closed.
        match message {
            None => Ok(()),
            Some(_) => Err(Refused::Closed),
        }
    }

    /// Returns the names of the actors that the running turn waits for, without those
    /// that have ended.
    fn waits_for(&self) -> Vec<Urn> {
        self.system.waits.of(self.id)
    }

    /// Logs a warning of the first undeclared message, and each time that their number
    /// has doubled, so that a peer that makes names up cannot fill the log.
    #[cold]
    fn unexpected(&self, message: &str) {
        let unexpected = &self.stats.failures_to_be().unexpected;
        let so_far = 1 + unexpected.fetch_add(1, Ordering::Relaxed);
        if so_far.is_power_of_two() {
            log::unexpected_message(self, message, so_far);
        }
    }
}

/// A reference to an actor whose type is not known at compile time. An `AnyRef` keeps
/// the actor alive, as an [`ActorRef`] does.
pub struct AnyRef(Arc<dyn AnyActor>);

impl AnyRef {
    pub(crate) fn new(resident: Arc<dyn AnyActor>) -> Self {
        resident.acquire();
        Self(resident)
    }

    /// Returns the name of the actor.
    pub fn urn(&self) -> Urn {
        self.0.urn()
    }

    /// Returns the name of the actor's type.
    pub fn type_name(&self) -> &'static str {
        self.0.type_name()
    }

    /// Returns the lifecycle state of the actor.
    pub fn state(&self) -> State {
        self.0.state()
    }

    /// Returns the typed reference.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// struct Counter(u64);
    /// #[actor]
    /// impl Counter {
    ///     #[message]
    ///     fn get(&mut self) -> u64 { self.0 }
    /// }
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     let _counter = system.spawn(Counter(7))?;
    ///     for actor in system.all() {
    ///         assert_eq!(actor.downcast::<Counter>()?.get().await?, 7);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// The actor is of another type.
    pub fn downcast<A: Actor>(&self) -> Result<ActorRef<A>, LookupError> {
        downcast(self.0.clone())
    }

    /// Handles the messages that are queued, then ends the actor; see
    /// [`ActorRef::stop`].
    pub fn stop(&self) -> Stopping {
        self.0.tell_to_end(Signal::Drain, By::Anyone);
        {
            let actor = self.0.clone();
            Stopping::new(async move { actor.lifecycle().wait().await })
        }
    }
}

pub(crate) fn downcast<A: Actor>(resident: Arc<dyn AnyActor>) -> Result<ActorRef<A>, LookupError> {
    let mismatch = LookupError::TypeMismatch {
        urn: resident.urn(),
        expected: type_name::<A>(),
        found: resident.type_name(),
    };
    match resident.into_any().downcast::<ActorCell<A>>() {
        Ok(cell) => {
            cell.acquire();
            Ok(ActorRef::local(cell))
        }
        Err(other) => match other.downcast::<ForeignCell>() {
            Ok(cell) if cell.is::<A>() => {
                cell.acquire();
                Ok(ActorRef::foreign(cell))
            }
            _ => Err(mismatch),
        },
    }
}

impl Clone for AnyRef {
    fn clone(&self) -> Self {
        Self::new(self.0.clone())
    }
}

impl Drop for AnyRef {
    fn drop(&mut self) {
        self.0.release();
    }
}

impl fmt::Debug for AnyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnyRef({} {})", self.type_name(), self.urn())
    }
}
