//! State that an actor's references, its task and its system share. The cell is
//! the logical actor, which outlives the incarnations.

use std::any::type_name;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use conclib_wire::{Cycle, Delivery, Failure, State, StopReason, Urn};

use super::actor::{Actor, Messages};
use super::any_actor::AnyActor;
use super::lifecycle::Lifecycle;
use super::ordering::Ordered;
use super::registry::SystemInner;
use super::relations::{Notice, Relations};
use super::strong_count::StrongCount;
use crate::actor_id::ActorId;
use crate::events::{DeadLetterCause, Event};
use crate::mailbox::{Alert, By, Mailbox, Overflow, Signal};
use crate::named::{Enter, Named};
use crate::observe::{Meter, ObservedTurn};
use crate::place::Place;
use crate::supervision::{Directive, Strategy};
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::turn_scope::TurnState;

#[cfg(all(test, any(shuttle, conclib_loom)))]
mod model;

pub(crate) struct ActorCell<A: Actor> {
    pub(crate) mailbox: Mailbox<A::Inbox, Ordered<A::Inbox>>,
    pub(crate) id: ActorId,
    /// System of the actor, which has the actor in its table until the actor
    /// ends.
    pub(crate) system: Arc<SystemInner>,
    pub(crate) overflow: Overflow,
    /// Timeout of a call that sets none.
    pub(crate) ask_timeout: Option<Duration>,
    /// Name of the actor. For an anonymous actor it is made when a caller first
    /// asks for it.
    urn: OnceLock<Urn>,
    /// True if the actor has a name or a parent, and so does not end with its
    /// references, unless it is [counted](Settings::counted).
    owned: bool,
    /// Number of strong references; at zero an anonymous actor stops.
    refs: StrongCount,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) stats: Stats,
    /// Parent, children and watchers; there if the actor has any, or can be
    /// restarted.
    relations: OnceLock<Box<Relations>>,
    /// Strategy for the restart of the actor's children.
    pub(crate) strategy: Strategy,
    pub(crate) place: Place,
    pub(crate) turn: TurnState,
    pub(crate) meter: Meter,
    pub(crate) watch: ObservedTurn,
    actor: PhantomData<fn() -> A>,
}

/// Options of an actor that its spawner can set.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) mailbox: usize,
    pub(crate) overflow: Overflow,
    pub(crate) ask_timeout: Option<Duration>,
    pub(crate) strategy: Strategy,
    pub(crate) place: Place,
    /// True if the actor ends with its last reference, although it has a name or a parent.
    pub(crate) counted: bool,
}

/// Counters of an actor. Only the actor's task writes them, except
/// `unexpected`.
#[derive(Default)]
pub(crate) struct Stats {
    pub(crate) handled: AtomicU64,
    /// Index of the message whose turn runs, plus one; zero for none.
    pub(crate) turn: AtomicUsize,
    /// Number of concurrent handlers that run.
    pub(crate) beside: AtomicUsize,
    /// Failures; there once there was one.
    failures: OnceLock<Box<Failures>>,
}

/// Counters of the failures of an actor. Most actors have none.
#[derive(Default)]
pub(crate) struct Failures {
    pub(crate) failed: AtomicU64,
    pub(crate) last_error: Mutex<Option<Box<str>>>,
    /// Number of requests from outside for messages that the actor does not
    /// have.
    pub(crate) unexpected: AtomicU64,
}

impl Stats {
    pub(crate) fn began(&self, index: usize) {
        self.turn.store(index + 1, Ordering::Relaxed);
    }

    /// Counts the turn that has ended, and returns the index of its message.
    #[inline(always)]
    pub(crate) fn ended(&self) -> Option<usize> {
        let turn = self.turn.load(Ordering::Relaxed);
        self.turn.store(0, Ordering::Relaxed);
        // A load and a store instead of an atomic add: with one writer, no
        // locked instruction is needed.
        let handled = self.handled.load(Ordering::Relaxed);
        self.handled.store(handled + 1, Ordering::Relaxed);
        turn.checked_sub(1)
    }

    /// Failures of the actor, if there was one.
    pub(crate) fn failures(&self) -> Option<&Failures> {
        self.failures.get().map(|failures| &**failures)
    }

    /// Number of turns that failed.
    pub(crate) fn failed_count(&self) -> u64 {
        self.failures()
            .map_or(0, |failures| failures.failed.load(Ordering::Relaxed))
    }

    pub(crate) fn last_error(&self) -> Option<String> {
        let last = self.failures()?.last_error.lock().ok()?;
        last.as_deref().map(str::to_owned)
    }

