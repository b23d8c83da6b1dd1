//! Messages of both processes, without actor code.

use conclib::prelude::*;

/// Asks for a greeting.
#[message(reply = Greeting, error = EmptyName)]
pub struct Greet {
    pub name: String,
}

#[message]
pub struct Greeting {
    pub text: String,
}

/// Domain error. It travels with its type.
#[message]
#[derive(Debug, thiserror::Error)]
#[error("a name has at least one letter")]
pub struct EmptyName {}

/// Message of the method `add`, as a client without the crate of the actor
/// declares it.
#[message(name = "add", reply = u64)]
pub struct Add {
    pub by: u64,
}
