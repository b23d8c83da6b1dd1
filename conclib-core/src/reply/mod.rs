//! Replies: the two ends of an answer, and combinations of replies.

mod channel;
mod combine;
mod deferred;
mod group;
mod items;
mod pick;
mod pipe;
mod remote;
mod remote_caller;
mod request;
mod request_envelope;
mod shared;
mod to;
mod traced;
mod wire_items;

pub(crate) use channel::{AnswerReceiver, AnswerSender};
pub use deferred::Deferred;
pub use group::ReplyGroup;
pub use items::Items;
pub use pick::Reply;
pub(crate) use pick::{Pick, poll_answer, settled, to_result};
pub(crate) use pipe::{CREDIT, ItemSender, pipe};
#[doc(hidden)]
pub use request::AnyRequest;
pub use request::Request;
pub use shared::SharedReply;
pub use to::ReplyTo;

use conclib_wire::Failure;

pub use remote::{RemoteReply, accept};
pub use remote_caller::{Queued, RemoteCaller};
pub use request_envelope::RequestEnvelope;

/// Answer in a local reply slot: the result of the handler, or the failure in its
/// place.
pub(crate) type Answer<T, E> = Result<Result<T, E>, Box<Failure>>;
