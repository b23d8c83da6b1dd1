//! What the macros expand to calls this, and nobody else should.

pub use serde;

pub use crate::actor::{
    Accepted, Birth, Ferried, Ferry, Life, Sender, answer, answer_deferred, answer_fallback, answer_result,
};
pub use crate::call::Sending;
pub use crate::error::Failure;
pub use crate::shape::{Fallback, Probe, hash, mix};
pub use crate::wire::{WireAsker, accept};

/// Whether `name` is in `names`: two messages of one actor may not have one
/// name.
pub const fn is_taken(name: &str, names: &[&str]) -> bool {
    let mut at = 0;
    while at < names.len() {
        if same(name.as_bytes(), names[at].as_bytes()) {
            return true;
        }
        at += 1;
    }
    false
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// What `async fn(&self)` needs of the state it borrows.
#[diagnostic::on_unimplemented(
    message = "`async fn(&self)` shares the state across awaits, and `{Self}` is not `Sync`",
    label = "write `&mut self` here",
    note = "a handler runs alone, so `&mut self` costs nothing"
)]
pub trait Shared {}

impl<T: Sync> Shared for T {}

/// Asserts it, where the handler takes `&self`.
pub const fn shares<T: Shared>() {}
