//! Outbound edges (legs) of the wait-for graph: requests to other processes.

use std::collections::HashSet;
use std::sync::Arc;

use conclib_wire::{EdgeToken, RequestId, Urn, encode_chain as chain_bytes};

use super::chain::{Link, steps};
use super::doubt::EdgeState;
use super::graph::{Edge, Graph};
use super::wait::Wait;
use super::waits::{WaitNumber, Waits, Whom};
use crate::actor_id::ActorId;
use crate::spi::Outlet;
use crate::turn_scope;

/// Wait of an actor for an actor in another process.
pub(crate) struct OutboundEdge {
    pub(crate) owner: ActorId,
    /// Name of the actor that is asked.
    pub(crate) to: Urn,
    outlet: Arc<dyn Outlet>,
    id: RequestId,
    /// True once the request is sent: no message about it may be sent before.
    is_out: bool,
    /// Marks that the other side has been told.
    told: HashSet<EdgeToken>,
}

/// Maximum number of actors that the other side is told of, for one request.
const MOST_TOLD: usize = 1024;

/// Message to the other side of a leg: the chain of actors that now wait for the answer.
pub(crate) struct Announcement {
    outlet: Arc<dyn Outlet>,
    id: RequestId,
    chain: Vec<Link>,
}

/// Sends these messages. Must not be called under the lock.
pub(crate) fn tell(words: Vec<Announcement>) {
    for Announcement { outlet, id, chain } in words {
        outlet.waits(id, &chain_bytes(&steps(chain)));
    }
}

impl Graph {
    fn depart(
        &mut self,
        owner: ActorId,
        ask: WaitNumber,
        outlet: &Arc<dyn Outlet>,
        id: RequestId,
        to: &Urn,
    ) -> EdgeToken {
        let mark = self.new_mark();
        let leg = OutboundEdge {
            owner,
            to: to.clone(),
            outlet: outlet.clone(),
            id,
            is_out: false,
            told: HashSet::new(),
        };
        self.legs.insert(mark, leg);
        let polled = self.new_number();
        self.wait(
            owner,
            Edge {
                whom: Whom::Away(mark),
                ask,
                waker: None,
                polled,
                state: EdgeState::Awake,
            },
        );
        mark
    }

    /// Returns the whole chain of a leg, if it holds a mark that the other side was not told.
    fn news(&mut self, mark: EdgeToken, of: Option<u64>) -> Option<Vec<Link>> {
        let may_tell = |leg: &&OutboundEdge| leg.told.len() < MOST_TOLD;
        self.legs.get(&mark).filter(may_tell)?;
        let chain = self.chain(mark, of);
        let leg = self.legs.get_mut(&mark)?;
        let before = leg.told.len();
        leg.told.extend(chain.iter().filter_map(Link::mark));
        (leg.told.len() > before).then_some(chain)
    }

    /// Returns the messages that bring the other sides of these legs up to date. The inbound wait
    /// `of` comes first in their chains.
    pub(crate) fn words(&mut self, legs: &[EdgeToken], of: Option<u64>) -> Vec<Announcement> {
        let word = |mark: &EdgeToken| {
            self.legs.get(mark).filter(|leg| leg.is_out)?;
            let chain = self.news(*mark, of)?;
            let leg = self.legs.get(mark)?;
            Some(Announcement {
                outlet: leg.outlet.clone(),
                id: leg.id,
                chain,
            })
        };
        legs.iter().filter_map(word).collect()
    }
}

impl Waits {
    pub(crate) fn new_ask(&self) -> WaitNumber {
        self.graph().new_ask()
    }

    pub(crate) fn depart(
        &self,
        owner: ActorId,
        ask: WaitNumber,
        outlet: &Arc<dyn Outlet>,
        id: RequestId,
        to: &Urn,
    ) -> (EdgeToken, Vec<u8>) {
        let (mark, chain) = {
            let mut graph = self.graph();
            let mark = graph.depart(owner, ask, outlet, id, to);
            (mark, graph.news(mark, None).unwrap_or_default())
        };
        (mark, chain_bytes(&steps(chain)))
    }

    /// Notes that the request of a leg is sent, and tells the other side which actors came to wait
    /// for it meanwhile.
    pub(crate) fn is_out(&self, mark: EdgeToken) {
        let words = {
            let mut graph = self.graph();
            if let Some(leg) = graph.legs.get_mut(&mark) {
                leg.is_out = true;
            }
            graph.words(&[mark], None)
        };
        tell(words);
    }
}

/// Request that is about to be sent, and whose answer a turn awaits.
pub(crate) struct Leaves {
    /// Wait of the current turn.
    wait: Option<Wait>,
    /// Ask whose request is forwarded; taken once the forwarded request is sent.
    passed: Option<(ActorId, WaitNumber)>,
    mark: EdgeToken,
    pub(crate) chain: Vec<u8>,
}

impl Leaves {
    /// Enters the wait of the current turn; `None` outside of turns.
    pub(crate) fn begin(outlet: &Arc<dyn Outlet>, id: RequestId, to: &Urn) -> Option<Self> {
        let who = turn_scope::in_turn()?;
        let waits = Waits::of_process();
        let ask = waits.new_ask();
        let (mark, chain) = waits.depart(who, ask, outlet, id, to);
        Some(Self {
            wait: Some(Wait::entered(who, ask)),
            passed: None,
            mark,
            chain,
        })
    }

    /// Enters the wait of an ask whose request is forwarded; `None` if its answer is not awaited.
    pub(crate) fn pass(
        who: ActorId,
        ask: WaitNumber,
        outlet: &Arc<dyn Outlet>,
        id: RequestId,
        to: &Urn,
    ) -> Option<Self> {
        let waits = Waits::of_process();
        let (mark, chain) = {
            let mut graph = waits.graph();
            if !graph.has(who, ask) {
                return None;
            }
            let mark = graph.depart(who, ask, outlet, id, to);
            (mark, graph.news(mark, None).unwrap_or_default())
        };
        Some(Self {
            wait: None,
            passed: Some((who, ask)),
            mark,
            chain: chain_bytes(&steps(chain)),
        })
    }

    /// Notes that the request is sent: from now on its answer is awaited.
    pub(crate) fn wait(mut self) -> Option<Wait> {
        self.passed = None;
        Waits::of_process().is_out(self.mark);
        self.wait.take()
    }
}

impl Drop for Leaves {
    fn drop(&mut self) {
        if let Some((who, ask)) = self.passed {
            Waits::of_process().leave_one(who, ask, Whom::Away(self.mark));
        }
    }
}

/// Enters the wait of the current turn of `who` for the answer to a request that was sent before.
pub(crate) fn wait_from_now(
    who: ActorId,
    outlet: &Arc<dyn Outlet>,
    id: RequestId,
    to: &Urn,
) -> Wait {
    let waits = Waits::of_process();
    let (ask, mark) = {
        let mut graph = waits.graph();
        let ask = graph.new_ask();
        (ask, graph.depart(who, ask, outlet, id, to))
    };
    waits.is_out(mark);
    Wait::entered(who, ask)
}
