//! The till, in its earlier build.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::print_stdout,
    reason = "a program of a test"
)]

mod till;

/// Payment. The later build has the fields in the other order: both are readable as the other.
#[conclib::message(reply = u64)]
pub struct Pay {
    pub amount: u64,
    pub tip: u64,
}

/// Asks for the number of payments. The later build has another reply.
#[conclib::message(reply = u32)]
pub struct Count;

/// Type of the reply to [`Count`].
type Number = u32;

fn main() -> conclib::Result {
    till::main()
}
