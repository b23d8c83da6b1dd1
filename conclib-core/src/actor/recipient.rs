//! An address that only remembers one message type.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::call::{Call, NotSent, Sending, Target};
use crate::deadline::Deadline;
use crate::error::TellError;
use crate::message::Message;
use crate::named::Named;
use crate::urn::Urn;

/// An address that only remembers one message type: for a list of whoever
/// wants to hear of something. It keeps its actor alive, as an
/// [`ActorRef`](crate::ActorRef) does.
pub struct Recipient<M: Message>(Arc<dyn Target<M>>);

impl<M: Message> Recipient<M> {
    pub(crate) fn new(target: impl Target<M> + 'static) -> Self {
        Self(Arc::new(target))
    }

    /// A call of `message`; see [`Call`].
    pub fn ask(&self, message: M) -> Call<&Self, M> {
        Call::new(self, message)
    }

    /// The name of whom it leads to.
    pub fn urn(&self) -> Urn {
        self.0.urn()
    }
}

impl<M: Message> Named for Recipient<M> {
    fn urn(&self) -> Urn {
        self.0.urn()
    }
}

impl<M: Message> Target<M> for Recipient<M> {
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        sending: &mut Sending<M>,
        deadline: &Deadline,
    ) -> Poll<Result<(), NotSent>> {
        self.0.poll_send(cx, sending, deadline)
    }

    fn try_tell(&self, message: M, priority: u8) -> Result<(), TellError<M>> {
        self.0.try_tell(message, priority)
    }

    fn leave(&self, sending: &mut Sending<M>) {
        self.0.leave(sending);
    }

    fn default_timeout(&self) -> Option<Duration> {
        self.0.default_timeout()
    }

    fn to_named(&self) -> Arc<dyn Named> {
        self.0.to_named()
    }
}

impl<M: Message> Clone for Recipient<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: Message> fmt::Debug for Recipient<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient<{}>({})", M::NAME, self.urn())
    }
}
