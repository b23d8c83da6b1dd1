//! Tests of the Python predecessors, with their names, in terms of this
//! library: docs/ported-tests.md says for each where it is, or why it has none.
#![cfg(all(feature = "macros", feature = "net", feature = "apid"))]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by a panic"
)]

mod actorio;
#[cfg(all(feature = "process", feature = "testing"))]
mod pactor;
mod pykka;
#[cfg(all(feature = "process", feature = "held", feature = "testing"))]
mod uactor;
mod uactor_network;
