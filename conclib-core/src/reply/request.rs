//! A message with the place for its reply.

use std::fmt;

use super::to::{ReplyTo, Slot};
use crate::actor_id::ActorId;
use crate::current;
use crate::message::Message;
use crate::observe::Meter;
use conclib_wire::Failure;

/// A message on its way to a handler, with the place for its reply.
///
/// The variants of a generated inbox hold one of these.
pub struct Request<M: Message> {
    /// The message.
    pub message: M,
    /// Where the reply goes.
    pub reply: ReplyTo<M::Reply, M::Error>,
    /// Which actor of the same system sent it.
    pub(crate) from: Option<ActorId>,
}

impl<M: Message> Request<M> {
    /// One that nobody waits for the answer of.
    pub(crate) fn tell(message: M) -> Self {
        Self {
            message,
            reply: ReplyTo::nobody().noted(),
            from: current::sender(),
        }
    }

    /// Tells whoever asks that this was not served.
    #[doc(hidden)]
    pub fn refuse(self, failure: Failure) {
        self.reply.refuse(failure);
    }

    /// A message that came by itself.
    #[doc(hidden)]
    pub fn tick(message: M) -> Self {
        Self {
            message,
            reply: ReplyTo::nobody().noted_by_itself(),
            from: None,
        }
    }

    /// With the time at which it was sent, if its receiver is measured.
    #[inline(always)]
    pub(crate) fn timed(mut self, meter: &Meter) -> Self {
        if meter.is_on() {
            self.reply = self.reply.sent_now();
        }
        self
    }

    /// Word to a wire that a told message is queued.
    #[doc(hidden)]
    pub fn queued(&mut self) {
        if let Slot::Wire(reply) = &mut self.reply.0 {
            reply.queued();
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