    /// Name of the message whose turn runs.
    pub(crate) fn busy_with(&self, name: fn(usize) -> &'static str) -> Option<String> {
        let turn = self.turn.load(Ordering::Relaxed);
        turn.checked_sub(1).map(|index| name(index).to_owned())
    }

    /// Same as [`failures`](Self::failures), created if missing.
    pub(crate) fn failures_to_be(&self) -> &Failures {
        self.failures.get_or_init(Box::default)
    }

    #[cold]
    pub(crate) fn failed(&self, error: Option<String>) {
        let failures = self.failures_to_be();
        failures.failed.fetch_add(1, Ordering::Relaxed);
        if let Some(error) = error {
            let mut last = failures
                .last_error
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *last = Some(error.into());
        }
    }
}

impl<A: Actor> ActorCell<A> {
    #[inline(always)]
    pub(crate) fn new(
        id: ActorId,
        system: Arc<SystemInner>,
        urn: Option<Urn>,
        seed: &Settings,
        relations: Option<Box<Relations>>,
        meter: Meter,
    ) -> Self {
        let is_child = relations
            .as_ref()
            .is_some_and(|relations| relations.parent.is_some());
        let owned = !seed.counted && (urn.is_some() || is_child);
        let urn = urn.map(|urn| urn.of_type(type_name::<A>()));
        let (urn, relations) = (known(urn), known(relations));
        // Nothing is called in between, so that the compiler builds the cell in
        // its final place.
        Self {
            meter,
            watch: ObservedTurn::new(),
            mailbox: Mailbox::new(seed.mailbox, seed.overflow),
            id,
            system,
            overflow: seed.overflow,
            ask_timeout: seed.ask_timeout,
            owned,
            urn,
            refs: StrongCount::one(),
            lifecycle: Lifecycle::new(),
            stats: Stats::default(),
            relations,
            strategy: seed.strategy,
            place: seed.place,
            turn: TurnState::new(seed.place == Place::Thread),
            actor: PhantomData,
        }
    }

    /// Parent, children and watchers, if the actor has any or can be restarted.
    pub(crate) fn relations(&self) -> Option<&Relations> {
        self.relations.get().map(|relations| &**relations)
    }

    /// Same as [`relations`](Self::relations), created if missing: for a caller that is
    /// about to add one of them.
    pub(crate) fn relations_to_be(&self) -> &Relations {
        self.relations.get_or_init(Box::default)
    }

    /// Number of times the actor was started.
    pub(crate) fn generation(&self) -> u32 {
        self.relations().map_or(1, Relations::generation)
    }

    pub(crate) fn notify(&self, notice: Notice) {
        self.relations_to_be().tell(notice);
        self.mailbox.alert(Alert::Notice);
    }

    /// Takes the next notice: the end of a child, or of an actor that is
    /// watched.
    pub(crate) fn next_notice(&self) -> Option<Notice> {
        // Cleared before the look, so that a notice that comes meanwhile is not
        // missed.
        self.mailbox.clear_alert(Alert::Notice);
        let (notice, more) = self.relations()?.next_notice();
        if more {
            self.mailbox.alert(Alert::Notice);
        }
        notice
    }

    /// Name of the actor, if it has one or one was made for it.
    pub(crate) fn known_urn(&self) -> Option<&Urn> {
        self.urn.get()
    }

    /// Lifecycle state of the actor: `Stopping` as soon as a signal has told it to end.
    pub(crate) fn state(&self) -> State {
        match self.lifecycle.state() {
            State::Running if self.mailbox.signal() > Signal::None => State::Stopping,
            State::Running if self.relations().is_some_and(Relations::is_down) => State::Restarting,
            state => state,
        }
    }

    /// Adds a strong reference.
    pub(crate) fn acquire(&self) {
        self.refs.acquire();
    }

    /// Adds a strong reference and returns true, unless the actor has ended, or
    /// is anonymous and has no reference left.
    pub(crate) fn try_acquire(&self) -> bool {
        if self.lifecycle.state() == State::Stopped {
            return false;
        }
        if self.owned {
            self.acquire();
            return true;
        }
        self.refs.try_acquire()
    }

    /// Removes a strong reference. An anonymous actor that has none left
    /// handles the queued messages and ends, unless one of their turns makes a
    /// new reference.
    pub(crate) fn release(&self) {
        if self.refs.release() && !self.owned {
            self.unreferenced();
        }
    }

