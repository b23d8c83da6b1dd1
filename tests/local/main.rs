//! Actors and their askers in one process.
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
mod dump;
mod fakes;
mod families;
mod fate;
mod fate_property;
mod forward;
mod hooks;
mod inbox;
mod inherited_deadlines;
mod input;
mod lifetime;
mod logging;
#[cfg(feature = "metrics")]
mod metrics;
mod no_timers;
mod order;
mod outside_runtime;
mod overflow;
mod panic;
mod parents_that_wait;
mod peers_probes;
mod pool;
mod pool_ends;
mod priority;
mod recipient;
mod references;
mod registry;
mod replies;
mod reply_group;
mod restarts;
mod sets;
mod shared_reply;
mod shutdown;
mod signals;
mod snapshot;
mod spans;
mod stash;
mod stop;
mod strategies;
mod supervision;
#[cfg(feature = "testing")]
mod testing_faults;
#[cfg(feature = "testing")]
mod testing_probes;
#[cfg(feature = "testing")]
mod testing_seeded;
#[cfg(feature = "testing")]
mod testing_solo;
mod threads;
mod ticker;
mod ticks;
mod timeout;
mod topic;
mod traces;
mod watch;
