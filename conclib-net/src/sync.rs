//! Locks and atomics of the model-checked code: those of std, or, under `--cfg shuttle`, those of a
//! model checker, which decides the next thread to run.
//!
//! Shuttle cannot find an atomic ordering that is too weak. No atomic here publishes data: that is
//! under the locks.

pub(crate) use std::sync::PoisonError;
#[cfg(not(shuttle))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic};

#[cfg(shuttle)]
pub(crate) use ::shuttle::sync::{Mutex, MutexGuard, atomic};

#[cfg(all(test, shuttle))]
pub(crate) mod model;
