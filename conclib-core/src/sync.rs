//! The locks, atomics and wake-ups of what is model-checked: those of std and
//! tokio, or those that let a model decide who goes next.
//!
//! Under `--cfg shuttle` a model knows one order of all steps, and tries
//! thousands of them: whether an ordering is too weak it cannot tell. Under
//! `--cfg conclib_loom` it knows what each ordering lets a thread see, and
//! tries all of a small model.

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
