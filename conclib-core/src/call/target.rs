//! Whom a call can be for.

use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::actor::Ticket;
use crate::current;
use crate::deadline::Deadline;
use crate::error::{Failure, TellError};
use crate::message::Message;
use crate::named::Named;
use crate::reply::{Answer, ReplyTo, Request};
use crate::waits::Wait;
use crate::wire::{CancelOnDrop, Leaving, Outage};

/// Whom a message can be sent to: an [`ActorRef`](crate::ActorRef) of an actor
/// that handles it, a [`Recipient`](crate::Recipient), a client of another
/// process, or a reference to one of them.
///
/// It is implemented here for all there are; a call is how to use it.
pub trait Target<M: Message>: Named {
    /// Hands the message over, or waits for a place. What could not be sent
    /// stays in `sending`.
    #[doc(hidden)]
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        sending: &mut Sending<M>,
        deadline: &Deadline,
    ) -> Poll<Result<(), Failure>>;

    /// Hands the message over if there is a place right now.
    #[doc(hidden)]
    fn try_tell(&self, message: M, priority: u8) -> Result<(), TellError<M>>;

    /// Gives up waiting for a place.
    #[doc(hidden)]
    fn leave(&self, sending: &mut Sending<M>);

    /// How long an ask without a timeout of its own may take.
    #[doc(hidden)]
    fn default_timeout(&self) -> Option<Duration> {
        None
    }

    /// The same name, to keep for later.
    #[doc(hidden)]
    fn to_named(&self) -> std::sync::Arc<dyn Named>;
}

impl<M: Message, T: Target<M> + ?Sized> Target<M> for &T {
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        sending: &mut Sending<M>,
        deadline: &Deadline,
    ) -> Poll<Result<(), Failure>> {
        (**self).poll_send(cx, sending, deadline)
    }

    fn try_tell(&self, message: M, priority: u8) -> Result<(), TellError<M>> {
        (**self).try_tell(message, priority)
    }

    fn leave(&self, sending: &mut Sending<M>) {
        (**self).leave(sending);
    }

    fn default_timeout(&self) -> Option<Duration> {
        (**self).default_timeout()
    }

    fn to_named(&self) -> std::sync::Arc<dyn Named> {
        (**self).to_named()
    }
}

/// Where an ask picks its answer up.
pub(crate) type Slot<M> = oneshot::Receiver<Answer<<M as Message>::Reply, <M as Message>::Error>>;

/// A message that is being sent.
#[doc(hidden)]
pub struct Sending<M: Message> {
    /// Taken once the message is handed over.
    pub(crate) request: Option<Request<M>>,
    /// Our place in the line before a full mailbox.
    pub(crate) ticket: Option<Ticket>,
    /// The wait of a turn that stands in that line, and waits for no answer.
    pub(crate) wait: Option<Box<Wait>>,
    /// What a message to another process needs beyond that.
    pub(crate) leaving: Option<Box<Leaving>>,
    /// For the mailbox.
    pub(crate) priority: u8,
    /// A turn waits for the answer, of somebody who is no neighbour.
    pub(crate) waits: bool,
}

impl<M: Message> Sending<M> {
    #[inline(always)]
    fn new(message: M, reply: ReplyTo<M::Reply, M::Error>, priority: u8) -> Self {
        Self {
            request: Some(Request {
                message,
                reply,
                from: current::sender(),
            }),
            ticket: None,
            wait: None,
            leaving: None,
            priority,
            waits: false,
        }
    }

    /// Takes along what somebody who looks on wants to know, as it leaves.
    #[cold]
    pub(crate) fn note(&mut self) {
        if let Some(request) = &mut self.request {
            request.reply.note();
        }
    }

    /// Whether somebody else keeps the deadline from now on: the outlet by
    /// which the message left.
    #[inline]
    pub(crate) fn is_out(&self) -> bool {
        self.leaving
            .as_ref()
            .is_some_and(|leaving| leaving.is_out())
    }

    /// Why it has not left, if there is no connection.
    #[cold]
    pub(crate) fn outage(&self) -> Option<Outage> {
        self.leaving.as_ref()?.outage()
    }

    /// The answer to a request that is out was polled, and has not come.
    pub(crate) fn is_polled(&mut self) {
        if let Some(leaving) = &mut self.leaving {
            leaving.is_polled();
        }
    }

    /// What ends the request elsewhere when its asker leaves.
    pub(crate) fn take_cancel(&mut self) -> Option<CancelOnDrop> {
        self.leaving.take()?.into_cancel()
    }

    #[inline(always)]
    pub(crate) fn tell(message: M, priority: u8) -> Self {
        Self::new(message, ReplyTo::nobody(), priority)
    }

    #[inline(always)]
    pub(crate) fn ask(message: M, priority: u8) -> (Self, Slot<M>) {
        let (reply, answer) = ReplyTo::local();
        (Self::new(message, reply, priority), answer)
    }
}
