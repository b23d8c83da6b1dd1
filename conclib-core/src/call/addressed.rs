//! A message on its way, with its target and its deadline.

use std::mem::needs_drop;
use std::task::{Context, Poll};

use conclib_wire::{Cycle, Delivery, Failure};

use super::target::{Outbound, ReplyReceiver, Target};
use crate::deadlock::Wait;
use crate::error::{AskError, TellError};
use crate::message::Message;
use crate::observe::has_something_to_note;
use crate::time::{DeadlineTimer, Elapsed};
use crate::turn_scope;

/// A message on its way, and its target. A drop withdraws a message that waits for a
/// slot of a full mailbox.
pub(super) struct Addressed<T: Target<M>, M: Message> {
    pub(super) to: T,
    pub(super) outbound: Outbound<M>,
}

impl<T: Target<M>, M: Message> Addressed<T, M> {
    #[inline(always)]
    pub(super) fn ask(
        to: T,
        message: M,
        priority: u8,
        deadline: DeadlineTimer,
    ) -> (Self, ReplyReceiver<M>) {
        let (outbound, answer) = Outbound::ask(message, priority, deadline);
        (Self { to, outbound }, answer)
    }

    /// Prepares an ask before it is sent: sets the deadline, which is no later than
    /// that of the turn that asks, and enters the wait of this turn, unless that would
    /// close a cycle.
    #[inline]
    pub(super) fn begin(&mut self, cx: &Context<'_>) -> Result<Option<Wait>, AskError<M::Error>> {
        self.begin_to_count()?;
        let Some(who) = turn_scope::in_turn() else {
            return Ok(None);
        };
        let begun = Wait::begin_for(who, &self.to, cx.waker()).map_err(before)?;
        match (&begun, &mut self.outbound.request) {
            (Some(wait), Some(request)) => request.reply.set_wait(wait.number()),
            _ => self.outbound.waits = true,
        }
        Ok(begun)
    }

    /// Checks whether a wait that may close a cycle does. A future that is polled outside
    /// of the turn that began it is no wait of that turn any more.
    #[cold]
    pub(super) fn settle(
        &mut self,
        wait: &mut Option<Wait>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), AskError<M::Error>>> {
        *wait = wait.take().filter(Wait::is_here);
        match wait.as_mut().map(|wait| wait.poll(cx)) {
            None | Some(Poll::Ready(Ok(()))) => Poll::Ready(Ok(())),
            Some(Poll::Ready(Err(circle))) => Poll::Ready(Err(before(circle))),
            Some(Poll::Pending) => {
                self.limit();
                self.outbound
                    .deadline
                    .poll(cx)
                    .map(|late| Err(self.late(late)))
            }
        }
    }

    /// Enters the wait of the current turn before the message is sent. The wait counts
    /// once the turn polls for the answer.
    pub(super) fn expect(&mut self) -> Option<Wait> {
        let wait = Wait::expected(&self.to)?;
        if let Some(request) = &mut self.outbound.request {
            request.reply.set_wait(wait.number());
        }
        Some(wait)
    }

    /// Starts the time of an ask: applies the default timeout of the target and the
    /// deadline of the current turn.
    #[inline]
    pub(super) fn begin_to_count<E>(&mut self) -> Result<(), AskError<E>> {
        self.limit();
        let inherited = turn_scope::due();
        if inherited.is_some() || !matches!(self.outbound.deadline, DeadlineTimer::Never) {
            let due = self.outbound.deadline.begin(inherited);
            if let Some(request) = &mut self.outbound.request {
                request.reply.set_due(due);
            }
            return self
                .outbound
                .deadline
                .has_any()
                .map_err(|late| self.late(late));
        }
        Ok(())
    }

    #[inline]
    pub(super) fn poll<E>(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AskError<E>>> {
        if has_something_to_note() {
            self.outbound.note();
        }
        match self.poll_send(cx) {
            Poll::Ready(Ok(())) => Poll::Ready(Ok(())),
            Poll::Ready(Err(failure)) => Poll::Ready(Err(self.failed(failure))),
            Poll::Pending if self.outbound.is_out() => Poll::Pending,
            Poll::Pending => {
                self.limit();
                self.outbound
                    .deadline
                    .poll(cx)
                    .map(|late| Err(self.late(late)))
            }
        }
    }

    /// Hands the message over, or waits for a slot.
    #[inline]
    pub(super) fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.to.poll_send(cx, &mut self.outbound)
    }

    /// Applies the default timeout of the target to a call that sets none: to an ask when
    /// its time starts, to a tell when it begins to wait.
    #[inline]
    fn limit(&mut self) {
        if matches!(self.outbound.deadline, DeadlineTimer::Never) {
            self.outbound.deadline = DeadlineTimer::new(self.to.default_timeout());
        }
    }
}

impl<T: Target<M>, M: Message> Addressed<T, M> {
    /// Tells whether no field has to be dropped, of a message that was handed over: it has
    /// left, and its sender is not in the queue of waiting senders any more.
    #[inline(always)]
    pub(super) fn is_spent(&self) -> bool {
        let Outbound {
            request,
            ticket,
            remote_part,
            deadline,
            ..
        } = &self.outbound;
        debug_assert!(ticket.is_none() && (request.is_none() || remote_part.is_some()));
        !needs_drop::<T>()
            && remote_part.is_none()
            && !matches!(deadline, DeadlineTimer::Armed { .. })
    }
}

impl<T: Target<M>, M: Message> Drop for Addressed<T, M> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<T: Target<M>, M: Message> Addressed<T, M> {
    /// Error of a message that was not handed over.
    #[cold]
    fn failed<E>(&self, failure: Failure) -> AskError<E> {
        AskError::new(self.to.urn().about(M::NAME), failure)
    }

    /// Error of a message that got no slot in time.
    #[cold]
    pub(super) fn late<E>(&self, late: Elapsed) -> AskError<E> {
        let urn = self.to.urn().about(M::NAME);
        let delivery = Delivery::NotDelivered;
        match late {
            Elapsed::Passed(after) => AskError::late(urn, after, delivery, self.outbound.outage()),
            Elapsed::NoRuntime => AskError::NoRuntime { urn, delivery },
            Elapsed::NoTimers => AskError::NoTimers { urn, delivery },
        }
    }

    /// Gives up the place in the queue of waiting senders: a future that has ended may live on.
    fn leave(&mut self) {
        if self.outbound.ticket.is_some() {
            self.to.leave(&mut self.outbound);
        }
    }

    /// Ends an ask whose message was not handed over.
    #[cold]
    pub(super) fn not_asked<R, E>(&mut self, error: AskError<E>) -> Poll<Result<R, AskError<E>>> {
        self.leave();
        Poll::Ready(Err(error))
    }

    /// Ends a tell whose message was not handed over: the error gives the message back.
    #[cold]
    pub(super) fn not_told<R>(&mut self, error: AskError) -> Poll<Result<R, TellError<M>>> {
        self.leave();
        // A message that was handed over cannot be late, so it is still here.
        let Some(request) = self.outbound.request.take() else {
            return Poll::Pending;
        };
        Poll::Ready(Err(TellError::new(error, request.message)))
    }
}

/// Error of a call that would close a cycle of waits, before it is sent.
#[cold]
pub(super) fn before<E>(path: Cycle) -> AskError<E> {
    AskError::Cycle {
        path,
        delivery: Delivery::NotDelivered,
    }
}
