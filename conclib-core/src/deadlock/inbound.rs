//! Inbound edges of the wait-for graph: requests from other processes whose askers wait.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, Hash};

use conclib_wire::{Cycle, EdgeToken, Step, encode_chain as chain_bytes};

use super::chain::{CycleMember, named};
use super::graph::Graph;
use super::outbound::{Announcement, tell};
use super::waits::Waits;
use crate::actor_id::ActorId;

/// Number of chains that are kept for one request, none of which is part of another.
const MOST_CHAINS: usize = 4;

/// Wait of an actor in another process for an actor of this process.
pub(crate) struct InboundEdge {
    pub(crate) target: ActorId,
    /// Chains of the waiting actors, as the peer sent them at different times.
    pub(crate) chains: Vec<Vec<Step>>,
    /// Outbound edges (legs) of this process that are in these chains.
    homes: Vec<EdgeToken>,
}

impl InboundEdge {
    /// Adds a chain. Returns true if the chain names an edge that was not known.
    fn learn(&mut self, steps: Vec<Step>) -> bool {
        let says_all = |one: &[Step], other: &[Step]| {
            let marks = other.iter().filter_map(|step| step.mark);
            marks.into_iter().all(|mark| has(one, mark))
        };
        if self.chains.iter().any(|known| says_all(known, &steps)) {
            return false;
        }
        self.chains.retain(|known| !says_all(&steps, known));
        if self.chains.len() == MOST_CHAINS {
            self.chains.remove(0);
        }
        self.chains.push(steps);
        true
    }
}

fn has(steps: &[Step], mark: EdgeToken) -> bool {
    steps.iter().any(|step| step.mark == Some(mark))
}

fn take_out<K: Eq + Hash, S: BuildHasher>(
    from: &mut HashMap<K, BTreeSet<u64>, S>,
    key: &K,
    number: u64,
) {
    if let Some(numbers) = from.get_mut(key) {
        numbers.remove(&number);
        if numbers.is_empty() {
            from.remove(key);
        }
    }
}

/// Steps from the one at `from` down to the first of its chain, both included.
fn down(steps: &[Step], from: usize) -> impl Iterator<Item = &Step> {
    let next = |(at, step): &(usize, &Step)| match *at {
        0 => None,
        _ => Some((step.via, steps.get(step.via)?)),
    };
    let first = steps.get(from).map(|step| (from, step));
    // The indexes of a peer were checked: each points to a step before.
    std::iter::successors(first, next).map(|(_, step)| step)
}

impl Graph {
    /// Returns the cycle that a request for `target` from the askers in `steps` closes, by the
    /// first leg of this process in `steps` for which `will_do` returns true.
    fn closed_by(
        &self,
        target: ActorId,
        legs: &[EdgeToken],
        steps: &[Step],
        will_do: impl Fn(usize) -> bool,
    ) -> Option<Vec<CycleMember>> {
        let (at, path) = self.home(target, legs, steps, will_do)?;
        let asker = steps
            .first()
            .map(|step| CycleMember::There(step.who.clone()));
        let here = path.into_iter().map(CycleMember::Here);
        let back = down(steps, at).skip(1);
        let back = back.map(|step| CycleMember::There(step.who.clone()));
        Some(asker.into_iter().chain(here).chain(back).collect())
    }

    /// Finds a step that is a leg of this process which `from` waits for, and the path from `from`
    /// to the owner of that leg.
    fn home(
        &self,
        from: ActorId,
        legs: &[EdgeToken],
        steps: &[Step],
        will_do: impl Fn(usize) -> bool,
    ) -> Option<(usize, Vec<ActorId>)> {
        let ours = |step: &Step| step.mark.filter(|mark| legs.contains(mark));
        let mut homes = steps.iter().enumerate().filter_map(|(at, step)| {
            let leg = self.legs.get(&ours(step).filter(|_| will_do(at))?)?;
            Some((at, self.path(from, leg.owner, |_| true)?))
        });
        homes.next()
    }

    /// Returns the cycle that would close if `who` waited for `whom`, which waits for these legs.
    pub(crate) fn closed_from(
        &self,
        who: ActorId,
        whom: ActorId,
        legs: &[EdgeToken],
    ) -> Option<Vec<CycleMember>> {
        let homes = legs
            .iter()
            .filter_map(|mark| self.homes.get(mark))
            .flatten();
        let mut arrived = homes.filter_map(|number| self.arrived.get(number));
        arrived.find_map(|arrived| {
            let mut chains = arrived.chains.iter();
            let (steps, (at, away)) = chains.find_map(|steps| {
                let home = self.home(whom, legs, steps, |_| true)?;
                Some((steps, home))
            })?;
            let back = self.path(arrived.target, who, |_| true)?;
            let there = down(steps, at).skip(1);
            let there = there.map(|step| CycleMember::There(step.who.clone()));
            // The first step down is the asker itself, which `here` already names.
            let here = [who].into_iter().chain(away).map(CycleMember::Here);
            let back = back.into_iter().map(CycleMember::Here);
            Some(here.chain(there).chain(back).collect())
        })
    }

    fn arrive(
        &mut self,
        target: ActorId,
        steps: Vec<Step>,
    ) -> Result<(u64, Vec<Announcement>), Vec<CycleMember>> {
        let legs = self.legs_from(target);
        // If an actor of this process waited before the request was sent, the cycle closes here.
        if let Some(circle) = self.closed_by(target, &legs, &steps, |_| true) {
            return Err(circle);
        }
        let number = self.new_number();
        let mut arrived = InboundEdge {
            target,
            chains: Vec::new(),
            homes: Vec::new(),
        };
        self.comes_home(number, &mut arrived.homes, &steps);
        arrived.chains.push(steps);
        self.arrived.insert(number, arrived);
        self.arrived_at.entry(target).or_default().insert(number);
        Ok((number, self.words(&legs, Some(number))))
    }

