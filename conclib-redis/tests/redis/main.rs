//! Redis broker, and Redis servers as owned child processes.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by a panic"
)]

mod conformance;
mod python;
mod server;
