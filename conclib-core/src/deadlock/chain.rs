//! Chains of the actors that wait for an actor, in this process and in others.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::iter::successors;

use conclib_wire::{Cycle, CycleStep, EdgeToken, MAX_CHAIN_STEPS, Step, Urn};

use super::by_actor::ByActor;
use super::graph::Graph;
use super::inbound::InboundEdge;
use crate::actor_id::ActorId;
use crate::directory;

/// Step of a chain. The names of this process's actors are looked up later, outside of the lock.
pub(crate) enum Link {
    Here {
        who: ActorId,
        mark: Option<EdgeToken>,
        via: usize,
    },
    There(Step),
}

impl Link {
    pub(crate) fn mark(&self) -> Option<EdgeToken> {
        match self {
            Self::Here { mark, .. } => *mark,
            Self::There(step) => step.mark,
        }
    }
}

/// Maximum number of actors that are searched for waits from other processes.
const MOST_LOOKED_AT: usize = 1024;

/// Member of a cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CycleMember {
    Here(ActorId),
    There(CycleStep),
}

impl Graph {
    /// Builds the chain of a leg: its actor, the actors of other processes that wait for it, and
    /// the actors of this process in between. If there are more than a chain can hold, the inbound
    /// wait `news` comes first, and then the oldest.
    pub(crate) fn chain(&self, mark: EdgeToken, news: Option<u64>) -> Vec<Link> {
        let Some(leg) = self.legs.get(&mark) else {
            return Vec::new();
        };
        let mut chain = vec![Link::Here {
            who: leg.owner,
            mark: Some(mark),
            via: 0,
        }];
        let mut places = HashMap::from([(leg.owner, 0)]);
        let (ways, waiting) = self.waiting(leg.owner);
        let is_behind = |arrived: &InboundEdge| ways.contains_key(&arrived.target);
        let first = news.filter(|number| self.arrived.get(number).is_some_and(is_behind));
        let rest = waiting.iter().filter(|number| Some(**number) != news);
        for number in first.iter().chain(rest) {
            if chain.len() >= MAX_CHAIN_STEPS {
                break;
            }
            let Some(arrived) = self.arrived.get(number) else {
                continue;
            };
            let way = |who: &ActorId| ways.get(who).copied().filter(|next| next != who);
            let path: Vec<_> = successors(Some(arrived.target), way).collect();
            let mut via = 0;
            for who in path.into_iter().rev() {
                via = *places.entry(who).or_insert_with(|| {
                    let mark = None;
                    chain.push(Link::Here { who, mark, via });
                    chain.len() - 1
                });
            }
            for steps in arrived.chains.iter().rev() {
                let first = chain.len();
                chain.extend(steps.iter().enumerate().map(|(at, step)| {
                    let via = if at == 0 { via } else { first + step.via };
                    Link::There(Step {
                        via,
                        ..step.clone()
                    })
                }));
            }
        }
        chain.truncate(MAX_CHAIN_STEPS);
        chain
    }

    /// Finds the actors of this process that wait for `whom`, each with the next actor on the path
    /// there (`whom` with itself); and the inbound waits for any of these, the oldest of each.
    fn waiting(&self, whom: ActorId) -> (ByActor<ActorId>, BTreeSet<u64>) {
        let mut ways = ByActor::default();
        ways.insert(whom, whom);
        let mut next = VecDeque::from([whom]);
        let mut waiting = BTreeSet::new();
        while let Some(at) = next.pop_front().filter(|_| waiting.len() < MOST_LOOKED_AT) {
            let arrived = self.arrived_at.get(&at).into_iter().flatten();
            waiting.extend(arrived.take(MAX_CHAIN_STEPS));
            for who in self.who(at) {
                if ways.len() < MOST_LOOKED_AT && !ways.contains_key(&who) {
                    ways.insert(who, at);
                    next.push_back(who);
                }
            }
        }
        (ways, waiting)
    }
}

/// Adds the names of this process's actors to a chain.
pub(crate) fn steps(chain: Vec<Link>) -> Vec<Step> {
    chain
        .into_iter()
        .map(|link| match link {
            Link::Here { who, mark, via } => Step {
                mark,
                via,
                // An actor that has just ended has no name any more.
                who: name(who).unwrap_or_else(|| {
                    CycleStep::new(Box::default(), Urn::reserved("conclib:ended"))
                }),
            },
            Link::There(step) => step,
        })
        .collect()
}

pub(crate) fn named(circle: Vec<CycleMember>) -> Cycle {
    circle
        .into_iter()
        .filter_map(|member| match member {
            // An actor that has ended meanwhile has no name any more.
            CycleMember::Here(id) => name(id),
            CycleMember::There(step) => Some(step),
        })
        .collect()
}

fn name(id: ActorId) -> Option<CycleStep> {
    directory::find(id)
}
