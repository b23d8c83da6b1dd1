//! Actors and their askers in one process: messages.
//!
//! The program `lives.rs` has the other half of the modules, so that a change
//! of one of them is compiled in half the time.
#![cfg(feature = "macros")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by a panic"
)]

mod aliases;
mod asker_gone;
mod backpressure;
mod batches;
mod blocking;
mod broadcast;
mod concurrent;
mod context;
mod cycles;
mod cycles_given_up;
mod cycles_passed_on;
mod dead_letters;
mod default_timeout;
mod deferred;
mod dsl;
mod entry;
mod fakes;
mod forward;
mod inbox;
mod inherited_deadlines;
mod input;
mod logging;
#[cfg(feature = "metrics")]
mod metrics;
mod no_timers;
mod order;
mod overflow;
mod peers_probes;
mod priority;
mod recipient;
mod references;
mod registry;
mod replies;
mod reply_group;
mod sets;
mod shared_reply;
mod spans;
mod stash;
mod ticker;
mod ticks;
mod timeout;
mod topic;
mod traces;
