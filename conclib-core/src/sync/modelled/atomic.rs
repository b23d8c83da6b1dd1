//! Atomics of loom. Loom treats a `SeqCst` load or store as weaker than that, but supports the
//! `SeqCst` fence: so each such access gets a fence. Either all stores get one, or all loads, and a
//! model is run with each: with fences at both, it would not find that one of the two is too weak.

use std::cell::Cell;

use ::loom::sync::atomic::{AtomicBool as Bool, AtomicUsize as Usize};

pub(crate) use ::loom::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering, fence};

std::thread_local! {
    /// Loom runs all the threads of a model on one thread.
    static FENCED: Cell<Fenced> = const { Cell::new(Fenced::Stores) };
}

/// Accesses that get the fence.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fenced {
    Stores,
    Loads,
}

impl Fenced {
    #[cfg(test)]
    pub(crate) fn set(self) {
        FENCED.set(self);
    }

    fn beside(self, order: Ordering) {
        if order == Ordering::SeqCst && FENCED.get() == self {
            fence(Ordering::SeqCst);
        }
    }
}

macro_rules! atomic {
    ($name:ident, $loom:ident, $value:ty) => {
        #[derive(Debug, Default)]
        pub(crate) struct $name($loom);

        impl $name {
            pub(crate) fn new(value: $value) -> Self {
                Self($loom::new(value))
            }

            pub(crate) fn load(&self, order: Ordering) -> $value {
                Fenced::Loads.beside(order);
                self.0.load(order)
            }

            pub(crate) fn store(&self, value: $value, order: Ordering) {
                self.0.store(value, order);
                Fenced::Stores.beside(order);
            }
        }
    };
}

atomic!(AtomicBool, Bool, bool);
atomic!(AtomicUsize, Usize, usize);

impl AtomicUsize {
    pub(crate) fn swap(&self, value: usize, order: Ordering) -> usize {
        self.0.swap(value, order)
    }

    pub(crate) fn fetch_add(&self, value: usize, order: Ordering) -> usize {
        self.0.fetch_add(value, order)
    }

    pub(crate) fn fetch_sub(&self, value: usize, order: Ordering) -> usize {
        self.0.fetch_sub(value, order)
    }

    pub(crate) fn fetch_update(
        &self,
        set: Ordering,
        fetch: Ordering,
        update: impl FnMut(usize) -> Option<usize>,
    ) -> Result<usize, usize> {
        self.0.fetch_update(set, fetch, update)
    }
}
