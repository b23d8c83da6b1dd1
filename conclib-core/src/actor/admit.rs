//! Adds messages to an actor's mailbox and takes them out, and keeps the queue
//! metrics.

use std::collections::VecDeque;
use std::task::{Context, Poll};

use super::cell::Cell;
use super::line::Ticket;
use super::mailbox::Overflow;
use super::mailbox::{Pushed, Refused};
use super::{Actor, Messages};
use crate::events::DeadLetterCause;
use conclib_wire::Failure;

impl<A: Actor> Cell<A> {
    /// Puts a message into the mailbox. If the mailbox is full, the overflow
    /// policy of the actor applies.
    #[inline(always)]
    pub(crate) fn admit<S>(
        &self,
        seed: S,
        priority: u8,
        mut make: impl FnMut(S) -> A::Inbox,
        to_itself: bool,
    ) -> Result<(), Refused<S>> {
        // Counted before the push: the actor's task may take the message out
        // before this function returns.
        self.meter.queued(1);
        let pushed = self.mailbox.try_push(seed, priority, to_itself, &mut make);
        if !matches!(pushed, Ok(Pushed::Queued)) {
            self.meter.unqueued(1);
        }
        match pushed {
            Ok(Pushed::Queued) => Ok(()),
            Ok(Pushed::Evicted(message)) => {
                self.drop_full(message);
                Ok(())
            }
            Err(Refused::Full(seed)) if self.overflow == Overflow::DropNewest => {
                self.drop_full(make(seed));
                Ok(())
            }
            Err(refused) => Err(refused),
        }
    }

    /// Same as [`admit`](Self::admit), but waits in the queue of senders for a
    /// place.
    pub(crate) fn poll_admit<S>(
        &self,
        cx: &mut Context<'_>,
        ticket: &mut Option<Ticket>,
        seed: &mut Option<S>,
        priority: u8,
        make: impl FnOnce(S) -> A::Inbox,
    ) -> Poll<Result<(), ()>> {
        let pushed = self.mailbox.poll_push(cx, ticket, seed, priority, make);
        if let Poll::Ready(Ok(())) = pushed {
            self.meter.queued(1);
        }
        pushed
    }

    /// Puts the next message for the actor's task into `next`; see
    /// [`Mailbox::poll_next`].
    #[inline(always)]
    pub(crate) fn poll_next(
        &self,
        batch: &mut VecDeque<A::Inbox>,
        next: &mut Option<A::Inbox>,
    ) -> Poll<bool> {
        let polled = self.mailbox.poll_next(batch, next);
        if let Poll::Ready(true) = polled {
            self.meter.unqueued(1);
        }
        polled
    }

    /// Same as [`poll_next`](Self::poll_next), for an actor that has inputs
    /// besides its mailbox. Not inlined: a second place to inline at would keep
    /// the compiler from inlining `poll_next` for an actor that has none.
    #[inline(never)]
    pub(crate) fn poll_next_apart(
        &self,
        batch: &mut VecDeque<A::Inbox>,
        next: &mut Option<A::Inbox>,
    ) -> Poll<bool> {
        self.poll_next(batch, next)
    }

    /// Reports a message for which a full mailbox had no place as a dead
    /// letter, and answers its asker.
    fn drop_full(&self, message: A::Inbox) {
        self.dead_letter(&message, DeadLetterCause::MailboxFull);
        message.refuse(Failure::MailboxFull);
    }
}
