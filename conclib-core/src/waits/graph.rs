//! The graph: what is entered, and how it is searched.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU64;

use super::arrived::Arrived;
use super::by_actor::ByActor;
use super::chain::Member;
use super::legs::{Leg, Word};
use super::{Mark, Whom};
use crate::current::ActorId;
use crate::urn::Urn;

#[derive(Default)]
pub(super) struct Graph {
    pub(super) edges: ByActor<Vec<Whom>>,
    pub(super) legs: HashMap<Mark, Leg>,
    /// Oldest first: that is whom a turn most likely is for.
    pub(super) arrived: BTreeMap<u64, Arrived>,
    /// How many legs and arrivals there were.
    count: u64,
    /// Makes marks that nobody can guess.
    key: RandomState,
}

impl Graph {
    pub(super) fn enter(&mut self, who: ActorId, whom: ActorId) -> Result<Vec<Word>, Vec<Member>> {
        if let Some(path) = self.path(whom, who) {
            let circle = [who].into_iter().chain(path);
            return Err(circle.map(Member::Here).collect());
        }
        // Nearly always whoever is asked waits for nobody, over no wire.
        let legs = self.legs_from(whom);
        if legs.is_empty() {
            self.edges.entry(who).or_default().push(Whom::Actor(whom));
            return Ok(Vec::new());
        }
        if let Some(circle) = self.closed_from(who, whom, &legs) {
            return Err(circle);
        }
        self.edges.entry(who).or_default().push(Whom::Actor(whom));
        Ok(self.words(&legs, None))
    }

    pub(super) fn leave(&mut self, who: ActorId, whom: Whom) -> Option<Leg> {
        if let Some(of) = self.edges.get_mut(&who) {
            if let Some(at) = of.iter().position(|other| *other == whom) {
                of.swap_remove(at);
            }
            if of.is_empty() {
                self.edges.remove(&who);
            }
        }
        match whom {
            Whom::Actor(_) => None,
            Whom::Away(mark) => self.legs.remove(&mark),
        }
    }

    pub(super) fn clear(&mut self, who: ActorId) -> Vec<Leg> {
        let of = self.edges.remove(&who).unwrap_or_default();
        of.into_iter()
            .filter_map(|whom| match whom {
                Whom::Actor(_) => None,
                Whom::Away(mark) => self.legs.remove(&mark),
            })
            .collect()
    }

    pub(super) fn of(&self, who: ActorId) -> (Vec<ActorId>, Vec<Urn>) {
        let mut near = Vec::new();
        let mut away = Vec::new();
        for whom in self.whom(who) {
            match whom {
                Whom::Actor(id) => near.push(*id),
                Whom::Away(mark) => away.extend(self.legs.get(mark).map(|leg| leg.to.clone())),
            }
        }
        (near, away)
    }

    pub(super) fn holds(&self, who: ActorId, whom: Whom) -> bool {
        self.whom(who).contains(&whom)
    }

    fn whom(&self, who: ActorId) -> &[Whom] {
        self.edges.get(&who).map_or(&[], Vec::as_slice)
    }

    /// By which way `from` waits for `to`, with both ends: an actor waits for
    /// itself.
    pub(super) fn path(&self, from: ActorId, to: ActorId) -> Option<Vec<ActorId>> {
        if from == to {
            return Some(vec![from]);
        }
        // Nearly always whoever is asked waits for nobody, or only elsewhere.
        let is_here = |whom: &Whom| matches!(whom, Whom::Actor(_));
        self.edges.get(&from)?.iter().find(|whom| is_here(whom))?;
        let mut came_from = HashMap::from([(from, from)]);
        let mut next = vec![from];
        while let Some(at) = next.pop() {
            for whom in self.whom(at) {
                let Whom::Actor(other) = *whom else { continue };
                if other == to {
                    let before = |at: &ActorId| came_from.get(at).copied();
                    let mut path = vec![to];
                    let mut step = at;
                    while step != from {
                        path.push(step);
                        step = before(&step)?;
                    }
                    path.push(from);
                    path.reverse();
                    return Some(path);
                }
                came_from.entry(other).or_insert_with(|| {
                    next.push(other);
                    at
                });
            }
        }
        None
    }

    /// The legs of `from` and of those it waits for.
    pub(super) fn legs_from(&self, from: ActorId) -> Vec<Mark> {
        let mut legs = Vec::new();
        if self.legs.is_empty() || !self.edges.contains_key(&from) {
            return legs;
        }
        let mut seen = HashSet::from([from]);
        let mut next = vec![from];
        while let Some(at) = next.pop() {
            for whom in self.whom(at) {
                match *whom {
                    Whom::Away(mark) => legs.push(mark),
                    Whom::Actor(other) if seen.insert(other) => next.push(other),
                    Whom::Actor(_) => {}
                }
            }
        }
        legs
    }

    /// What nobody else's is.
    pub(super) fn new_mark(&mut self) -> Mark {
        let count = self.new_number();
        Mark(NonZeroU64::new(self.key.hash_one(count)).unwrap_or(NonZeroU64::MAX))
    }

    pub(super) fn new_number(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    pub(super) fn is_empty(&self) -> bool {
        self.edges.is_empty() && self.legs.is_empty() && self.arrived.is_empty()
    }
}
