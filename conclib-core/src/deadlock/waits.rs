//! Deadlock detection: the wait-for graph of actors, and the search for cycles in it.
//!
//! All waits in a process are edges of one graph, over all systems of the process. A wait for an
//! actor of another process is an outbound edge, a [`OutboundEdge`](legs::OutboundEdge). A wait from another process
//! is an inbound edge, an [`InboundEdge`](arrived::InboundEdge), with the chain of actors that wait behind
//! it. Each leg has a mark, a random token that chains carry: a chain that comes back with a mark
//! of this process proves a cycle through other processes.
//!
//! A leg is sent with the chain of actors that wait for its owner. Actors that come to wait later
//! are sent to the other side as they come, and passed on from there. So for asks that cross each
//! other each process learns the whole cycle, and all choose the same ask to fail.

use std::num::NonZeroU16;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::task::Waker;

use conclib_wire::{EdgeToken, Urn};

use super::chain::CycleMember;
use super::doubt::Settled;
use super::graph::{Entered, Graph, Left, WaitOptions};
use super::outbound::tell;
use crate::actor_id::ActorId;
use crate::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(not(shuttle))]
use std::sync::LazyLock;

/// Wait-for graph of a process: the actors whose turns poll a pending answer, each with the actor
/// that is to give it. Asks from outside of turns are not part of it.
#[derive(Default)]
pub(crate) struct Waits {
    pub(crate) graph: Mutex<Graph>,
    /// Number of waits in doubt.
    pub(crate) doubts: AtomicUsize,
    /// Counter that grows when waits have to be looked up again at their next poll.
    pub(crate) changes: AtomicU32,
}

/// Actor that another waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whom {
    Actor(ActorId),
    /// Actor in another process, by the mark of the leg to it.
    Away(EdgeToken),
}

/// Number of an ask among those of its actor: a turn may ask twice. The number travels with the
/// request, for an actor that answers later or forwards it.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitNumber(pub(crate) NonZeroU16);

impl Waits {
    /// Returns the graph of this process. A reference does not tell in which system its actor
    /// lives, so a cycle may run through several systems.
    pub(crate) fn of_process() -> &'static Self {
        #[cfg(not(shuttle))]
        static WAITS: LazyLock<Waits> = LazyLock::new(Waits::default);
        // Each run of a model is a process of its own.
        #[cfg(shuttle)]
        shuttle::lazy_static! { static ref WAITS: Waits = Waits::default(); }
        &WAITS
    }

    /// Enters the wait of `who` for `whom`, unless that would close a cycle: the error is the
    /// actors of the cycle, from `who` on. The wait is entered in doubt if others in the cycle may
    /// not await their answers any more.
    ///
    /// Search and entry are one step under the lock, so of two actors that ask each other at the
    /// same moment exactly one gets the error.
    pub(crate) fn enter(
        &self,
        who: ActorId,
        whom: ActorId,
        manner: WaitOptions<'_>,
    ) -> Result<(WaitNumber, bool), Vec<CycleMember>> {
        let entered = self.entered(|graph| graph.enter(who, whom, manner).map(Some))?;
        // The graph returns an entry only for a wait that closes no cycle.
        entered.ok_or_else(Vec::new)
    }

    /// Enters a wait of an actor between two turns, even if it closes a cycle.
    pub(crate) fn enter_anyway(&self, who: ActorId, whom: ActorId) -> WaitNumber {
        let entered = {
            let mut graph = self.graph();
            let entered = graph.enter_anyway(who, whom);
            self.change(&graph);
            entered
        };
        tell(entered.words);
        entered.wakers.into_iter().for_each(Waker::wake);
        entered.ask
    }

    pub(crate) fn entered(
        &self,
        enter: impl FnOnce(&mut Graph) -> Result<Option<Entered>, Vec<CycleMember>>,
    ) -> Result<Option<(WaitNumber, bool)>, Vec<CycleMember>> {
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
                tell(entered.words);
            }
            entered.wakers.into_iter().for_each(Waker::wake);
            (entered.ask, entered.is_sure)
        }))
    }

    /// Notes that the answer to that ask of `who` was polled and is pending. Returns true if the
    /// wait surely closes no cycle, and false while that is in doubt.
    pub(crate) fn polled(
        &self,
        who: ActorId,
        ask: WaitNumber,
        waker: &Waker,
    ) -> Result<bool, Vec<CycleMember>> {
        let (polled, left) = {
            let mut graph = self.graph();
            let polled = graph.polled(who, ask, waker);
            // Leaving in the same step lets no other ask fail with the same cycle.
            let left = polled.is_err().then(|| graph.leave(who, ask));
            if self.doubts.load(Ordering::Relaxed) > 0 || !graph.doubts.is_empty() {
                self.change(&graph);
            }
            (polled, left)
        };
        left.into_iter().for_each(Left::go);
        polled.map(Settled::go)
    }

    /// Removes all waits of that ask of `who`.
    pub(crate) fn leave(&self, who: ActorId, ask: WaitNumber) {
        self.less(|graph| graph.leave(who, ask)).go();
    }

    /// Removes one wait of that ask of `who`: the answer does not come from `whom`.
    pub(crate) fn leave_one(&self, who: ActorId, ask: WaitNumber, whom: Whom) {
        self.less(|graph| graph.leave_one(who, ask, whom)).go();
    }

    /// Removes all waits of `who`, whose turn is over.
    pub(crate) fn clear(&self, who: ActorId) {
        self.less(|graph| graph.clear(who)).go();
    }

    /// Makes the waits of that ask asleep: its future is kept for later.
    pub(crate) fn rest(&self, who: ActorId, ask: WaitNumber) {
        self.less(|graph| {
            let mut left = Left::default();
            graph.rest(who, ask);
            graph.reconsider(left.wakes());
            left
        })
        .go();
    }

    /// Notes that a poll of a waiting turn of `who` has ended.
    #[inline]
    pub(crate) fn poll_ended(&self, who: ActorId) {
        if self.doubts.load(Ordering::Relaxed) > 0 {
            self.doubt(who);
        }
    }

    #[cold]
    pub(crate) fn doubt(&self, who: ActorId) {
        let wakers = {
            let mut graph = self.graph();
            let wakers = graph.poll_ended(who);
            self.change(&graph);
            wakers
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Returns the names of the actors that `who` waits for.
    pub(crate) fn of(&self, who: ActorId) -> Vec<Urn> {
        let (near, away) = self.graph().of(who);
        let near = near.into_iter().filter_map(crate::directory::find);
        near.map(|actor| actor.urn).chain(away).collect()
    }

    pub(crate) fn less(&self, less: impl FnOnce(&mut Graph) -> Left) -> Left {
        let mut graph = self.graph();
        let left = less(&mut graph);
        if self.doubts.load(Ordering::Relaxed) > 0 {
            self.doubts.store(graph.doubts.len(), Ordering::Relaxed);
        }
        left
    }

    pub(crate) fn change(&self, graph: &Graph) {
        self.doubts.store(graph.doubts.len(), Ordering::Relaxed);
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn changes(&self) -> u32 {
        self.changes.load(Ordering::Relaxed)
    }

    pub(crate) fn graph(&self) -> MutexGuard<'_, Graph> {
        self.graph.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns true if any wait is entered in this process. For tests that check that nothing is left
/// behind.
pub fn is_anybody_waiting() -> bool {
    !Waits::of_process().graph().is_empty()
}
