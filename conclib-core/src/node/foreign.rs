//! Actor whose life is driven by another crate, as its system sees it.

use std::any::{Any, TypeId, type_name};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use conclib_wire::{Delivery, DeliveryClass, Envelope, Failure, State, StopReason, Urn};

use super::any_actor::AnyActor;
use super::lifecycle::Lifecycle;
use super::registry::SystemInner;
use super::relations::{Notice, Relations, RestartDecision};
use crate::actor_id::ActorId;
use crate::call::Outbound;
use crate::error::TellError;
use crate::events::Event;
use crate::mailbox::{Alert, By, Signal, Ticket};
use crate::message::Message;
use crate::named::{Enter, Named};
use crate::place::Place;
use crate::remote::{Remote, poll_send_away, relay, try_tell_away};
use crate::reply::RemoteCaller;
use crate::snapshot::ActorSnapshot;
use crate::supervision::{ChildExit, Strategy};

/// Cell of an actor that runs outside of this process, or that this process does not run as a task:
/// its messages leave through an outlet, and another crate tells of its life.
pub(crate) struct ForeignCell {
    id: ActorId,
    system: Arc<SystemInner>,
    urn: Urn,
    actor: TypeId,
    type_name: &'static str,
    /// Way to the actor.
    pub(crate) remote: Arc<Remote>,
    lifecycle: Lifecycle,
    relations: Relations,
    /// Most urgent [`Signal`] so far.
    signal: AtomicU8,
    waker: Mutex<Option<Waker>>,
    /// Set once the end has been told.
    ended: OnceLock<()>,
}

impl ForeignCell {
    pub(crate) fn new<A: 'static>(
        id: ActorId,
        system: Arc<SystemInner>,
        remote: Remote,
        relations: Relations,
    ) -> Self {
        Self {
            id,
            system,
            urn: remote.urn().of_type(type_name::<A>()),
            actor: TypeId::of::<A>(),
            type_name: type_name::<A>(),
            remote: Arc::new(remote),
            lifecycle: Lifecycle::new(),
            relations,
            signal: AtomicU8::new(Signal::None as u8),
            waker: Mutex::default(),
            ended: OnceLock::new(),
        }
    }

    /// Tells whether the actor is an `A`.
    pub(crate) fn is<A: 'static>(&self) -> bool {
        self.actor == TypeId::of::<A>()
    }

    /// Marks the start as done.
    pub(crate) fn started(&self) {
        if self.lifecycle.advance(State::Running) {
            let urn = || self.urn.clone();
            self.system.emit(|| Event::Started { urn: urn() });
        }
    }

    /// Tells whether the actor takes no more messages.
    pub(crate) fn is_ending(&self) -> bool {
        self.state() >= State::Stopping
    }

    /// Polls for a signal that is more urgent than `before`.
    pub(crate) fn poll_signal(&self, cx: &Context<'_>, before: Signal) -> Poll<Signal> {
        let mut waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        let signal = self.signal();
        if signal > before {
            return Poll::Ready(signal);
        }
        *waker = Some(cx.waker().clone());
        Poll::Pending
    }

    pub(crate) fn signal(&self) -> Signal {
        const DRAIN: u8 = Signal::Drain as u8;
        const NOW: u8 = Signal::Now as u8;
        match self.signal.load(Ordering::Acquire) {
            DRAIN => Signal::Drain,
            NOW => Signal::Now,
            signal if signal > NOW => Signal::Kill,
            _ => Signal::None,
        }
    }

    /// Reason for an end by the signal that was given.
    pub(crate) fn end_reason(&self) -> StopReason {
        match (self.signal(), self.lifecycle.by()) {
            (Signal::Kill, _) => StopReason::Killed,
            (_, Some(By::Parent)) => StopReason::Parent,
            (_, Some(By::System)) => StopReason::Shutdown,
            (Signal::Now, _) => StopReason::StoppedNow,
            _ => StopReason::Stopped,
        }
    }

    /// Marks the actor as ended for good: tells the system, the watchers, the parent and the tasks
    /// that wait for the end. Only the first call counts.
    pub(crate) fn end(&self, reason: StopReason) {
        if self.ended.set(()).is_err() {
            return;
        }
        self.system.forget(self.id, &reason);
        self.system.emit(|| Event::Stopped {
            urn: self.urn.clone(),
            reason: reason.clone(),
        });
        self.lifecycle.advance(State::Stopped);
        self.relations.part(self, &reason);
        let exit = |default| ChildExit {
            urn: self.urn.clone(),
            type_name: self.type_name,
            reason: reason.clone(),
            generation: self.relations.generation(),
            default,
            exhausted: false,
        };
        self.relations.tell_parent(self.id, exit, &reason, None);
        self.lifecycle.end(reason.clone());
        // Tells the watchers that came in between, and could not see yet that the actor had ended.
        self.relations.part(self, &reason);
    }
}

