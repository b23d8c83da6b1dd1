//! actorio's own tests, by their names, in the words of this library.
//! docs/ported-tests.md says what became of each.
#![cfg(all(feature = "macros", feature = "net", feature = "apid"))]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test"
)]

mod common;

#[path = "actorio/actor.rs"]
mod actor;
#[path = "actorio/identified.rs"]
mod identified;
#[path = "actorio/input.rs"]
mod input;
#[path = "actorio/message.rs"]
mod message;
#[path = "actorio/reference.rs"]
mod reference;
#[path = "actorio/spawning.rs"]
mod spawning;
