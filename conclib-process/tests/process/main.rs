//! Owned child processes and private directories.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by a panic"
)]

mod children;
mod dies_with_its_owner;
mod drop;
mod failed_start;
mod output;
mod output_events;
mod private_dir;
mod shutdown;
mod spawn;
