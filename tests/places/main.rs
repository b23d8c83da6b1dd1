//! Actors in processes of their own, real processes that are ended for real, and one body for each place.
#![cfg(all(feature = "macros", feature = "process"))]
#![allow(
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by a panic"
)]

mod actors;
mod at;
mod calls;
mod everywhere;
mod faults;
#[cfg(feature = "held")]
mod held;
#[cfg(feature = "testing")]
mod in_tests;
mod leaks;
mod life;
mod output;
mod owner;
mod pools;
mod references;
mod restarts;
mod settings;
mod siblings;
mod start;

conclib::process::entry_test!();