impl ForeignCell {
    /// Sends a message to the actor, unless it is ending.
    pub(super) fn poll_send<M: Message>(
        &self,
        cx: &mut Context<'_>,
        outbound: &mut Outbound<M>,
    ) -> Poll<Result<(), Failure>> {
        if outbound.remote_part.is_none() && self.is_ending() {
            return Poll::Ready(Err(Failure::Stopped(Delivery::NotDelivered)));
        }
        poll_send_away(&self.remote, cx, outbound)
    }

    pub(super) fn try_tell<M: Message>(
        &self,
        message: M,
        priority: u8,
        class: DeliveryClass,
    ) -> Result<(), TellError<M>> {
        if self.is_ending() {
            let urn = self.urn();
            return Err(TellError::Stopped { urn, message });
        }
        try_tell_away(&self.remote, message, priority, class)
    }
}

impl Named for ForeignCell {
    fn urn(&self) -> Urn {
        self.urn.clone()
    }

    fn wait(&self, _: Enter<'_>) -> Option<Result<(), conclib_wire::Cycle>> {
        // The waits of an actor elsewhere are known there.
        None
    }
}

impl AnyActor for ForeignCell {
    fn id(&self) -> ActorId {
        self.id
    }

    fn system(&self) -> &Arc<SystemInner> {
        &self.system
    }

    fn type_name(&self) -> &'static str {
        self.type_name
    }

    fn known_urn(&self) -> Option<&Urn> {
        Some(&self.urn)
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }

    fn lifecycle(&self) -> &Lifecycle {
        &self.lifecycle
    }

    fn state(&self) -> State {
        match self.lifecycle.state() {
            State::Running if self.signal() > Signal::None => State::Stopping,
            state => state,
        }
    }

    fn tell_to_end(&self, signal: Signal, by: By) {
        if self.lifecycle.state() == State::Stopped {
            return;
        }
        self.lifecycle.told(by);
        self.signal.fetch_max(signal as u8, Ordering::AcqRel);
        let mut slot = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        let waker = slot.take();
        drop(slot);
        waker.into_iter().for_each(Waker::wake);
    }

    // References to the actor are counted where it runs.
    fn acquire(&self) {}

    fn try_acquire(&self) -> bool {
        self.lifecycle.state() != State::Stopped
    }

    fn release(&self) {}

    fn relations(&self) -> Option<&Relations> {
        Some(&self.relations)
    }

    fn relations_to_be(&self) -> &Relations {
        &self.relations
    }

    /// Forgets a child that has ended. Children of the actor itself are supervised where it runs.
    fn notify(&self, notice: Notice) {
        if let Notice::Child(exit) = notice
            && let Some(child) = self.relations.forget(exit.id)
        {
            child.resident.decide(RestartDecision::End);
        }
    }

    // Alerts are for the loop of an actor, which runs elsewhere.
    fn alert(&self, _: Alert) {}

    fn is_alerted(&self, _: Alert) -> bool {
        false
    }

    fn strategy(&self) -> Strategy {
        Strategy::OneForOne
    }

    fn hears_of_children(&self) -> bool {
        false
    }

    fn has_work(&self) -> bool {
        false
    }

    fn decide(&self, decision: RestartDecision) {
        drop(decision);
    }

    fn hold(&self, _: ActorId) {}

    fn recipient(self: Arc<Self>, _: TypeId) -> Option<Box<dyn Any>> {
        None
    }

    fn poll_room(&self, cx: &mut Context<'_>, ticket: &mut Option<Ticket>) -> Poll<Result<(), ()>> {
        self.poll_reserve(cx, ticket)
    }

    /// The mailbox is elsewhere, and refuses what it has no place for.
    fn poll_reserve(&self, _: &mut Context<'_>, _: &mut Option<Ticket>) -> Poll<Result<(), ()>> {
        Poll::Ready(match self.lifecycle.state() {
            State::Stopped => Err(()),
            _ => Ok(()),
        })
    }

    fn leave_waiters(&self, _: Ticket) {}

    fn snapshot(&self) -> ActorSnapshot {
        let generation = self.relations.generation();
        ActorSnapshot {
            urn: self.urn.clone(),
            type_name: self.type_name.to_owned(),
            place: Place::Process,
            state: self.state(),
            generation,
            restarts: generation - 1,
            parent: self.relations.parent().map(|parent| parent.urn()),
            children: self.relations.count(),
            depth: 0,
            capacity: 0,
            handled: 0,
            failed: 0,
            busy_with: None,
            waiting_for: Vec::new(),
            last_error: None,
            ticks: Vec::new(),
        }
    }

    fn accept(&self, envelope: &Envelope<'_>, asker: RemoteCaller, _: Option<Ticket>) -> bool {
        if self.is_ending() {
            asker.refuse(Failure::Stopped(Delivery::NotDelivered));
            return false;
        }
        relay(&self.remote, envelope, asker)
    }
}
