//! The waits of actors for each other, and the search for circles in them.
//!
//! The waits of a process are one graph, whichever systems its actors are in.
//! A wait that leaves the process is a [`Leg`](legs::Leg), and one that comes in
//! is an [`Arrived`](arrived::Arrived) with the chain of those behind it. A chain
//! says by a mark that a leg of ours is in it: so a circle through other
//! processes is found where one of its legs comes home.
//!
//! A leg is sent with the chain of those who wait for its actor. Of those who
//! come later the other side is told as they come, and it passes that on; so of
//! asks that cross each other, each side gets to know the whole circle, and all
//! come to the same mind on which of them is told.

mod arrived;
mod by_actor;
mod chain;
mod doubt;
mod graph;
mod legs;
mod passed;
mod wait;

use std::fmt;
use std::num::NonZeroU16;
#[cfg(not(shuttle))]
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::task::Waker;

use serde::{Deserialize, Serialize};

use self::chain::Member;
use self::graph::{Entered, Graph, Left, Manner};
use crate::current::ActorId;
use crate::sync::{Mutex, MutexGuard, PoisonError};
use crate::urn::{Urn, type_name};
use crate::wire::Mark;

pub(crate) use arrived::Arrival;
pub(crate) use legs::{Leaves, wait_from_now};
pub(crate) use passed::{Passing, Waiting};
pub(crate) use wait::{Wait, polled};

#[cfg(all(test, shuttle))]
mod model;
#[cfg(test)]
mod tests;

/// Actors whose turns poll an answer that has not come, each with the actor that
/// is to give it. Asks from outside of turns are not in here.
#[derive(Default)]
pub(crate) struct Waits {
    graph: Mutex<Graph>,
    /// Number of waits in doubt.
    doubts: AtomicUsize,
    /// Grows when a wait has to be looked up as its answer is polled again.
    changes: AtomicU32,
}

/// Actor that another waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whom {
    Actor(ActorId),
    /// Actor behind a wire, by the mark of the leg to it.
    Away(Mark),
}

/// Number of a wait among those of its actor: a turn may ask twice. The number
/// goes with the request, for the actor that answers later or passes it on.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitNumber(NonZeroU16);

