//! Slots for requests, divided among the actors they are for.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher as _};

use super::id_map::IdHasher;

/// Target of a request, as a hash of the name in it.
///
/// Two names with the same hash share their slots, which does no other harm: a
/// peer that makes up such names takes slots from itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Target(u64);

impl Target {
    pub(crate) fn of(name: &str) -> Self {
        let mut hasher = IdHasher::default();
        hasher.write(name.as_bytes());
        Self(hasher.finish())
    }
}

/// Divisor of the slots: a target gets at most one part of this many.
const PARTS: usize = 4;

/// Number of slots, of which no target ever has all.
///
/// A target may take one more while three times as many as it has are left
/// free. So a single target gets a quarter of the slots at most, the next one a
/// quarter of the rest, and a dozen targets that hang leave slots for the
/// others.
pub(crate) struct Shares {
    slots: usize,
    taken: usize,
    /// Counts of the targets that have any.
    each: HashMap<Target, usize, BuildHasherDefault<IdHasher>>,
}

impl Shares {
    pub(crate) fn new(slots: usize) -> Self {
        Self {
            slots,
            taken: 0,
            each: HashMap::default(),
        }
    }

    pub(crate) fn has_room(&self, target: Target) -> bool {
        let free = self.slots.saturating_sub(self.taken);
        (PARTS - 1) * self.taken_by(target) < free
    }

    /// Returns the number of slots that a target has.
    pub(crate) fn taken_by(&self, target: Target) -> usize {
        self.each.get(&target).copied().unwrap_or(0)
    }

    /// Takes a slot, even above the limit.
    pub(crate) fn take(&mut self, target: Target) {
        self.taken += 1;
        *self.each.entry(target).or_insert(0) += 1;
    }

    pub(crate) fn give_back(&mut self, target: Target) {
        if let Entry::Occupied(mut has) = self.each.entry(target) {
            self.taken -= 1;
            *has.get_mut() -= 1;
            if *has.get() == 0 {
                has.remove();
            }
        }
    }
}

#[cfg(all(test, shuttle))]
impl Shares {
    /// Number of slots that are not free.
    pub(crate) fn taken(&self) -> usize {
        self.taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(shares: &mut Shares, name: &str) -> usize {
        let target = Target::of(name);
        let mut took = 0;
        while shares.has_room(target) {
            shares.take(target);
            took += 1;
        }
        took
    }

    #[test]
    fn a_dozen_greedy_targets_leave_a_place_for_the_next() {
        let mut shares = Shares::new(64);
        let took: Vec<_> = (0..12).map(|n| fill(&mut shares, &n.to_string())).collect();
        assert_eq!(took, [16, 12, 9, 7, 5, 4, 3, 2, 2, 1, 1, 1]);
        assert_eq!(fill(&mut shares, "one more"), 1);
        assert_eq!(shares.taken, 64);
        assert_eq!(fill(&mut shares, "all are taken"), 0);
    }

    #[test]
    fn a_place_that_is_given_back_can_be_taken_again() {
        let mut shares = Shares::new(8);
        let target = Target::of("desk");
        assert_eq!(fill(&mut shares, "desk"), 2);
        shares.give_back(target);
        assert!(shares.has_room(target));
        shares.give_back(target);
        assert!(shares.each.is_empty());
        // A target without a slot cannot free one.
        shares.give_back(target);
        assert_eq!((shares.taken, fill(&mut shares, "desk")), (0, 2));
    }

    #[test]
    fn one_place_is_a_place() {
        assert_eq!(fill(&mut Shares::new(1), "desk"), 1);
    }
}
