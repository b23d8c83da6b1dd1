//! Outcome of a turn.

use conclib_wire::Fault;

use crate::deadlock::WaitNumber;
use crate::error::HandlerError;

/// Outcome of a turn.
#[derive(Debug)]
pub enum Turn {
    /// The handler ran, and its asker has the answer, or gets it from a reply end that
    /// the handler gave away.
    Done,
    /// The handler ran, and its asker gets the answer later, from elsewhere: the
    /// wait with this number is no wait for this actor any more.
    Later(Option<WaitNumber>),
    /// The handler answered with an error of the domain.
    Refused,
    /// The handler failed, and the message was told: there is no asker.
    Failed(Box<HandlerError>),
    /// The handler panicked, and its asker has been told.
    Panicked(Box<Fault>),
}
