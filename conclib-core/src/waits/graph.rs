//! The graph: what is entered, and how it is searched.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::num::{NonZeroU16, NonZeroU64};

use super::arrived::Arrived;
use super::by_actor::{ByActor, Few, remove};
use super::chain::Member;
use super::legs::{Leg, Word};
use super::{Mark, WaitNumber, Whom};
use crate::current::ActorId;
use crate::urn::Urn;

#[derive(Default)]
pub(super) struct Graph {
    edges: ByActor<Few<Whom>>,
    /// The same from the other end: who waits for an actor here.
    behind: ByActor<Few<ActorId>>,
    pub(super) legs: HashMap<Mark, Leg>,
    pub(super) arrived: BTreeMap<u64, Arrived>,
    /// The arrivals by whom they wait for; oldest first, as that is whom a
    /// turn most likely is for.
    pub(super) arrived_at: ByActor<BTreeSet<u64>>,
    /// The arrivals that wait for a leg of ours.
    pub(super) homes: HashMap<Mark, BTreeSet<u64>>,
    /// How many waits, legs and arrivals there were.
    count: u64,
    /// Makes marks that nobody can guess.
    key: RandomState,
}

impl Graph {
    pub(super) fn enter(
        &mut self,
        who: ActorId,
        whom: ActorId,
    ) -> Result<(Whom, Vec<Word>), Vec<Member>> {
        if let Some(circle) = self.circle(who, whom) {
            return Err(circle);
        }
        // Nearly always whoever is asked waits for nobody, over no wire.
        let legs = self.legs_from(whom);
        if let Some(circle) = self.closed_from(who, whom, &legs) {
            return Err(circle);
        }
        let entered = self.numbered(who, whom);
        Ok((entered, self.words(&legs, None)))
    }

    /// Enters a wait whatever it closes, and what other processes are told.
    pub(super) fn enter_anyway(&mut self, who: ActorId, whom: ActorId) -> (Whom, Vec<Word>) {
        let legs = self.legs_from(whom);
        let entered = self.numbered(who, whom);
        (entered, self.words(&legs, None))
    }

    /// The circle through `who`, if it waits for `whom`.
    pub(super) fn circle(&self, who: ActorId, whom: ActorId) -> Option<Vec<Member>> {
        let path = self.path(whom, who)?;
        let circle = [who].into_iter().chain(path);
        Some(circle.map(Member::Here).collect())
    }

    fn numbered(&mut self, who: ActorId, whom: ActorId) -> Whom {
        // Few are entered at a time, so the lower bits tell them apart: they
        // fit beside a reply slot.
        #[expect(clippy::cast_possible_truncation, reason = "the lower bits are wanted")]
        let number = NonZeroU16::new(self.new_number() as u16).unwrap_or(NonZeroU16::MAX);
        let entered = Whom::Actor(whom, WaitNumber(number));
        self.wait(who, entered);
        entered
    }

    pub(super) fn wait(&mut self, who: ActorId, whom: Whom) {
        self.edges.entry(who).or_default().push(whom);
        if let Whom::Actor(id, _) = whom {
            self.behind.entry(id).or_default().push(who);
        }
    }

    pub(super) fn leave(&mut self, who: ActorId, whom: Whom) -> Option<Leg> {
        remove(&mut self.edges, who, whom)
            .then(|| self.unwait(who, whom))
            .flatten()
    }

    pub(super) fn clear(&mut self, who: ActorId) -> Vec<Leg> {
        let of = self.edges.remove(&who).unwrap_or_default();
        of.iter()
            .filter_map(|whom| self.unwait(who, whom))
            .collect()
    }

    /// What else there was of a wait.
    fn unwait(&mut self, who: ActorId, whom: Whom) -> Option<Leg> {
        match whom {
            Whom::Actor(id, _) => {
                remove(&mut self.behind, id, who);
                None
            }
            Whom::Away(mark) => {
                self.homes.remove(&mark);
                self.legs.remove(&mark)
            }
        }
    }

    pub(super) fn of(&self, who: ActorId) -> (Vec<ActorId>, Vec<Urn>) {
        let mut near = Vec::new();
        let mut away = Vec::new();
        for whom in self.whom(who) {
            match whom {
                Whom::Actor(id, _) => near.push(id),
                Whom::Away(mark) => away.extend(self.legs.get(&mark).map(|leg| leg.to.clone())),
            }
        }
        (near, away)
    }

    pub(super) fn holds(&self, who: ActorId, whom: Whom) -> bool {
        self.whom(who).any(|other| other == whom)
    }

    fn whom(&self, who: ActorId) -> impl Iterator<Item = Whom> {
        self.edges.get(&who).into_iter().flat_map(Few::iter)
    }

    /// Who waits for an actor here.
    pub(super) fn who(&self, whom: ActorId) -> impl Iterator<Item = ActorId> {
        self.behind.get(&whom).into_iter().flat_map(Few::iter)
    }

    /// By which way `from` waits for `to`, with both ends: an actor waits for
    /// itself.
    pub(super) fn path(&self, from: ActorId, to: ActorId) -> Option<Vec<ActorId>> {
        if from == to {
            return Some(vec![from]);
        }
        // Nearly always whoever is asked waits for nobody, or only elsewhere.
        self.whom(from)
            .find(|whom| matches!(whom, Whom::Actor(..)))?;
        let mut came_from = HashMap::from([(from, from)]);
        let mut next = vec![from];
        while let Some(at) = next.pop() {
            for whom in self.whom(at) {
                let Whom::Actor(other, _) = whom else {
                    continue;
                };
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
                match whom {
                    Whom::Away(mark) => legs.push(mark),
                    Whom::Actor(other, _) if seen.insert(other) => next.push(other),
                    Whom::Actor(..) => {}
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
        let is_unknown = self.edges.is_empty() && self.behind.is_empty();
        let is_away = self.legs.is_empty() && self.homes.is_empty();
        is_unknown && is_away && self.arrived.is_empty() && self.arrived_at.is_empty()
    }
}
