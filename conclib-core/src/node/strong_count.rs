//! Number of strong references to an actor.

use crate::sync::atomic::{AtomicUsize, Ordering};

/// Counter that begins at one.
pub(super) struct StrongCount(AtomicUsize);

impl StrongCount {
    #[inline(always)]
    pub(super) fn one() -> Self {
        Self(AtomicUsize::new(1))
    }

    #[inline]
    pub(super) fn acquire(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds a reference and returns true, unless there is none left.
    pub(super) fn try_acquire(&self) -> bool {
        let one_more = |count| (count > 0).then_some(count + 1);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        self.0.fetch_update(set, fetch, one_more).is_ok()
    }

    /// Removes a reference. Returns true if it was the last one.
    #[inline]
    pub(super) fn release(&self) -> bool {
        self.0.fetch_sub(1, Ordering::AcqRel) == 1
    }

    #[inline]
    pub(super) fn is_zero(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }
}
