//! Locks, atomics and wake-ups of the model-checked code: those of std and tokio, or those of a
//! model checker, which decides the next thread to run.
//!
//! Under `--cfg shuttle` a model runs in thousands of schedules, all sequentially consistent:
//! shuttle cannot find an atomic ordering that is too weak. Under `--cfg conclib_loom` each load
//! may return every value its ordering allows, and all executions of a small model are tried.

pub(crate) use std::sync::{Arc, PoisonError};
#[cfg(not(any(shuttle, conclib_loom)))]
pub(crate) use std::sync::{Mutex, MutexGuard, OnceLock, atomic};

#[cfg(not(any(shuttle, conclib_loom)))]
pub(crate) use futures_util::task::AtomicWaker;
#[cfg(not(any(shuttle, conclib_loom)))]
pub(crate) use tokio::sync::{Notify, futures::Notified};

#[cfg(any(shuttle, conclib_loom))]
pub(crate) use self::modelled::{Mutex, MutexGuard};
#[cfg(any(shuttle, conclib_loom))]
pub(crate) use crate::sync::modelled::atomic;
#[cfg(any(shuttle, conclib_loom))]
pub(crate) use modelled::{AtomicWaker, Notified, Notify, OnceLock};

#[cfg(any(shuttle, conclib_loom))]
mod modelled;

#[cfg(all(test, any(shuttle, conclib_loom)))]
pub(crate) mod model;
