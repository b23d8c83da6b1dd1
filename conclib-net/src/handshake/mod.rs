//! Handshake of the two ends, before the first frame.
//!
//! ```text
//! client ── hello: version, codecs, nonce, flags: key, signed ────▶ server
//!        ◀── hello: the same ──────────────────────────────────────
//!        ── proof, if there is a key ─────────────────────────────▶
//!        ◀── welcome, with a proof if there is a key ──────────────
//! ```
//!
//! Instead of a hello or a welcome the server may send a refusal that says why.
//! A proof is an HMAC-SHA256 under the authkey over a label of its role and
//! both hellos, with their nonces of 32 random bytes: it is valid for this
//! handshake and this direction only, so neither a replayed nor a reflected
//! proof passes. The client proves first, so the server reveals nothing to a
//! stranger.
//!
//! The hellos also agree on signed records for all that follows, which either
//! side can demand; the proofs cover that too. Without them an attacker between
//! the two ends can pass the handshake through and then change the traffic, and
//! with them still read it: nothing is encrypted.

mod client;
mod message;
mod proof;
mod server;

pub(crate) use client::{GreetError, greet};
pub(crate) use message::Refusal;
pub(crate) use server::{Admission, AdmitError, admit};

#[cfg(test)]
mod tests;

/// Protocol version that both sides must have.
pub(crate) const VERSION: u16 = 5;