    #[cold]
    #[inline(never)]
    fn unreferenced(&self) {
        if self.lifecycle.state() == State::Stopped {
            return;
        }
        self.mailbox.abandon();
        // Between two incarnations no turn runs that could make a new
        // reference.
        if self.relations().is_some_and(Relations::has_no_incarnation) && self.settle(true) {
            self.mailbox.wake();
        }
    }

    /// Ends the actor if its last reference is gone, all messages that were
    /// queued then are handled, and no reference was made since. With `at_once`
    /// the queue is not waited for. Returns true if this was decided now: the
    /// actor ends, or a reference was found.
    pub(crate) fn settle(&self, at_once: bool) -> bool {
        self.mailbox.settle(at_once, || !self.refs.is_zero())
    }

    pub(crate) fn tell_to_end(&self, signal: Signal, by: By) {
        if self.lifecycle.state() < State::Stopped {
            // Of several calls the first `by` counts, and the most urgent
            // signal.
            self.lifecycle.told(by);
            self.mailbox.raise(signal);
        }
    }

    /// Counts a turn that ended in an error or a panic.
    pub(crate) fn failed(&self, error: Option<String>) {
        self.stats.failed(error);
        self.meter.failed();
    }

    /// Refuses messages that will not be handled, after the state is dropped.
    pub(crate) fn refuse_rest(&self, batch: &mut VecDeque<A::Inbox>) {
        self.meter.unqueued(batch.len());
        while let Some(message) = batch.pop_front() {
            self.dead_letter(&message, DeadLetterCause::Stopped);
            // A message may panic as it is dropped: the others are answered,
            // and the actor ends, all the same.
            let refuse = || message.refuse(Failure::Stopped(Delivery::NotDelivered));
            drop(catch_unwind(AssertUnwindSafe(refuse)));
        }
    }

    /// Marks the actor as ended for good, and tells the system, the watchers,
    /// the parent and the tasks that wait for the end. Called once, after
    /// [`refuse_rest`](Self::refuse_rest).
    pub(crate) fn end(&self, reason: StopReason, said: Option<Directive>) {
        self.system.forget(self.id, &reason);
        self.system.emit(|| Event::Stopped {
            urn: self.urn(),
            reason: reason.clone(),
        });
        // Parent and watchers are told before the tasks that wait for the end,
        // so that a message of such a task to one of them comes after the
        // notice.
        if let Some(relations) = self.relations() {
            self.lifecycle.advance(State::Stopped);
            relations.part(self, &reason);
            if self.owned || relations.parent.is_none() {
                let exit = |default| self.child_exit(reason.clone(), default);
                relations.tell_parent(self.id, exit, &reason, said);
            } else {
                relations.leave_parent(self.id);
            }
        }
        self.lifecycle.end(reason);
        // Tells the watchers that came in between, and could not see yet that
        // the actor had ended.
        if let Some(relations) = self.relations()
            && let Some(reason) = self.lifecycle.reason()
        {
            relations.part(self, &reason);
        }
    }

    /// Reports a message that was not handled as a dead letter.
    pub(crate) fn dead_letter(&self, message: &A::Inbox, cause: DeadLetterCause) {
        let head = message.head();
        let name = A::Inbox::name(head.index);
        self.lost(name, head.from, cause);
    }

    pub(crate) fn lost(
        &self,
        message: &'static str,
        from: Option<ActorId>,
        cause: DeadLetterCause,
    ) {
        self.meter.lost(cause);
        self.system.lost(self, message, from, cause);
    }
}

impl<A: Actor> Named for ActorCell<A> {
    fn urn(&self) -> Urn {
        self.lifecycle.named(match self.urn.get() {
            Some(urn) => urn.clone(),
            None => made_urn(&self.urn, self.id, &self.system, type_name::<A>()),
        })
    }

    fn wait(&self, enter: Enter<'_>) -> Option<Result<(), Cycle>> {
        Some(enter(self.id, true))
    }
}

/// Makes the name of an anonymous actor, by which it is found from then on.
#[cold]
fn made_urn(
    name: &OnceLock<Urn>,
    id: ActorId,
    system: &SystemInner,
    type_name: &'static str,
) -> Urn {
    let urn = Urn::anonymous().of_type(type_name);
    let made = || name.get_or_init(|| urn).clone();
    system.name_anonymous(id, made)
}

fn known<T>(value: Option<T>) -> OnceLock<T> {
    match value {
        None => OnceLock::new(),
        Some(value) => OnceLock::from(value),
    }
}
