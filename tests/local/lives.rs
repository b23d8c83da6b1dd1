//! Lifecycle of actors in one process: starts, failures and ends, families and
//! pools, and the test kit.
#![cfg(feature = "macros")]
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by a panic"
)]

mod dump;
mod families;
mod fate;
mod fate_property;
mod hooks;
mod lifetime;
mod outside_runtime;
mod panic;
mod parents_that_wait;
mod pool;
mod pool_calls;
mod pool_ends;
mod restarts;
mod shutdown;
mod signals;
mod snapshot;
mod stop;
mod strategies;
mod supervision;
#[cfg(feature = "testing")]
mod testing_entry;
#[cfg(feature = "testing")]
mod testing_faults;
#[cfg(feature = "testing")]
mod testing_probes;
#[cfg(feature = "testing")]
mod testing_seeded;
#[cfg(feature = "testing")]
mod testing_solo;
mod threads;
mod watch;
