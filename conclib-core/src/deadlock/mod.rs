//! Wait-for graph of the actors: finds asks that would wait for each other for ever.

mod by_actor;
mod cancellation;
mod chain;
mod doubt;
mod graph;
mod inbound;
#[cfg(all(test, shuttle))]
mod model;
mod outbound;
mod passed;
#[cfg(test)]
mod tests;
mod wait;
mod waits;
pub use cancellation::Cancellation;
pub(crate) use outbound::{Leaves, wait_from_now};
pub(crate) use passed::{Passing, WaitingTurn};
pub(crate) use wait::{Wait, polled};
pub(crate) use waits::WaitNumber;
pub use waits::is_anybody_waiting;
pub(crate) use waits::{Waits, Whom};
