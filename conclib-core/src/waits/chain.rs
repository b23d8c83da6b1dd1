//! Those who wait for an actor, in this process and behind it.

use std::collections::HashMap;

use super::by_actor::ByActor;
use super::graph::Graph;
use super::{Cycle, CycleStep, Mark};
use crate::current::ActorId;
use crate::urn::Urn;
use crate::wire::{MAX_CHAIN_STEPS, Step};

/// A step of a chain whose actors of this process have no names yet: those are
/// asked for outside of the lock.
pub(super) enum Link {
    Here {
        who: ActorId,
        mark: Option<Mark>,
        via: usize,
    },
    There(Step),
}

impl Link {
    pub(super) fn mark(&self) -> Option<Mark> {
        match self {
            Self::Here { mark, .. } => *mark,
            Self::There(step) => step.mark,
        }
    }
}

/// One in a circle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Member {
    Here(ActorId),
    There(CycleStep),
}

impl Graph {
    /// The actor of a leg, those of this process that wait for it because of
    /// somebody elsewhere, and these. Of more than a chain can say, the arrival
    /// that there is news of, by its number, and then those who came first.
    pub(super) fn chain(&self, mark: Mark, news: Option<u64>) -> Vec<Link> {
        let Some(leg) = self.legs.get(&mark) else {
            return Vec::new();
        };
        let mut chain = vec![Link::Here {
            who: leg.owner,
            mark: Some(mark),
            via: 0,
        }];
        let mut places = HashMap::from([(leg.owner, 0)]);
        let mut others = ByActor::default();
        let first = news.and_then(|number| self.arrived.get(&number));
        let rest = self.arrived.iter();
        let rest = rest.filter_map(|(number, arrived)| (Some(*number) != news).then_some(arrived));
        for arrived in first.into_iter().chain(rest) {
            if chain.len() >= MAX_CHAIN_STEPS {
                break;
            }
            if others.contains_key(&arrived.target) {
                continue;
            }
            let Some(path) = self.path(arrived.target, leg.owner) else {
                others.insert(arrived.target, ());
                continue;
            };
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
}

/// The same with names.
pub(super) fn steps(chain: Vec<Link>) -> Vec<Step> {
    chain
        .into_iter()
        .map(|link| match link {
            Link::Here { who, mark, via } => Step {
                mark,
                via,
                // One that has just ended has no name to be told.
                who: name(who).unwrap_or_else(|| CycleStep {
                    type_name: Box::default(),
                    urn: Urn::reserved("conclib:ended"),
                }),
            },
            Link::There(step) => step,
        })
        .collect()
}

pub(super) fn named(circle: Vec<Member>) -> Cycle {
    circle
        .into_iter()
        .filter_map(|member| match member {
            // One that has ended meanwhile has no name to be told.
            Member::Here(id) => name(id),
            Member::There(step) => Some(step),
        })
        .collect()
}

fn name(id: ActorId) -> Option<CycleStep> {
    let actor = crate::system::resident(id)?;
    Some(CycleStep {
        type_name: actor.type_name().into(),
        urn: actor.urn(),
    })
}
