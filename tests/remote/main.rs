//! Actors that are asked from other processes, over a unix socket and over TCP.
#![cfg(all(feature = "macros", feature = "net", feature = "apid"))]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by a panic"
)]

#[cfg(feature = "directory")]
mod directory;
mod far_hostile;
mod far_life;
mod far_pair;
mod far_references;
mod fields;
mod foreign;
mod home_messages;
mod idle;
mod limits;
mod links;
mod memory;
mod networking;
mod other_languages;
mod parts;
mod protocol;
mod proxy_asker_gone;
mod proxy_asks;
mod proxy_batches;
mod proxy_cycles;
mod proxy_cycles_end;
mod proxy_errors;
mod proxy_fingerprints;
mod proxy_gives_up;
mod proxy_life;
mod proxy_priority;
mod proxy_processes;
mod proxy_tells;
mod seam;
mod streams;
mod wire_compat;
