//! Forwarded requests: the caller waits for the next actor, too.

use std::mem::ManuallyDrop;
use std::task::{Context, Poll, Waker};

use conclib_wire::Cycle;

use super::cancellation::Cancellation;
use super::chain::{CycleMember, named};
use super::doubt::Settled;
use super::graph::{Edge, Entered, Graph, Left, WaitOptions};
use super::waits::{WaitNumber, Waits, Whom};
use crate::actor_id::ActorId;

/// Turn that waits for the answer to a request.
#[derive(Debug, Clone)]
pub(crate) enum WaitingTurn {
    /// Turn of an actor of this process, by one of its asks.
    Here(ActorId, WaitNumber),
    /// Turn of an actor in another process, or a caller that is no actor.
    Away(Cancellation),
}

impl WaitingTurn {
    /// Number of the ask, if the caller is an actor of this process.
    pub(crate) fn number(&self) -> Option<WaitNumber> {
        match self {
            Self::Here(_, ask) => Some(*ask),
            Self::Away(_) => None,
        }
    }
}

impl Graph {
    /// Enters the wait for `whom`, to which the request of that ask is forwarded. `None` if the
    /// answer is not awaited.
    fn pass(
        &mut self,
        who: ActorId,
        ask: WaitNumber,
        whom: ActorId,
        settles: Option<&Waker>,
    ) -> Result<Option<Entered>, Vec<CycleMember>> {
        let of = self.edges.get(&who);
        let edge = of.and_then(|of| of.iter().find(|edge| edge.ask == ask));
        let Some(edge) = edge else {
            return Ok(None);
        };
        if !edge.is_awake() {
            // The search for a cycle is made when the answer is polled.
            self.wait(who, Edge::asleep(whom, ask));
            return Ok(Some(Entered {
                ask,
                is_sure: true,
                words: Vec::new(),
                wakers: Vec::new(),
            }));
        }
        let waker = edge.waker.clone();
        let manner = WaitOptions {
            passed: Some(ask),
            waker: waker.as_ref(),
            settles,
        };
        self.enter(who, whom, manner).map(Some)
    }
}

impl Waits {
    pub(crate) fn pass(
        &self,
        who: ActorId,
        ask: WaitNumber,
        whom: ActorId,
        settles: Option<&Waker>,
    ) -> Result<Option<bool>, Vec<CycleMember>> {
        let entered = self.entered(|graph| graph.pass(who, ask, whom, settles))?;
        Ok(entered.map(|(_, is_sure)| is_sure))
    }

    fn settle(
        &self,
        who: ActorId,
        ask: WaitNumber,
        whom: ActorId,
        waker: &Waker,
    ) -> Result<bool, Vec<CycleMember>> {
        let mut settled = Settled::default();
        let (is_settled, left) = {
            let mut graph = self.graph();
            let is_settled = graph.settle(who, ask, whom, waker, &mut settled);
            let left = match is_settled {
                Ok(()) => Left::default(),
                Err(_) => graph.leave_one(who, ask, Whom::Actor(whom)),
            };
            self.change(&graph);
            (is_settled, left)
        };
        left.go();
        let is_sure = settled.go();
        is_settled.map(|()| is_sure)
    }
}

/// Guard of a caller's wait for the actor to which its request is forwarded. A drop before
/// [`keep`](Self::keep) takes the wait out of the graph.
pub(crate) struct Passing {
    who: ActorId,
    ask: WaitNumber,
    whom: ActorId,
    is_sure: bool,
}

impl Passing {
    /// Enters the wait, unless that would close a cycle. `None` if the caller does not wait.
    pub(crate) fn begin(
        who: ActorId,
        ask: WaitNumber,
        whom: ActorId,
        settles: Option<&Waker>,
    ) -> Result<Option<Self>, Cycle> {
        let passed = Waits::of_process().pass(who, ask, whom, settles);
        let is_sure = passed.map_err(named)?;
        Ok(is_sure.map(|is_sure| Self {
            who,
            ask,
            whom,
            is_sure,
        }))
    }

    /// Resolves once the wait is known to close no cycle, or to close one, which is the error.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<Result<(), Cycle>> {
        if self.is_sure {
            return Poll::Ready(Ok(()));
        }
        let Self { who, ask, whom, .. } = *self;
        match Waits::of_process().settle(who, ask, whom, cx.waker()) {
            Ok(true) => {
                self.is_sure = true;
                Poll::Ready(Ok(()))
            }
            Ok(false) => Poll::Pending,
            Err(circle) => Poll::Ready(Err(named(circle))),
        }
    }

    /// Leaves the wait in the graph: the request is sent, and its answer ends the wait.
    pub(crate) fn keep(self) {
        let _ = ManuallyDrop::new(self);
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        let whom = Whom::Actor(self.whom);
        Waits::of_process().leave_one(self.who, self.ask, whom);
    }
}
