//! Which actor's turn is running on this thread.

use std::cell::{Cell, RefCell};
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Waker;

use tokio::runtime;

use crate::due::Due;
use crate::waits::Waits;

/// An actor, for as long as it lives and after.
///
/// It is small and copied into every message; a [`Urn`](conclib_wire::Urn) is the
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

thread_local! {
    /// The runtime of a thread that is an actor's own, and the other actors
    /// that are tasks of it.
    static OWN: RefCell<Option<(runtime::Id, Vec<ActorId>)>> = const { RefCell::new(None) };
    static ACTOR: Cell<Option<ActorId>> = const { Cell::new(None) };
    /// What is known of its turn: until when its asker waits, in the lower
    /// half, and the marks below. One word, as it is changed with each poll.
    static TURN: Cell<u64> = const { Cell::new(0) };
    static IS_INTERESTED: Cell<bool> = const { Cell::new(false) };
    static INTEREST: RefCell<Option<Interest>> = const { RefCell::new(None) };
}

/// It is a turn that runs, and not something beside the turns.
const IN_TURN: u64 = 1 << 32;
/// The turn has waited for another actor.
const WAITED: u64 = 1 << 33;
/// The thread is the actor's own, and may be blocked.
const MAY_BLOCK: u64 = 1 << 34;
/// From here on, how many turns there were that waited.
const TURNS: u32 = 35;

/// What is known of a turn between two polls of it.
pub(crate) struct TurnState(AtomicU64);

impl TurnState {
    /// Of an actor that has a thread of its own, or not.
    pub(crate) const fn new(has_thread: bool) -> Self {
        Self(AtomicU64::new(match has_thread {
            true => IN_TURN | MAY_BLOCK,
            false => IN_TURN,
        }))
    }
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
#[inline]
pub(crate) fn sender() -> Option<ActorId> {
    ACTOR.get()
}

/// Makes the runtime of this thread that of one actor.
pub(crate) fn own_runtime(runtime: runtime::Id) {
    OWN.set(Some((runtime, Vec::new())));
}

/// Notes an actor that is a task of that runtime, if it is that of this thread
/// alone.
#[inline]
pub(crate) fn is_task_of(runtime: runtime::Id, actor: ActorId) {
    OWN.with_borrow_mut(|own| {
        if let Some((_, tasks)) = own.as_mut().filter(|(own, _)| *own == runtime) {
            tasks.push(actor);
        }
    });
}

/// The actors that stand still while the actor that has this thread blocks it.
pub(crate) fn tasks_here(lives: impl Fn(ActorId) -> bool) -> Vec<ActorId> {
    OWN.with_borrow_mut(|own| {
        let tasks = own.as_mut().map(|(_, tasks)| {
            tasks.retain(|task| lives(*task));
            tasks.clone()
        });
        tasks.unwrap_or_default()
    })
}

/// Whether the turn of an actor runs here that has the thread for itself. What
/// runs beside its turns would hold those up.
pub(crate) fn may_block() -> bool {
    TURN.get() & (MAY_BLOCK | IN_TURN) == MAY_BLOCK | IN_TURN
}

/// The actor whose turn runs here, and not something beside its turns.
#[inline]
pub(crate) fn in_turn() -> Option<ActorId> {
    match TURN.get() & IN_TURN {
        0 => None,
        _ => ACTOR.get(),
    }
}

/// Until when the asker of what runs here waits.
#[inline]
pub(crate) fn due() -> Option<Due> {
    #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
    Due::from_bits(TURN.get() as u32)
}

/// The asker of what runs here from now on waits until then.
pub(crate) fn set_due(due: Option<Due>) {
    TURN.set(with_due(due));
}

fn with_due(due: Option<Due>) -> u64 {
    TURN.get() & !u64::from(u32::MAX) | u64::from(Due::to_bits(due))
}

/// The turn that runs here waits for another actor.
pub(crate) fn set_waited() {
    TURN.set(TURN.get() | WAITED);
}

/// Whether the turn that ends here waited for another actor.
#[inline]
pub(crate) fn take_waited() -> bool {
    let turn = TURN.get();
    let waited = turn & WAITED != 0;
    if waited {
        TURN.set((turn & !WAITED).wrapping_add(1 << TURNS));
    }
    waited
}

/// Number of the turn that runs here, among those of its actor that wait.
pub(crate) fn turn() -> u32 {
    // As many bits as there are above.
    u32::try_from(TURN.get() >> TURNS).unwrap_or_default()
}

/// Puts back who ran here, also when a poll unwinds.
struct Restore {
    actor: Option<ActorId>,
    turn: u64,
}

impl Drop for Restore {
    #[inline]
    fn drop(&mut self) {
        ACTOR.set(self.actor);
        TURN.set(self.turn);
    }
}

/// Runs one poll of an actor's task as that actor.
#[inline]
pub(crate) fn scope<R>(
    actor: ActorId,
    turn: &TurnState,
    waits: &Waits,
    poll: impl FnOnce() -> R,
) -> R {
    let _restore = Restore {
        actor: ACTOR.replace(Some(actor)),
        turn: TURN.replace(turn.0.load(Ordering::Relaxed)),
    };
    let polled = poll();
    let after = TURN.get();
    turn.0.store(after, Ordering::Relaxed);
    if after & WAITED != 0 {
        waits.poll_ended(actor);
    }
    polled
}

/// Runs something that is beside the turns of the actor that runs here: what
/// it waits for holds no turn up.
pub(crate) fn beside<R>(due: Option<Due>, poll: impl FnOnce() -> R) -> R {
    let _restore = Restore {
        actor: ACTOR.get(),
        turn: TURN.replace(with_due(due) & !IN_TURN),
    };
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
