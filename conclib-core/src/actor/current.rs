//! Which actor's turn is running on this thread.

use std::cell::Cell;
use std::hash::Hasher;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

/// An actor, for as long as it lives and after.
///
/// It is small and copied into every message; a [`Urn`](crate::Urn) is the
/// name for people and wires. Ids grow, so they sort actors by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActorId(NonZeroU64);

impl ActorId {
    /// One that nobody has. The counter is shared by all systems of the
    /// process, so that a message from one to another is not taken for a
    /// message from a neighbour.
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(NonZeroU64::new(id).unwrap_or(NonZeroU64::MAX))
    }
}

/// Spreads ids over a table: they count up, so one multiplication does it.
#[derive(Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write_u64(&mut self, id: u64) {
        self.0 = (self.0 ^ id).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64((*byte).into());
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

thread_local! {
    static CURRENT: Cell<Option<ActorId>> = const { Cell::new(None) };
}

/// The actor whose turn is running here, if one is: the sender of what is
/// sent now.
pub(crate) fn sender() -> Option<ActorId> {
    CURRENT.get()
}

/// Runs one poll of an actor's task as that actor.
pub(crate) fn scope<R>(actor: ActorId, poll: impl FnOnce() -> R) -> R {
    /// Also when the poll unwinds.
    struct Restore(Option<ActorId>);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0);
        }
    }
    let _restore = Restore(CURRENT.replace(Some(actor)));
    poll()
}
