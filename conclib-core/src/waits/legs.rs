//! The waits that leave this process.

use std::collections::HashSet;
use std::sync::Arc;

use super::chain::{Link, steps};
use super::doubt::State;
use super::graph::{Edge, Graph};
use super::wait::Wait;
use super::{WaitNumber, Waits, Whom};
use crate::current;
use crate::current::ActorId;
use crate::wire::Outlet;
use conclib_wire::Mark;
use conclib_wire::RequestId;
use conclib_wire::Urn;
use conclib_wire::encode_chain as chain_bytes;

/// A wait for an actor behind a wire.
pub(super) struct Leg {
    pub(super) owner: ActorId,
    /// Name of the actor that is asked.
    pub(super) to: Urn,
    outlet: Arc<dyn Outlet>,
    id: RequestId,
    /// Before the request is out, nothing can be said of it.
    is_out: bool,
    /// Marks that the other side knows.
    told: HashSet<Mark>,
}

/// Number of actors that the other side is told of, for one request of ours.
const MOST_TOLD: usize = 1024;

/// Message to the other side of a leg: the chain that waits for the answer now.
pub(super) struct Word {
    outlet: Arc<dyn Outlet>,
    id: RequestId,
    chain: Vec<Link>,
}

/// Sends these messages; not to be called under the lock.
pub(super) fn tell(words: Vec<Word>) {
    for Word { outlet, id, chain } in words {
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
    ) -> Mark {
        let mark = self.new_mark();
        let leg = Leg {
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
                state: State::Awake,
            },
        );
        mark
    }

    /// Whole chain of a leg, if there is an actor in it that was not told yet.
    fn news(&mut self, mark: Mark, of: Option<u64>) -> Option<Vec<Link>> {
        let may_tell = |leg: &&Leg| leg.told.len() < MOST_TOLD;
        self.legs.get(&mark).filter(may_tell)?;
        let chain = self.chain(mark, of);
        let leg = self.legs.get_mut(&mark)?;
        let before = leg.told.len();
        leg.told.extend(chain.iter().filter_map(Link::mark));
        (leg.told.len() > before).then_some(chain)
    }

    /// Messages that the other sides of these legs lack, above all of the
    /// arrival `of`.
    pub(super) fn words(&mut self, legs: &[Mark], of: Option<u64>) -> Vec<Word> {
        let word = |mark: &Mark| {
            self.legs.get(mark).filter(|leg| leg.is_out)?;
            let chain = self.news(*mark, of)?;
            let leg = self.legs.get(mark)?;
            Some(Word {
                outlet: leg.outlet.clone(),
                id: leg.id,
                chain,
            })
        };
        legs.iter().filter_map(word).collect()
    }
}

impl Waits {
    pub(super) fn new_ask(&self) -> WaitNumber {
        self.graph().new_ask()
    }

    pub(super) fn depart(
        &self,
        owner: ActorId,
        ask: WaitNumber,
        outlet: &Arc<dyn Outlet>,
        id: RequestId,
        to: &Urn,
    ) -> (Mark, Vec<u8>) {
        let (mark, chain) = {
            let mut graph = self.graph();
            let mark = graph.depart(owner, ask, outlet, id, to);
            (mark, graph.news(mark, None).unwrap_or_default())
        };
        (mark, chain_bytes(&steps(chain)))
    }

    /// The request of a leg is out: says who came to wait for it meanwhile.
    pub(super) fn is_out(&self, mark: Mark) {
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

/// A request that is about to leave, and for whose answer a turn waits.
pub(crate) struct Leaves {
    /// Wait of a turn that runs here.
    wait: Option<Wait>,
    /// The ask whose request is passed on, until that has left.
    passed: Option<(ActorId, WaitNumber)>,
    mark: Mark,
    pub(crate) chain: Vec<u8>,
}

impl Leaves {
    /// Enters the wait of the turn that runs here; `None` outside of turns.
    pub(crate) fn begin(outlet: &Arc<dyn Outlet>, id: RequestId, to: &Urn) -> Option<Self> {
        let who = current::in_turn()?;
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

    /// Enters the wait of an ask whose request is passed on; `None` if the answer
    /// is not waited for.
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

    /// The request has left: from now on its answer is waited for.
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

/// The turn of `who` waits from now on for the answer to a request that left
/// before.
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
