//! The till, in its later build.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::print_stdout,
    reason = "a program of a test"
)]

mod till;

/// Payment. The earlier build has the fields in the other order: both are readable as the other.
#[conclib::message(reply = u64)]
pub struct Pay {
    pub tip: u64,
    pub amount: u64,
}

/// Asks for the number of payments. The earlier build has another reply.
#[conclib::message(reply = u64)]
pub struct Count;

/// Type of the reply to [`Count`].
type Number = u64;

fn main() -> conclib::Result {
    till::main()
}
