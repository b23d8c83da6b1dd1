//! What the two processes share: the messages, and no actor code.

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

/// An error of the domain. It travels typed.
#[message]
#[derive(Debug, thiserror::Error)]
#[error("a name has at least one letter")]
pub struct EmptyName {}

/// The method `add` of the actor, as a client that does not have its crate
/// declares it.
#[message(name = "add", reply = u64)]
pub struct Add {
    pub by: u64,
}
