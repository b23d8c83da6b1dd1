//! Channel of Python's conclib: the protocol of the package `conclib` for Python, in both roles.
//!
//! Requests are published on one channel, `out2actor`, as
//! `{"message_id": …, "message_type": …, "actor_urn": …, "contents": {…}}`. The reply to each is
//! published on a channel of its own, `actor2out/` and the id of the request, as
//! `{"message_id": …, "message_type": …, "contents": {…}}`.
//!
//! The protocol knows no errors: a Python client waits until something comes on the channel of its
//! reply. A failure is sent there as an envelope whose `contents` is a text, see [`envelope`]: the
//! client then raises a validation error that quotes the text.
//!
//! # Floors
//!
//! 1. `config`, `connection`, `envelope`, `pending`
//! 2. `asking`, `replies`
//! 3. `requests`
//! 4. `broker`, `client`

mod asking;
mod broker;
mod client;
mod config;
mod connection;
mod envelope;
mod pending;
mod replies;
mod requests;

pub use self::broker::PythonBroker;
pub use self::client::PythonClient;
pub use self::config::Config;

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

/// Waits until a connection is to be closed.
async fn closing(is_closing: &mut watch::Receiver<bool>) {
    // A sender that is gone has closed too.
    let _ = is_closing.wait_for(|is_closing| *is_closing).await;
}

/// Counts something that was dropped, and logs the 1st, 2nd, 4th, 8th …
fn count_dropped(counter: &AtomicU64, what: &str, why: &dyn std::fmt::Display) {
    let so_far = counter.fetch_add(1, Ordering::Relaxed) + 1;
    if so_far.is_power_of_two() {
        tracing::warn!(target: "conclib::redis", so_far, "dropped {what}: {why}");
    }
}
