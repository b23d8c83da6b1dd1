//! Which actor's turn is running on this thread.

use std::cell::{Cell, RefCell};
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::Waker;

use crate::deadline::Due;

/// An actor, for as long as it lives and after.
///
/// It is small and copied into every message; a [`Urn`](crate::Urn) is the
/// name for people and wires. Ids grow, so they sort actors by age.
///
/// The upper 40 bits count the actors of the process. The lower 24 are the
/// place in the system's table, so that nothing has to be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActorId(NonZeroU64);

const SLOT_BITS: u32 = 24;
const SLOT_MASK: u64 = (1 << SLOT_BITS) - 1;

impl ActorId {
    /// One that nobody has. The counter is shared by all systems of the
    /// process, so that a message from one to another is not taken for a
    /// message from a neighbour.
    pub(crate) fn next(slot: usize) -> Self {
        static AGE: AtomicU64 = AtomicU64::new(1);
        let age = AGE.fetch_add(1, Ordering::Relaxed);
        let slot = u64::try_from(slot).map_or(SLOT_MASK, |slot| slot.min(SLOT_MASK));
        Self(NonZeroU64::new(age << SLOT_BITS | slot).unwrap_or(NonZeroU64::MAX))
    }

    /// The place in the table; `None` if it is further back than fits.
    pub(crate) fn slot(self) -> Option<usize> {
        let slot = self.0.get() & SLOT_MASK;
        usize::try_from(slot).ok().filter(|_| slot < SLOT_MASK)
    }
}

/// Whose code is running on a thread.
#[derive(Clone, Copy)]
struct Current {
    actor: Option<ActorId>,
    /// Until when the asker of the turn waits.
    due: Option<Due>,
    /// Whether it is a turn that runs, and not something beside the turns.
    in_turn: bool,
    /// Whether the turn has waited for another actor.
    waited: bool,
    /// Whether the thread is the actor's own, and may be blocked.
    may_block: bool,
}

const NOBODY: Current = Current {
    actor: None,
    due: None,
    in_turn: false,
    waited: false,
    may_block: false,
};

thread_local! {
    static CURRENT: Cell<Current> = const { Cell::new(NOBODY) };
    static IS_INTERESTED: Cell<bool> = const { Cell::new(false) };
    static INTEREST: RefCell<Option<Interest>> = const { RefCell::new(None) };
}

/// What is known of a turn between two polls of it.
#[derive(Default)]
pub(crate) struct TurnState {
    due: AtomicU32,
    waited: AtomicBool,
}

/// That a handler waits for its asker to leave: left here by the handler for
/// the turn that polls it.
pub(crate) struct Interest {
    actor: ActorId,
    pub(crate) waker: Waker,
    has_left: Arc<AtomicBool>,
}

impl Interest {
    /// The asker has left: the handler hears of it when it is polled next.
    pub(crate) fn gone(self) {
        self.has_left.store(true, Ordering::Relaxed);
        self.waker.wake();
    }
}

/// The actor whose turn is running here, if one is: the sender of what is
/// sent now.
pub(crate) fn sender() -> Option<ActorId> {
    CURRENT.get().actor
}

/// Whether an actor runs here that has the thread for itself.
pub(crate) fn may_block() -> bool {
    CURRENT.get().may_block
}

/// The actor whose turn runs here, and not something beside its turns.
pub(crate) fn in_turn() -> Option<ActorId> {
    let current = CURRENT.get();
    current.actor.filter(|_| current.in_turn)
}

/// Until when the asker of what runs here waits.
#[inline]
pub(crate) fn due() -> Option<Due> {
    CURRENT.get().due
}

/// The asker of what runs here from now on waits until then.
pub(crate) fn set_due(due: Option<Due>) {
    CURRENT.set(Current {
        due,
        ..CURRENT.get()
    });
}

/// The turn that runs here waits for another actor.
pub(crate) fn set_waited() {
    CURRENT.set(Current {
        waited: true,
        ..CURRENT.get()
    });
}

/// Whether the turn that ends here waited for another actor.
#[inline]
pub(crate) fn take_waited() -> bool {
    let current = CURRENT.get();
    if current.waited {
        CURRENT.set(Current {
            waited: false,
            ..current
        });
    }
    current.waited
}

/// Puts back who ran here, also when a poll unwinds.
struct Restore(Current);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

/// Runs one poll of an actor's task as that actor.
#[inline]
pub(crate) fn scope<R>(
    actor: ActorId,
    may_block: bool,
    turn: &TurnState,
    poll: impl FnOnce() -> R,
) -> R {
    let _restore = Restore(CURRENT.replace(Current {
        actor: Some(actor),
        due: Due::from_bits(turn.due.load(Ordering::Relaxed)),
        in_turn: true,
        waited: turn.waited.load(Ordering::Relaxed),
        may_block,
    }));
    let polled = poll();
    let current = CURRENT.get();
    turn.due.store(Due::to_bits(current.due), Ordering::Relaxed);
    turn.waited.store(current.waited, Ordering::Relaxed);
    polled
}

/// Runs something that is beside the turns of the actor that runs here: what
/// it waits for holds no turn up.
pub(crate) fn beside<R>(due: Option<Due>, poll: impl FnOnce() -> R) -> R {
    let current = CURRENT.get();
    let _restore = Restore(CURRENT.replace(Current {
        due,
        in_turn: false,
        ..current
    }));
    poll()
}

/// Asks the turn of this actor, if it is what runs here, to find out whether
/// its asker has left, to say so in `has_left` and then to wake `waker`.
pub(crate) fn look_for_asker(actor: ActorId, waker: &Waker, has_left: &Arc<AtomicBool>) {
    // Polled elsewhere, nobody would read it.
    if sender() == Some(actor) {
        IS_INTERESTED.set(true);
        INTEREST.set(Some(Interest {
            actor,
            waker: waker.clone(),
            has_left: has_left.clone(),
        }));
    }
}

/// Whether a handler that was polled here waits for its asker to leave: one
/// look for all those that do not.
#[inline]
pub(crate) fn wants_asker() -> bool {
    IS_INTERESTED.get()
}

/// What the handler of the running turn has left. What a handler left that
/// returned in the same poll is nobody's: it may still be here, and is dropped.
pub(crate) fn take_interest() -> Option<Interest> {
    IS_INTERESTED.set(false);
    let interest = INTEREST.take()?;
    (sender() == Some(interest.actor)).then_some(interest)
}