impl Waits {
    /// Waits of this process. A reference does not say in which system its actor
    /// lives, so a circle may go through several.
    pub(crate) fn of_process() -> &'static Self {
        #[cfg(not(shuttle))]
        static WAITS: LazyLock<Waits> = LazyLock::new(Waits::default);
        // Each run of a model is a process of its own.
        #[cfg(shuttle)]
        shuttle::lazy_static! { static ref WAITS: Waits = Waits::default(); }
        &WAITS
    }

    /// Enters that `who` waits for `whom`, unless that would close a circle:
    /// then the error is all in it, from `who` on. If others in the circle may
    /// have given up, it is entered in doubt.
    ///
    /// Looking and entering is one step, so of two that ask each other at the
    /// same moment exactly one is told.
    fn enter(
        &self,
        who: ActorId,
        whom: ActorId,
        manner: Manner<'_>,
    ) -> Result<(WaitNumber, bool), Vec<Member>> {
        let entered = self.entered(|graph| graph.enter(who, whom, manner).map(Some))?;
        // An entry is made only if it closes no circle.
        entered.ok_or_else(Vec::new)
    }

    /// Enters a wait of an actor that is between two turns, whatever it closes.
    fn enter_anyway(&self, who: ActorId, whom: ActorId) -> WaitNumber {
        let entered = {
            let mut graph = self.graph();
            let entered = graph.enter_anyway(who, whom);
            self.change(&graph);
            entered
        };
        legs::tell(entered.words);
        entered.wakers.into_iter().for_each(Waker::wake);
        entered.ask
    }

    fn entered(
        &self,
        enter: impl FnOnce(&mut Graph) -> Result<Option<Entered>, Vec<Member>>,
    ) -> Result<Option<(WaitNumber, bool)>, Vec<Member>> {
        let entered = {
            let mut graph = self.graph();
            let entered = enter(&mut graph)?;
            if entered.as_ref().is_some_and(|entered| !entered.is_sure) {
                self.change(&graph);
            }
            entered
        };
        Ok(entered.map(|entered| {
            if !entered.words.is_empty() {
                legs::tell(entered.words);
            }
            entered.wakers.into_iter().for_each(Waker::wake);
            (entered.ask, entered.is_sure)
        }))
    }

    /// Notes that the answer to that ask of `who` was polled, and has not come.
    /// Returns true if no circle is closed for sure, and false while in doubt.
    fn polled(&self, who: ActorId, ask: WaitNumber, waker: &Waker) -> Result<bool, Vec<Member>> {
        let (polled, left) = {
            let mut graph = self.graph();
            let polled = graph.polled(who, ask, waker);
            // In the same step, so that no other is told of the same circle.
            let left = polled.is_err().then(|| graph.leave(who, ask));
            if self.doubts.load(Ordering::Relaxed) > 0 || !graph.doubts.is_empty() {
                self.change(&graph);
            }
            (polled, left)
        };
        left.into_iter().for_each(Left::go);
        polled.map(doubt::Settled::go)
    }

    /// `who` waits for nobody any more by that ask.
    fn leave(&self, who: ActorId, ask: WaitNumber) {
        self.less(|graph| graph.leave(who, ask)).go();
    }

    /// The answer to that ask of `who` does not come from that actor's turn.
    pub(crate) fn leave_one(&self, who: ActorId, ask: WaitNumber, whom: Whom) {
        self.less(|graph| graph.leave_one(who, ask, whom)).go();
    }

    /// The turn of `who` is over: it waits for nobody.
    pub(crate) fn clear(&self, who: ActorId) {
        self.less(|graph| graph.clear(who)).go();
    }

    /// The answer to that ask of `who` is kept for later.
    fn rest(&self, who: ActorId, ask: WaitNumber) {
        self.less(|graph| {
            let mut left = Left::default();
            graph.rest(who, ask);
            graph.reconsider(left.wakes());
            left
        })
        .go();
    }

    /// A poll of the turn of `who` has ended, which waits.
    #[inline]
    pub(crate) fn poll_ended(&self, who: ActorId) {
        if self.doubts.load(Ordering::Relaxed) > 0 {
            self.doubt(who);
        }
    }

    #[cold]
    fn doubt(&self, who: ActorId) {
        let wakers = {
            let mut graph = self.graph();
            let wakers = graph.poll_ended(who);
            self.change(&graph);
            wakers
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Names of the actors that `who` waits for.
    pub(crate) fn of(&self, who: ActorId) -> Vec<Urn> {
        let (near, away) = self.graph().of(who);
        let near = near.into_iter().filter_map(crate::system::resident);
        near.map(|actor| actor.urn()).chain(away).collect()
    }

    fn less(&self, less: impl FnOnce(&mut Graph) -> Left) -> Left {
        let mut graph = self.graph();
        let left = less(&mut graph);
        if self.doubts.load(Ordering::Relaxed) > 0 {
            self.doubts.store(graph.doubts.len(), Ordering::Relaxed);
        }
        left
    }

    fn change(&self, graph: &Graph) {
        self.doubts.store(graph.doubts.len(), Ordering::Relaxed);
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    fn changes(&self) -> u32 {
        self.changes.load(Ordering::Relaxed)
    }

    fn graph(&self) -> MutexGuard<'_, Graph> {
        self.graph.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells whether an actor of this process waits, or is waited for from
/// elsewhere. For tests that nothing is left behind.
pub fn is_anybody_waiting() -> bool {
    !Waits::of_process().graph().is_empty()
}

/// Actors that would wait for each other, in a circle: the first is the last.
pub type Cycle = Box<[CycleStep]>;

/// Member of a circle of actors that would wait for each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CycleStep {
    /// The path of the type of the actor.
    pub type_name: Box<str>,
    /// The name of the actor.
    pub urn: Urn,
}

/// The type and the name: `Greeter(greeter)`.
impl fmt::Display for CycleStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", type_name(&self.type_name), self.urn)
    }
}
