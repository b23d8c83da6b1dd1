//! Actor whose life is driven by another crate, as its system sees it.

use std::any::{Any, TypeId, type_name};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use conclib_wire::{Delivery, DeliveryClass, Envelope, Failure, NodeId, State, StopReason, Urn};

use super::any_actor::AnyActor;
use super::lifecycle::Lifecycle;
use super::registry::SystemInner;
use super::relations::{Notice, Relations, RestartDecision};
use super::strong_count::StrongCount;
use crate::actor_id::ActorId;
use crate::call::Outbound;
use crate::error::TellError;
use crate::events::Event;
use crate::mailbox::{Alert, By, Signal, Ticket};
use crate::message::Message;
use crate::named::{Enter, Named};
use crate::place::Place;
use crate::remote::{Held, Remote, poll_send_away, try_tell_away};
use crate::reply::RemoteCaller;
use crate::snapshot::ActorSnapshot;
use crate::spi::Lease;
use crate::supervision::Strategy;

/// Lookup of the `Recipient` of the messages of a type, if the actor handles them. Takes over one
/// strong count of the cell.
pub(crate) type FindRecipient = fn(Arc<ForeignCell>, TypeId) -> Option<Box<dyn Any>>;

/// Cell of an actor that runs outside of this process, or that this process does not run as a task:
/// its messages leave through an outlet, and another crate tells of its life.
pub(crate) struct ForeignCell {
    id: ActorId,
    system: Arc<SystemInner>,
    urn: Urn,
    actor: TypeId,
    type_name: &'static str,
    find_recipient: FindRecipient,
    /// Way to the actor.
    pub(crate) remote: Arc<Remote>,
    /// Timeout of a call that sets none.
    pub(crate) ask_timeout: Duration,
    /// True if the actor has a name or a parent, and so does not end with its references.
    owned: bool,
    /// Number of strong references; at zero an anonymous actor loses its lease, or is told to stop
    /// if it has none.
    refs: StrongCount,
    /// Share of the references here in the life of the actor, where it runs.
    lease: Mutex<Option<Lease>>,
    lifecycle: Lifecycle,
    relations: Relations,
    /// Most urgent [`Signal`] so far.
    signal: AtomicU8,
    /// True once the incarnation has to end, for the next one to begin.
    recycles: AtomicBool,
    waker: Mutex<Option<Waker>>,
    /// Requests of other processes that wait for the next incarnation.
    held: Arc<Held>,
    /// Set once the end has been told.
    ended: OnceLock<()>,
}

