//! Mailbox of an actor: a bounded queue, with the senders that wait for a slot.

mod bounded;
mod fifo;
mod priority;
mod signal;
mod waiters;
pub use bounded::Overflow;
pub(crate) use bounded::{Mailbox, Refused};
pub(crate) use fifo::MessageQueue;
pub(crate) use priority::PriorityQueue;
pub(crate) use signal::{Alert, By, Signal};
pub(crate) use waiters::Ticket;
