//! A message with the place for its reply.

use std::fmt;

use super::to::{ReplyTo, Slot};
use crate::current::{self, ActorId};
use crate::error::Failure;
use crate::message::Message;
use crate::observe::Meter;
use crate::wire::Queued;

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

    /// Takes the answer "queued" out of a message that was told over a wire.
    #[doc(hidden)]
    pub fn queued(&mut self) -> Option<Queued> {
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