impl ForeignCell {
    pub(crate) fn new<A: 'static>(
        id: ActorId,
        system: Arc<SystemInner>,
        remote: Remote,
        relations: Relations,
        ask_timeout: Duration,
        is_named: bool,
        find_recipient: FindRecipient,
    ) -> Self {
        let remote = Arc::new(remote);
        Self {
            id,
            system,
            ask_timeout,
            owned: is_named || relations.parent.is_some(),
            refs: StrongCount::one(),
            lease: Mutex::default(),
            urn: remote.urn().of_type(type_name::<A>()),
            actor: TypeId::of::<A>(),
            type_name: type_name::<A>(),
            find_recipient,
            held: Held::new(remote.clone()),
            remote,
            lifecycle: Lifecycle::new(),
            relations,
            signal: AtomicU8::new(Signal::None as u8),
            recycles: AtomicBool::new(false),
            waker: Mutex::default(),
            ended: OnceLock::new(),
        }
    }

    /// Tells whether the actor is an `A`.
    pub(crate) fn is<A: 'static>(&self) -> bool {
        self.actor == TypeId::of::<A>()
    }

    /// Adds a strong reference that has come home, also if there was none left. Its lease is the one
    /// of all references from now on.
    pub(super) fn come_home(&self, lease: Lease) {
        // First of all, so that no release takes the new lease.
        self.acquire();
        drop(self.lease().replace(lease));
    }

    /// Gives up the lease, as the incarnation that it was for has ended. The last reference tells the
    /// actor to stop until there is another one.
    pub(crate) fn drop_lease(&self) {
        let lease = self.lease().take();
        if lease.is_some() && !self.owned && self.refs.is_zero() {
            self.raise(Signal::Drain);
        }
    }

    /// Gives up the lease of the last reference, unless there is another one by now.
    #[cold]
    fn unreferenced(&self) {
        let mut slot = self.lease();
        if !self.refs.is_zero() {
            return;
        }
        let lease = slot.take();
        drop(slot);
        if lease.is_none() {
            self.raise(Signal::Drain);
        }
    }

    fn lease(&self) -> MutexGuard<'_, Option<Lease>> {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks the start as done.
    pub(crate) fn started(&self) {
        let was_down = self.relations.is_down();
        self.relations.set_up();
        if was_down {
            self.lifecycle.tell_change();
        }
        if self.lifecycle.advance(State::Running) {
            let urn = || self.urn.clone();
            self.system.emit(|| Event::Started { urn: urn() });
        }
        self.held.send_all();
    }

    /// Tells whether messages wait for an incarnation: for the first one, or for the next.
    fn is_away(&self) -> bool {
        self.lifecycle.state() == State::Starting
            || self.relations.is_down()
            || self.remote.outlet.outage().is_some()
    }

    /// Asks the process of the actor for a snapshot. The starts and the parent are those that this
    /// process knows; so is all of an actor that is not in its process at the moment.
    pub(crate) async fn current_snapshot(&self) -> Result<ActorSnapshot, Failure> {
        let here = self.snapshot();
        if self.is_away() || self.is_ending() {
            return Ok(here);
        }
        let there = self.remote.snapshot().await?;
        Ok(ActorSnapshot {
            place: here.place,
            state: here.state,
            generation: here.generation,
            restarts: here.restarts,
            parent: here.parent,
            ..there
        })
    }

    /// Raises the signal to end, and wakes the task that drives the actor.
    fn raise(&self, signal: Signal) {
        self.signal.fetch_max(signal as u8, Ordering::AcqRel);
        self.wake();
    }

    fn wake(&self) {
        let mut slot = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        let waker = slot.take();
        drop(slot);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Returns the number of messages that were sent to the actor and have no answer yet.
    pub(crate) fn load(&self) -> usize {
        self.remote.outlet.in_flight(self.urn.as_str()) + self.held.len()
    }

    /// Tells whether the actor takes no more messages.
    pub(crate) fn is_ending(&self) -> bool {
        self.state() >= State::Stopping
    }

    /// Polls for a signal that is more urgent than `before`.
    pub(crate) fn poll_signal(&self, cx: &Context<'_>, before: Signal) -> Poll<Signal> {
        self.wake_on_change(cx);
        match self.signal() {
            signal if signal > before => Poll::Ready(signal),
            _ => Poll::Pending,
        }
    }

    /// Polls for the alert that the incarnation has to end, for the next one to begin.
    pub(crate) fn poll_recycle(&self, cx: &Context<'_>) -> Poll<()> {
        self.wake_on_change(cx);
        match self.recycles.load(Ordering::Acquire) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    pub(crate) fn clear_recycle(&self) {
        self.recycles.store(false, Ordering::Release);
    }

    /// Makes the next change wake the task of `cx`: a signal, an alert or a decision.
    pub(crate) fn wake_on_change(&self, cx: &Context<'_>) {
        let mut waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *waker {
            Some(waker) => waker.clone_from(cx.waker()),
            None => *waker = Some(cx.waker().clone()),
        }
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
            (_, Some(By::System | By::DroppedSystem)) => StopReason::Shutdown,
            (Signal::Now, _) => StopReason::StoppedNow,
            (Signal::Drain, None) => StopReason::Unreferenced,
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
        self.held.end();
        self.system.emit(|| Event::Stopped {
            urn: self.urn.clone(),
            reason: reason.clone(),
        });
        self.lifecycle.advance(State::Stopped);
        self.relations.part(self, &reason);
        let exit = |default| self.child_exit(reason.clone(), default);
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
        self.lifecycle.named(self.urn.clone())
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

    fn place(&self) -> Place {
        Place::Process
    }

    fn known_urn(&self) -> Option<&Urn> {
        Some(&self.urn)
    }

    fn runs_in(&self) -> Option<NodeId> {
        self.remote.home().map(|home| home.node)
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }

    fn lifecycle(&self) -> &Lifecycle {
        &self.lifecycle
    }

    fn state(&self) -> State {
        match self.lifecycle.state() {
            State::Starting | State::Running if self.signal() > Signal::None => State::Stopping,
            State::Running if self.relations.is_down() => State::Restarting,
            state => state,
        }
    }

    fn tell_to_end(&self, signal: Signal, by: By) {
        if self.lifecycle.state() == State::Stopped {
            return;
        }
        self.lifecycle.told(by);
        self.raise(signal);
    }

    fn acquire(&self) {
        self.refs.acquire();
    }

    fn try_acquire(&self) -> bool {
        if self.lifecycle.state() == State::Stopped {
            return false;
        }
        if self.owned {
            self.acquire();
            return true;
        }
        self.refs.try_acquire()
    }

    fn release(&self) {
        if self.refs.release() && !self.owned {
            self.unreferenced();
        }
    }

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

    /// Ends the incarnation; other alerts are for the loop of an actor, which runs elsewhere.
    fn alert(&self, alert: Alert) {
        if matches!(alert, Alert::Recycle | Alert::Abort) {
            self.recycles.store(true, Ordering::Release);
            self.wake();
        }
    }

    fn is_alerted(&self, alert: Alert) -> bool {
        matches!(alert, Alert::Recycle | Alert::Abort) && self.recycles.load(Ordering::Acquire)
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
        self.relations.decide(decision);
        self.wake();
    }

    fn hold(&self, leader: ActorId) {
        self.relations.hold(leader);
        self.wake();
    }

    fn recipient(self: Arc<Self>, message: TypeId) -> Option<Box<dyn Any>> {
        self.try_acquire()
            .then(|| (self.find_recipient)(self, message))?
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

    fn as_foreign(&self) -> Option<&ForeignCell> {
        Some(self)
    }

    fn snapshot(&self) -> ActorSnapshot {
        let generation = self.relations.generation();
        ActorSnapshot {
            urn: self.urn.clone(),
            type_name: self.type_name.to_owned(),
            place: Place::Process,
            state: self.state(),
            generation,
            restarts: generation - 1,
            parent: self.relations.parent_urn(),
            children: self.relations.count(),
            depth: self.load(),
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
        let is_away = || self.is_away() && !self.is_ending();
        self.held.relay(envelope, asker, is_away)
    }
}
