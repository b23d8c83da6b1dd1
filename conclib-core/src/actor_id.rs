//! Number of an actor in its process.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

/// An actor, for as long as it lives and after.
///
/// An id is small and copied into every message; a [`Urn`](conclib_wire::Urn) is the
/// name for people and wires. Ids grow, so they sort actors by age.
///
/// The upper 40 bits count the actors of the process. The lower 24 are the
/// place in the system's table, so that nothing has to be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActorId(NonZeroU64);

const SLOT_BITS: u32 = 24;
const SLOT_MASK: u64 = (1 << SLOT_BITS) - 1;

impl ActorId {
    /// Makes a new id. All systems of the process share the counter, so that a message from another
    /// system is not taken for one from an actor of the same system.
    pub(crate) fn next(slot: usize) -> Self {
        static AGE: AtomicU64 = AtomicU64::new(1);
        let age = AGE.fetch_add(1, Ordering::Relaxed);
        let slot = u64::try_from(slot).map_or(SLOT_MASK, |slot| slot.min(SLOT_MASK));
        Self(NonZeroU64::new(age << SLOT_BITS | slot).unwrap_or(NonZeroU64::MAX))
    }

    /// Returns the id as a number that is not zero.
    pub(crate) fn to_number(self) -> u64 {
        self.0.get()
    }

    /// Returns the id of a number; `None` for zero.
    pub(crate) fn of_number(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    /// Returns the index in the table; `None` if the index does not fit.
    pub(crate) fn slot(self) -> Option<usize> {
        let slot = self.0.get() & SLOT_MASK;
        usize::try_from(slot).ok().filter(|_| slot < SLOT_MASK)
    }
}
