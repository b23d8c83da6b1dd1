//! Redis broker, and Redis servers as owned child processes.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by a panic"
)]

mod acl;
mod conformance;
mod daemon_ends;
mod daemon_figures;
mod daemon_output;
mod daemon_program;
mod daemon_restarts;
mod daemon_secrets;
mod daemon_start;
mod dead_program;
mod durable;
mod durable_streams;
mod faults;
mod python;
mod reach;
mod references;
mod served;
mod server;
mod servers;
