//! Links over unix sockets and TCP, and the broker behind them.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by a panic"
)]

mod address;
mod auth_key;
mod bad_frames;
mod chains;
mod close;
mod conformance;
mod dead_path;
mod fuzz_corpus;
mod house;
mod hung_actor;
mod leaves_nothing;
mod many_requests;
mod no_files;
mod pair;
mod processes;
mod reconnect;
mod references;
mod session;
mod signed;
mod signed_peer;
mod slow_peers;
mod socket_file;
mod streams;
mod tcp_handshake;
#[cfg(feature = "tls")]
mod tls;
mod warnings;
