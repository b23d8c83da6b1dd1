//! What two ends say to each other before the first frame.
//!
//! ```text
//! client ── hello: version, codecs, nonce, whether it has a key ──▶ server
//!        ◀── hello: the same ──────────────────────────────────────
//!        ── proof, if there is a key ─────────────────────────────▶
//!        ◀── welcome, with a proof if there is a key ──────────────
//! ```
//!
//! Instead of a hello or a welcome the server may send a refusal that says
//! why. A proof is an HMAC-SHA256 under the authkey over a label of its role
//! and both hellos, with their nonces of 32 random bytes: it is good for this
//! handshake and this direction alone, so neither a replayed nor a reflected
//! one passes. The client proves first, so the server gives nothing away to
//! strangers.
//!
//! Whoever sits between the two can pass a handshake through and then read and
//! change what follows: it says who is there, and does not encrypt.

mod client;
mod message;
mod proof;
mod server;

pub(crate) use client::{Rejected, greet};
pub(crate) use message::Refusal;
pub(crate) use server::{Admission, Turned, admit};

#[cfg(test)]
mod tests;

/// What both sides must speak alike.
pub(crate) const VERSION: u16 = 3;
