//! Counts allocations, in builds with the feature `count`.

use std::sync::atomic::{AtomicU64, Ordering};

static CALLS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// Number of allocations since the process started.
#[derive(Clone, Copy)]
pub struct Count {
    pub(crate) calls: u64,
    pub(crate) bytes: u64,
}

/// Counts one more allocation.
#[cfg(feature = "count")]
pub(crate) fn note(bytes: usize) {
    CALLS.fetch_add(1, Ordering::Relaxed);
    BYTES.fetch_add(bytes as u64, Ordering::Relaxed);
}

/// Returns the allocations so far; zero without the feature.
pub fn count() -> Count {
    Count {
        calls: CALLS.load(Ordering::Relaxed),
        bytes: BYTES.load(Ordering::Relaxed),
    }
}
