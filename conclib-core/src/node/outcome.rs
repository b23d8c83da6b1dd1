//! Outcome of a turn.

use conclib_wire::Fault;

use crate::deadlock::WaitNumber;
use crate::error::HandlerError;

/// How a turn ended.
#[derive(Debug)]
pub enum Turn {
    /// The handler ran, and whoever asked has its answer, or will.
    Done,
    /// It ran, and whoever asked has its answer later: that wait is none for
    /// this actor any more.
    Later(Option<WaitNumber>),
    /// It answered with an error of the domain.
    Refused,
    /// It failed, and nobody was asking.
    Failed(Box<HandlerError>),
    /// It panicked; whoever asked knows.
    Panicked(Box<Fault>),
}
