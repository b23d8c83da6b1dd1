//! Thread-local state of the turn that is being polled: its actor, its deadline, its flags.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Waker;

use tokio::runtime;

use crate::actor_id::ActorId;
use crate::time::CompactDeadline;

thread_local! {
    /// Runtime of a thread that belongs to one actor, and the other actors that are tasks of this
    /// runtime.
    static OWN: RefCell<Option<(runtime::Id, Vec<ActorId>)>> = const { RefCell::new(None) };
    static ACTOR: Cell<Option<ActorId>> = const { Cell::new(None) };
    /// State of the current turn: the deadline of its asker in the lower half, and the flags below.
    /// One word, since it is changed with each poll.
    static TURN: Cell<u64> = const { Cell::new(0) };
    static IS_INTERESTED: Cell<bool> = const { Cell::new(false) };
    static INTEREST: RefCell<Option<Interest>> = const { RefCell::new(None) };
}

/// Flag: a turn runs, and not a concurrent handler.
const IN_TURN: u64 = 1 << 32;
/// Flag: the turn has waited for another actor.
const WAITED: u64 = 1 << 33;
/// Flag: the thread belongs to the actor, and may be blocked.
const MAY_BLOCK: u64 = 1 << 34;
/// Lowest bit of the counter of turns that waited.
const TURNS: u32 = 35;

/// State of a turn between two polls of it.
pub(crate) struct TurnState(AtomicU64);

impl TurnState {
    /// Returns the state of an actor that has a thread of its own, or not.
    pub(crate) const fn new(has_thread: bool) -> Self {
        Self(AtomicU64::new(match has_thread {
            true => IN_TURN | MAY_BLOCK,
            false => IN_TURN,
        }))
    }
}

/// Request of a handler to be told that its asker has gone; the handler leaves it here for the turn
/// that polls the handler.
pub(crate) struct Interest {
    actor: ActorId,
    pub(crate) waker: Waker,
    has_left: Arc<AtomicBool>,
}

impl Interest {
    /// Notes that the asker has gone, and wakes the handler.
    pub(crate) fn gone(self) {
        self.has_left.store(true, Ordering::Relaxed);
        self.waker.wake();
    }
}

/// Returns the actor whose turn or concurrent handler is polled on this thread, if there is one:
/// the sender of a message that is sent now.
#[inline]
pub(crate) fn sender() -> Option<ActorId> {
    ACTOR.get()
}

/// Marks a runtime as the one of a thread that belongs to one actor.
pub(crate) fn own_runtime(runtime: runtime::Id) {
    OWN.set(Some((runtime, Vec::new())));
}

/// Notes an actor that is a task of that runtime, if the runtime belongs to this thread alone.
#[inline]
pub(crate) fn is_task_of(runtime: runtime::Id, actor: ActorId) {
    OWN.with_borrow_mut(|own| {
        if let Some((_, tasks)) = own.as_mut().filter(|(own, _)| *own == runtime) {
            tasks.push(actor);
        }
    });
}

/// Returns the actors that cannot run while the actor that owns this thread blocks it.
pub(crate) fn tasks_here(lives: impl Fn(ActorId) -> bool) -> Vec<ActorId> {
    OWN.with_borrow_mut(|own| {
        let tasks = own.as_mut().map(|(_, tasks)| {
            tasks.retain(|task| lives(*task));
            tasks.clone()
        });
        tasks.unwrap_or_default()
    })
}

/// Returns true if the current turn is of an actor that owns the thread. A concurrent handler may
/// not block, since it would hold up the turns.
pub(crate) fn may_block() -> bool {
    TURN.get() & (MAY_BLOCK | IN_TURN) == MAY_BLOCK | IN_TURN
}

/// Returns the actor whose turn runs here; `None` for a concurrent handler.
#[inline]
pub(crate) fn in_turn() -> Option<ActorId> {
    match TURN.get() & IN_TURN {
        0 => None,
        _ => ACTOR.get(),
    }
}

/// Returns the deadline of the current turn's asker.
#[inline]
pub(crate) fn due() -> Option<CompactDeadline> {
    #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
    CompactDeadline::from_bits(TURN.get() as u32)
}

/// Sets the deadline of the current turn's asker.
pub(crate) fn set_due(due: Option<CompactDeadline>) {
    TURN.set(with_due(due));
}

fn with_due(due: Option<CompactDeadline>) -> u64 {
    TURN.get() & !u64::from(u32::MAX) | u64::from(CompactDeadline::to_bits(due))
}

/// Notes that the current turn waits for another actor.
pub(crate) fn set_waited() {
    TURN.set(TURN.get() | WAITED);
}

/// Returns true if the turn that ends here waited for another actor, and resets the flag.
#[inline]
pub(crate) fn take_waited() -> bool {
    let turn = TURN.get();
    let waited = turn & WAITED != 0;
    if waited {
        TURN.set((turn & !WAITED).wrapping_add(1 << TURNS));
    }
    waited
}

/// Returns the number of the current turn, among the turns of its actor that waited.
pub(crate) fn turn() -> u32 {
    // The counter has fewer than 32 bits above `TURNS`.
    u32::try_from(TURN.get() >> TURNS).unwrap_or_default()
}

/// Guard that restores the previous actor and turn, also when a poll unwinds.
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
    poll: impl FnOnce() -> R,
    still_waits: impl FnOnce(),
) -> R {
    let _restore = Restore {
        actor: ACTOR.replace(Some(actor)),
        turn: TURN.replace(turn.0.load(Ordering::Relaxed)),
    };
    let polled = poll();
    let after = TURN.get();
    turn.0.store(after, Ordering::Relaxed);
    if after & WAITED != 0 {
        still_waits();
    }
    polled
}

/// Polls a concurrent handler of the current actor: a wait of the handler holds no turn up.
pub(crate) fn beside<R>(due: Option<CompactDeadline>, poll: impl FnOnce() -> R) -> R {
    let _restore = Restore {
        actor: ACTOR.get(),
        turn: TURN.replace(with_due(due) & !IN_TURN),
    };
    poll()
}

/// Asks the current turn of this actor to find out when its asker goes, to set `has_left` then and
/// to wake `waker`.
pub(crate) fn look_for_asker(actor: ActorId, waker: &Waker, has_left: &Arc<AtomicBool>) {
    // A request left by a future that is polled elsewhere would never be read.
    if sender() == Some(actor) {
        IS_INTERESTED.set(true);
        INTEREST.set(Some(Interest {
            actor,
            waker: waker.clone(),
            has_left: has_left.clone(),
        }));
    }
}

/// Returns true if a handler that was polled here waits for its asker to go. One cheap check for
/// all handlers that do not.
#[inline]
pub(crate) fn wants_asker() -> bool {
    IS_INTERESTED.get()
}

/// Takes the request that the handler of the current turn has left. A request of another actor's
/// handler, which returned in the same poll, may still be here, and is dropped.
pub(crate) fn take_interest() -> Option<Interest> {
    IS_INTERESTED.set(false);
    let interest = INTEREST.take()?;
    (sender() == Some(interest.actor)).then_some(interest)
}
