//! Targets of calls, and the messages on their way to them.

use std::task::{Context, Poll};
use std::time::Duration;

use conclib_wire::{Delivery, DeliveryClass, Failure};

use super::outbound_request::OutboundRequest;
use crate::deadlock::Wait;
use crate::error::{AskError, Outage, TellError};
use crate::mailbox::Ticket;
use crate::message::Message;
use crate::named::Named;
use crate::reply::{Answer, AnswerReceiver, ReplyTo, Request};
use crate::spi::CancelOnDrop;
use crate::time::DeadlineTimer;
use crate::turn_scope;

/// Target that a message can be sent to: an [`ActorRef`](crate::node::ActorRef) of an actor
/// that handles the message, a [`Recipient`](crate::node::Recipient), a client of another
/// process, or a reference to one of them.
///
/// All implementations are part of conclib; a target is used by a
/// [`Call`](super::Call).
pub trait Target<M: Message>: Named {
    /// Hands the message over, or waits for a slot. A message that could not be sent
    /// stays in `outbound`.
    #[doc(hidden)]
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        outbound: &mut Outbound<M>,
    ) -> Poll<Result<(), Failure>>;

    /// Hands the message over if there is a slot right now.
    #[doc(hidden)]
    fn try_tell(&self, message: M, priority: u8) -> Result<(), TellError<M>>;

    /// Same as [`try_tell`](Self::try_tell), for a message that is to be delivered at least once.
    /// A target in this process delivers every message once.
    #[doc(hidden)]
    fn try_tell_durable(&self, message: M, priority: u8) -> Result<(), TellError<M>> {
        self.try_tell(message, priority)
    }

    /// Leaves the queue of waiting senders.
    #[doc(hidden)]
    fn leave(&self, outbound: &mut Outbound<M>);

    /// Timeout of an ask that sets none.
    #[doc(hidden)]
    fn default_timeout(&self) -> Option<Duration> {
        None
    }

    /// Returns the name of the target in a form to keep with a pending answer.
    #[doc(hidden)]
    fn to_named(&self) -> std::sync::Arc<dyn Named>;
}

impl<M: Message, T: Target<M> + ?Sized> Target<M> for &T {
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        outbound: &mut Outbound<M>,
    ) -> Poll<Result<(), Failure>> {
        (**self).poll_send(cx, outbound)
    }

    fn try_tell(&self, message: M, priority: u8) -> Result<(), TellError<M>> {
        (**self).try_tell(message, priority)
    }

    fn try_tell_durable(&self, message: M, priority: u8) -> Result<(), TellError<M>> {
        (**self).try_tell_durable(message, priority)
    }

    fn leave(&self, outbound: &mut Outbound<M>) {
        (**self).leave(outbound);
    }

    fn default_timeout(&self) -> Option<Duration> {
        (**self).default_timeout()
    }

    fn to_named(&self) -> std::sync::Arc<dyn Named> {
        (**self).to_named()
    }
}

/// Receiver of the answer to an ask.
pub(crate) type ReplyReceiver<M> =
    AnswerReceiver<Answer<<M as Message>::Reply, <M as Message>::Error>>;

/// A message on its way to its target.
#[doc(hidden)]
pub struct Outbound<M: Message> {
    /// Request, taken out once it is handed over.
    pub(crate) request: Option<Request<M>>,
    /// Ticket in the queue of the senders that wait before a full mailbox.
    pub(crate) ticket: Option<Ticket>,
    /// Wait of the turn that holds the ticket, if it has not entered one for an answer.
    pub(crate) wait: Option<Box<Wait>>,
    /// State of a message to another process.
    pub(crate) remote_part: Option<Box<OutboundRequest>>,
    /// Priority in the mailbox.
    pub(crate) priority: u8,
    /// True if a turn waits for the answer of an actor in another process.
    pub(crate) waits: bool,
    /// Promise about the delivery of a message to another process.
    pub(crate) class: DeliveryClass,
    /// Deadline of the answer; of a tell, deadline of the wait for a slot.
    pub(crate) deadline: DeadlineTimer,
}

impl<M: Message> Outbound<M> {
    #[inline(always)]
    pub(crate) fn new(request: Request<M>, priority: u8, deadline: DeadlineTimer) -> Self {
        Self {
            request: Some(request),
            ticket: None,
            wait: None,
            remote_part: None,
            priority,
            waits: false,
            class: DeliveryClass::AtMostOnce,
            deadline,
        }
    }

    /// Returns the message, until it is handed over.
    pub fn message(&self) -> Option<&M> {
        self.request.as_ref().map(|request| &request.message)
    }

    /// Attaches the span and the trace of the sender to the message as it leaves.
    #[cold]
    pub(crate) fn note(&mut self) {
        if let Some(request) = &mut self.request {
            request.reply.note();
        }
    }

    /// Tells whether the message was sent through an outlet, which enforces the deadline
    /// from then on.
    #[inline]
    pub(crate) fn is_out(&self) -> bool {
        self.remote_part
            .as_ref()
            .is_some_and(|remote_part| remote_part.is_out())
    }

    /// Returns the outage that holds the message back, if there is no connection.
    #[cold]
    pub(crate) fn outage(&self) -> Option<Outage> {
        self.remote_part.as_ref()?.outage()
    }

    /// Takes an ask back that was not delivered, if its target may have a next incarnation. Returns
    /// the receiver of the answer, which comes once the ask is sent again.
    #[cold]
    pub(crate) fn take_back(&mut self, error: &AskError<M::Error>) -> Option<ReplyReceiver<M>> {
        let was_left = matches!(
            error,
            AskError::Stopped { delivery, .. } | AskError::Disconnected { delivery, .. }
                if *delivery == Delivery::NotDelivered
        );
        let request = self.request.as_mut().filter(|_| was_left)?;
        let (reply, answer) = ReplyTo::local();
        request.reply = reply;
        Some(answer)
    }

    /// Tells whether an ask was taken back, and not sent again since.
    pub(crate) fn is_taken_back(&self) -> bool {
        let request = self.remote_part.as_ref().and(self.request.as_ref());
        request.is_some_and(|request| request.reply.was_asked())
    }

    /// Notes that the answer to a request that has left was polled, and has not come.
    pub(crate) fn is_polled(&mut self) {
        if let Some(remote_part) = &mut self.remote_part {
            remote_part.is_polled();
        }
    }

    /// Takes out the guard that cancels the request in the other process when its asker
    /// leaves.
    pub(crate) fn take_cancel(&mut self) -> Option<CancelOnDrop> {
        self.remote_part.take()?.into_cancel()
    }

    #[inline(always)]
    pub(crate) fn tell(message: M, priority: u8, deadline: DeadlineTimer) -> Self {
        let (reply, from) = (ReplyTo::nobody(), turn_scope::sender());
        let request = Request {
            message,
            reply,
            from,
        };
        Self::new(request, priority, deadline)
    }

    #[inline(always)]
    pub(crate) fn ask(
        message: M,
        priority: u8,
        deadline: DeadlineTimer,
    ) -> (Self, ReplyReceiver<M>) {
        let ((reply, answer), from) = (ReplyTo::local(), turn_scope::sender());
        let request = Request {
            message,
            reply,
            from,
        };
        (Self::new(request, priority, deadline), answer)
    }
}
