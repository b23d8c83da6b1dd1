//! What an actor's references, its loop and its system share: the logical
//! actor.

use std::any::type_name;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::ending::Ending;
use super::kin::{Kin, Notice};
use super::mailbox::Mailbox;
use super::order::Ordered;
use super::{
    Actor, Alert, By, Directive, Messages, Overflow, Place, Signal, State, StopReason, Strategy,
};
use crate::current::{ActorId, TurnState};
use crate::error::{Delivery, Failure};
use crate::events::{DeadLetterCause, Event};
use crate::named::{Enter, Named};
use crate::observe::{Meter, Watch};
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::system::Shared;
use crate::urn::Urn;
use crate::waits::Cycle;

#[cfg(all(test, any(shuttle, conclib_loom)))]
mod model;

pub(crate) struct Cell<A: Actor> {
    pub(crate) mailbox: Mailbox<A::Inbox, Ordered<A::Inbox>>,
    pub(crate) id: ActorId,
    /// The system it belongs to, which has it in its table until it ends.
    pub(crate) system: Arc<Shared>,
    pub(crate) overflow: Overflow,
    /// The timeout of a call that says none.
    pub(crate) ask_timeout: Option<Duration>,
    /// Made up only when somebody asks, for an anonymous actor.
    urn: OnceLock<Urn>,
    /// Whether it has a name or a parent, and so does not belong to its
    /// references.
    owned: bool,
    /// The strong references; at zero an anonymous actor stops.
    refs: AtomicUsize,
    pub(crate) ending: Ending,
    pub(crate) stats: Stats,
    /// Its parent, children and watchers, if it has any, or is restarted.
    kin: OnceLock<Box<Kin>>,
    /// How it supervises its children.
    pub(crate) strategy: Strategy,
    pub(crate) place: Place,
    pub(crate) turn: TurnState,
    pub(crate) meter: Meter,
    pub(crate) watch: Watch,
    actor: PhantomData<fn() -> A>,
}

/// What a spawner may say of an actor.
#[derive(Clone, Copy)]
pub(crate) struct Seed {
    pub(crate) mailbox: usize,
    pub(crate) overflow: Overflow,
    pub(crate) ask_timeout: Option<Duration>,
    pub(crate) strategy: Strategy,
    pub(crate) place: Place,
}

/// Counts of an actor. The loop alone writes them, but for `unexpected`.
#[derive(Default)]
pub(crate) struct Stats {
    pub(crate) handled: AtomicU64,
    pub(crate) failed: AtomicU64,
    /// The message whose turn runs, counted from one; zero for none.
    pub(crate) turn: AtomicUsize,
    /// How many handlers run beside the turns.
    pub(crate) beside: AtomicUsize,
    pub(crate) last_error: Mutex<Option<Box<str>>>,
    /// Requests from outside for messages that it does not have.
    pub(crate) unexpected: AtomicU64,
}

impl Stats {
    pub(crate) fn began(&self, index: usize) {
        self.turn.store(index + 1, Ordering::Relaxed);
    }

    /// The turn is over; which it was.
    pub(crate) fn ended(&self) -> usize {
        let turn = self.turn.load(Ordering::Relaxed);
        self.turn.store(0, Ordering::Relaxed);
        // One writer: no need to lock the bus for it.
        let handled = self.handled.load(Ordering::Relaxed);
        self.handled.store(handled + 1, Ordering::Relaxed);
        turn.saturating_sub(1)
    }

    pub(crate) fn failed(&self, error: Option<String>) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        if let Some(error) = error {
            let mut last = self
                .last_error
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *last = Some(error.into());
        }
    }
}

impl<A: Actor> Cell<A> {
    #[inline(always)]
    pub(crate) fn new(
        id: ActorId,
        system: Arc<Shared>,
        urn: Option<Urn>,
        seed: &Seed,
        kin: Option<Box<Kin>>,
    ) -> Self {
        let is_child = kin.as_ref().is_some_and(|kin| kin.parent.is_some());
        let owned = urn.is_some() || is_child;
        let urn = urn.map(|urn| urn.of_type(type_name::<A>()));
        let (urn, kin) = (known(urn), known(kin));
        let meter = Meter::of(system.name(), type_name::<A>());
        let is_hooked = system.hook().is_some();
        // With nothing called in between, it is made where it stays.
        let cell = Self {
            meter,
            watch: Watch::new(),
            mailbox: Mailbox::new(seed.mailbox, seed.overflow),
            id,
            system,
            overflow: seed.overflow,
            ask_timeout: seed.ask_timeout,
            owned,
            urn,
            refs: AtomicUsize::new(1),
            ending: Ending::new(),
            stats: Stats::default(),
            kin,
            strategy: seed.strategy,
            place: seed.place,
            turn: TurnState::new(seed.place == Place::Thread),
            actor: PhantomData,
        };
        if is_hooked {
            cell.mailbox.mark(Alert::Gate);
        }
        cell
    }

