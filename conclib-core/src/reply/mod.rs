//! Replies: the two ends of an answer, and combinations of replies.

mod combine;
mod deferred;
mod group;
mod items;
mod noted;
mod pick;
mod pipe;
mod request;
mod shared;
mod to;

pub use deferred::Deferred;
pub use group::ReplyGroup;
pub use items::Items;
pub use pick::Reply;
pub(crate) use pick::{Pick, poll_answer, settled};
pub(crate) use pipe::{CREDIT, Tap, pipe};
pub use request::Request;
pub use shared::SharedReply;
pub use to::ReplyTo;

use conclib_wire::Failure;

/// Answer that a local reply slot carries.
pub(crate) type Answer<T, E> = Result<T, Refusal<E>>;

/// Reason for which there is no reply: the handler's error, or a failure of the
/// delivery.
pub(crate) enum Refusal<E> {
    Handler(E),
    Failure(Box<Failure>),
}
