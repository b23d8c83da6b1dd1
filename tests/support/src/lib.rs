//! Common parts of the tests: an attribute that ends a test that hangs, gates,
//! logs, processes, and actors.
//!
//! Not published. Without features it does not depend on actors, so that the
//! crates below them can use it.
#![allow(
    clippy::expect_used,
    clippy::len_without_is_empty,
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test fails by a panic"
)]

pub mod capture;
pub mod child;
mod gate;
mod log;
mod patience;
mod ports;
pub mod processes;
pub mod spans;
mod subscribe;
mod wait;

pub use conclib_test_macros::test;
pub use gate::{Gate, Keeper, gate};
pub use log::Log;
pub use patience::{Outcome, Runtime, alone, in_time, name_in};
pub use ports::free_port;
pub use subscribe::subscribe;
pub use wait::{alive, poll_once, until, work};

#[cfg(feature = "actors")]
mod actors;
#[cfg(feature = "actors")]
pub use actors::*;

#[cfg(feature = "remote")]
pub mod nodes;
#[cfg(feature = "remote")]
pub mod outside;