    /// Its parent, children and watchers, if it has any.
    pub(crate) fn kin(&self) -> Option<&Kin> {
        self.kin.get().map(|kin| &**kin)
    }

    /// As [`kin`](Self::kin), for who is about to become one of them.
    pub(crate) fn kin_to_be(&self) -> &Kin {
        self.kin.get_or_init(Box::default)
    }

    /// How many times it was started.
    pub(crate) fn generation(&self) -> u32 {
        self.kin().map_or(1, Kin::generation)
    }

    pub(crate) fn notify(&self, notice: Notice) {
        self.kin_to_be().tell(notice);
        self.mailbox.alert(Alert::Notice);
    }

    /// What it is to be told next.
    pub(super) fn heed(&self) -> Option<Notice> {
        // Before looking, so that what is told meanwhile is not missed.
        self.mailbox.calm(Alert::Notice);
        let (notice, more) = self.kin()?.heed();
        if more {
            self.mailbox.alert(Alert::Notice);
        }
        notice
    }

    /// Its name, if it has one or was asked for it.
    pub(crate) fn known_urn(&self) -> Option<&Urn> {
        self.urn.get()
    }

    /// Where it is in its life. Told to end, it only serves what is left.
    pub(crate) fn state(&self) -> State {
        match self.ending.state() {
            State::Running if self.mailbox.signal() > Signal::None => State::Stopping,
            State::Running if self.kin().is_some_and(Kin::is_down) => State::Restarting,
            state => state,
        }
    }

    /// One strong reference more.
    pub(crate) fn acquire(&self) {
        self.refs.fetch_add(1, Ordering::Relaxed);
    }

    /// One strong reference more, unless it has ended or is an anonymous actor
    /// that has none left.
    pub(crate) fn try_acquire(&self) -> bool {
        if self.ending.state() == State::Stopped {
            return false;
        }
        if self.owned {
            self.acquire();
            return true;
        }
        self.refs
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |refs| {
                (refs > 0).then_some(refs + 1)
            })
            .is_ok()
    }

    /// One strong reference less. Without any, an anonymous actor serves what
    /// is queued and ends, unless a turn makes another reference meanwhile.
    pub(crate) fn release(&self) {
        if self.refs.fetch_sub(1, Ordering::AcqRel) == 1 && !self.owned {
            self.unreferenced();
        }
    }

    #[cold]
    #[inline(never)]
    fn unreferenced(&self) {
        if self.ending.state() == State::Stopped {
            return;
        }
        self.mailbox.abandon();
        // Between two incarnations there is no turn to make another.
        if self.kin().is_some_and(Kin::rests) && self.settle(true) {
            self.mailbox.wake();
        }
    }

    /// Ends the actor if its last reference has gone, all that was queued then is
    /// served, and no new reference was made since. With `at_once` the queue is
    /// not waited for. Returns true if the end was decided on, or a reference
    /// found.
    pub(crate) fn settle(&self, at_once: bool) -> bool {
        self.mailbox
            .settle(at_once, || self.refs.load(Ordering::Acquire) > 0)
    }

    pub(crate) fn tell_to_end(&self, signal: Signal, by: By) {
        if self.ending.state() < State::Stopped {
            // The first to say so stays known, and the most urgent signal.
            self.ending.told(by);
            self.mailbox.raise(signal);
        }
    }

    /// A turn ended in an error or a panic.
    pub(crate) fn failed(&self, error: Option<String>) {
        self.stats.failed(error);
        self.meter.failed();
    }

    /// Refuses messages that nobody will serve, after the state is dropped.
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

    /// The actor is no more, and everybody is told: called once, after
    /// [`refuse_rest`](Self::refuse_rest).
    pub(crate) fn end(&self, reason: StopReason, said: Option<Directive>) {
        self.system.forget(self.id, self.urn.get(), &reason);
        self.system.emit(|| Event::Stopped {
            urn: self.urn(),
            reason: reason.clone(),
        });
        // Its parent and its watchers are told before those who wait for the
        // end: what these send them then comes after.
        if let Some(kin) = self.kin() {
            self.ending.advance(State::Stopped);
            kin.part(self, &reason);
            kin.tell_parent(self, reason.clone(), said);
        }
        self.ending.end(reason);
        // Who came in between, and could not see that it had ended.
        if let Some(kin) = self.kin()
            && let Some(reason) = self.ending.reason()
        {
            kin.part(self, &reason);
        }
    }

    /// Tells whoever listens that a message was not handled.
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

impl<A: Actor> Named for Cell<A> {
    fn urn(&self) -> Urn {
        let anonymous = || Urn::anonymous().of_type(type_name::<A>());
        self.urn.get_or_init(anonymous).clone()
    }

    fn wait(&self, enter: Enter<'_>) -> Option<Result<(), Cycle>> {
        Some(enter(self.id, true))
    }
}

fn known<T>(value: Option<T>) -> OnceLock<T> {
    match value {
        None => OnceLock::new(),
        Some(value) => OnceLock::from(value),
    }
}
