//! A message with its `ReplyTo`.

use std::{fmt, mem};

use conclib_wire::Failure;

use super::remote_caller::Queued;
use super::to::{ReplyTo, Slot};
use crate::actor_id::ActorId;
use crate::message::Message;
use crate::turn_scope;

/// A message on its way to a handler, with its [`ReplyTo`].
///
/// Each variant of a generated inbox holds a `Request`.
pub struct Request<M: Message> {
    /// The message.
    pub message: M,
    /// End of the reply that the handler answers by.
    pub reply: ReplyTo<M::Reply, M::Error>,
    /// Actor of the same system that sent the message.
    pub(crate) from: Option<ActorId>,
}

impl<M: Message> Request<M> {
    /// Creates a request of a message that is told, whose answer is not waited for.
    pub(crate) fn tell(message: M) -> Self {
        Self {
            message,
            reply: ReplyTo::nobody().noted(),
            from: turn_scope::sender(),
        }
    }

    /// Refuses the request: its asker, if any, gets `failure`.
    pub(crate) fn refuse(self, failure: Failure) {
        self.reply.refuse(failure);
    }

    /// Creates a request of a message without a sender, such as a tick.
    #[doc(hidden)]
    pub fn tick(message: M) -> Self {
        Self {
            message,
            reply: ReplyTo::nobody().noted_by_itself(),
            from: None,
        }
    }

    /// Adds the time of sending, for a receiver that is measured.
    #[cold]
    pub(crate) fn timed(mut self) -> Self {
        self.reply = self.reply.sent_now();
        self
    }
}

/// Request of any message.
#[doc(hidden)]
pub trait AnyRequest {
    /// Refuses the request: its asker, if any, gets `failure`.
    fn refuse(&mut self, failure: Failure);

    /// Confirms to the wire that a told message is queued.
    fn queued(&mut self) -> Option<Queued>;
}

impl<M: Message> AnyRequest for Request<M> {
    fn refuse(&mut self, failure: Failure) {
        mem::replace(&mut self.reply, ReplyTo::nobody()).refuse(failure);
    }

    fn queued(&mut self) -> Option<Queued> {
        match &mut self.reply.0 {
            Slot::Wire(reply) => reply.queued(),
            _ => None,
        }
    }
}

impl<M: Message> fmt::Debug for Request<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("message", &M::NAME)
            .finish_non_exhaustive()
    }
}
