//! Tests of names and of the wire.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by a panic"
)]

mod decode_hostile;
mod fuzz_corpus;
mod urn;