    /// Enters a second inbound wait for another actor that is to answer the same request. `None` if
    /// the first wait is over.
    fn pass_arrival(
        &mut self,
        number: u64,
        target: ActorId,
    ) -> Result<Option<(u64, Vec<Announcement>)>, Vec<CycleMember>> {
        let Some(arrived) = self.arrived.get(&number) else {
            return Ok(None);
        };
        let mut chains = arrived.chains.clone().into_iter();
        let Some(first) = chains.next() else {
            return Ok(None);
        };
        let (passed, mut words) = self.arrive(target, first)?;
        for steps in chains {
            match self.learn(passed, steps) {
                Ok(more) => words.extend(more),
                Err(circle) => {
                    self.forget(passed);
                    return Err(circle);
                }
            }
        }
        Ok(Some((passed, words)))
    }

    /// Notes which legs of this process are in a chain.
    fn comes_home(&mut self, number: u64, homes: &mut Vec<EdgeToken>, steps: &[Step]) {
        for mark in steps.iter().filter_map(|step| step.mark) {
            if self.legs.contains_key(&mark) && self.homes.entry(mark).or_default().insert(number) {
                homes.push(mark);
            }
        }
    }

    fn forget(&mut self, number: u64) -> Option<InboundEdge> {
        let arrived = self.arrived.remove(&number)?;
        take_out(&mut self.arrived_at, &arrived.target, number);
        for mark in &arrived.homes {
            take_out(&mut self.homes, mark, number);
        }
        Some(arrived)
    }

    /// Adds what a peer has sent later about the callers that wait for a request. All requests in a
    /// cycle found this way are already sent, so only the one with the greatest mark fails.
    fn learn(
        &mut self,
        number: u64,
        steps: Vec<Step>,
    ) -> Result<Vec<Announcement>, Vec<CycleMember>> {
        let Some(arrived) = self.arrived.get(&number) else {
            return Ok(Vec::new());
        };
        let target = arrived.target;
        let legs = self.legs_from(target);
        let own = steps.first().and_then(|step| step.mark);
        let is_greatest = |at| down(&steps, at).all(|step| step.mark <= own);
        if let Some(circle) = self.closed_by(target, &legs, &steps, is_greatest) {
            return Err(circle);
        }
        let mut homes = Vec::new();
        self.comes_home(number, &mut homes, &steps);
        let Some(arrived) = self.arrived.get_mut(&number) else {
            return Ok(Vec::new());
        };
        arrived.homes.append(&mut homes);
        match arrived.learn(steps) {
            true => Ok(self.words(&legs, Some(number))),
            false => Ok(Vec::new()),
        }
    }
}

impl Waits {
    pub(crate) fn arrive(
        &self,
        target: ActorId,
        steps: Vec<Step>,
    ) -> Result<u64, Vec<CycleMember>> {
        let (number, words) = self.graph().arrive(target, steps)?;
        tell(words);
        Ok(number)
    }

    pub(crate) fn learn(&self, number: u64, steps: Vec<Step>) -> Result<(), Vec<CycleMember>> {
        let words = self.graph().learn(number, steps)?;
        tell(words);
        Ok(())
    }

    fn pass_arrival(&self, number: u64, target: ActorId) -> Result<Option<u64>, Vec<CycleMember>> {
        let passed = self.graph().pass_arrival(number, target)?;
        Ok(passed.map(|(number, words)| {
            tell(words);
            number
        }))
    }

    pub(crate) fn forget(&self, number: u64) {
        let arrived = self.graph().forget(number);
        drop(arrived);
    }
}

/// Guard of an inbound wait; its drop takes the wait out of the graph.
#[derive(Debug)]
pub(crate) struct InboundGuard(u64);

impl InboundGuard {
    /// Enters the wait, unless that would close a cycle: the error names all actors in it.
    pub(crate) fn begin(target: ActorId, steps: Vec<Step>) -> Result<Self, Cycle> {
        let arrived = Waits::of_process().arrive(target, steps);
        arrived.map(Self).map_err(named)
    }

    pub(crate) fn number(&self) -> u64 {
        self.0
    }

    /// Enters the same wait for another actor that is to answer the request.
    pub(crate) fn pass_on(number: u64, target: ActorId) -> Result<Option<Self>, Cycle> {
        let passed = Waits::of_process().pass_arrival(number, target);
        passed.map(|number| number.map(Self)).map_err(named)
    }

    /// Returns the encoded newest chain that was sent with the request.
    pub(crate) fn chain(number: u64) -> Vec<u8> {
        let graph = Waits::of_process().graph();
        let arrived = graph.arrived.get(&number);
        let newest = arrived.and_then(|arrived| arrived.chains.last());
        newest.map(|steps| chain_bytes(steps)).unwrap_or_default()
    }

    /// Adds further callers that wait. The error is the cycle that they close.
    pub(crate) fn learn(number: u64, steps: Vec<Step>) -> Result<(), Cycle> {
        Waits::of_process().learn(number, steps).map_err(named)
    }
}

impl Drop for InboundGuard {
    fn drop(&mut self) {
        Waits::of_process().forget(self.0);
    }
}
