//! Choice of the message that is handled next.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::task::{Context as Poller, Poll, ready};

use conclib_wire::Failure;
use tokio::task::coop;

use crate::events::DeadLetterCause;
use crate::mailbox::Signal;
use crate::node::{Actor, ActorCell, Context, Messages, Next};

impl<A: Actor> ActorCell<A> {
    /// Puts the next message for the loop into `next`; see
    /// [`Mailbox::poll_next`](crate::mailbox::Mailbox::poll_next).
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

    /// Same as [`poll_next`](Self::poll_next), as a function of its own: a second
    /// place to inline at would keep the compiler from inlining it into the loop
    /// of an actor without other inputs.
    #[inline(never)]
    pub(crate) fn poll_next_outlined(
        &self,
        batch: &mut VecDeque<A::Inbox>,
        next: &mut Option<A::Inbox>,
    ) -> Poll<bool> {
        self.poll_next(batch, next)
    }
}

/// Puts the next message into `message` and begins its turn; resolves to `false` if
/// something other than a message is to be handled. A busy actor yields to other tasks
/// now and then, and a request whose asker has left is skipped.
///
/// The message stays in one place in memory from here to its handler, since each move
/// would be a cost of every message.
#[inline(always)]
pub(super) fn next<A: Actor>(
    ctx: &mut Context<A>,
    batch: &mut VecDeque<A::Inbox>,
    message: &mut Option<A::Inbox>,
) -> impl Future<Output = bool> {
    poll_fn(|cx| poll_next(ctx, batch, message, cx))
}

/// Polls as [`next`] does, for a caller other than the loop. The loop has `next`
/// for itself: with a second caller, the compiler would not inline it there.
#[inline(never)]
pub(super) fn poll_next_outlined<A: Actor>(
    ctx: &mut Context<A>,
    batch: &mut VecDeque<A::Inbox>,
    message: &mut Option<A::Inbox>,
    cx: &mut Poller<'_>,
) -> Poll<bool> {
    poll_next(ctx, batch, message, cx)
}

#[inline(always)]
fn poll_next<A: Actor>(
    ctx: &mut Context<A>,
    batch: &mut VecDeque<A::Inbox>,
    message: &mut Option<A::Inbox>,
    cx: &mut Poller<'_>,
) -> Poll<bool> {
    loop {
        let budget = ready!(coop::poll_proceed(cx));
        let polled = match ctx.has_inputs() {
            false => ctx.cell().poll_next(batch, message),
            true => poll_inputs(ctx, batch, message, cx),
        };
        if !ready!(polled) {
            return Poll::Ready(false);
        }
        budget.made_progress();
        let Some(head) = message.as_ref().map(Messages::head) else {
            return Poll::Ready(false);
        };
        if !head.left {
            ctx.begin(head);
            return Poll::Ready(true);
        }
        skip(ctx, message);
    }
}

/// Skips a request whose asker has left.
#[cold]
fn skip<A: Actor>(ctx: &Context<A>, message: &mut Option<A::Inbox>) {
    if let Some(message) = message.take() {
        ctx.cell().dead_letter(&message, DeadLetterCause::AskerLeft);
        message.refuse(Failure::Cancelled);
    }
}

fn poll_inputs<A: Actor>(
    ctx: &mut Context<A>,
    batch: &mut VecDeque<A::Inbox>,
    message: &mut Option<A::Inbox>,
    cx: &mut Poller<'_>,
) -> Poll<bool> {
    let cell = ctx.cell().clone();
    let mailbox = &cell.mailbox;
    if mailbox.is_urgent() {
        return Poll::Ready(false);
    }
    let (takes_all, ends) = (mailbox.takes_all(), mailbox.signal() != Signal::None);
    let mut from_mailbox = || {
        let mut next = None;
        cell.poll_next_outlined(batch, &mut next).map(|_| next)
    };
    let room = mailbox.capacity();
    let inputs = ctx.inputs();
    match ready!(inputs.poll_next(cx, takes_all, ends, room, &mut from_mailbox)) {
        Next::Message(next) => {
            *message = Some(next);
            Poll::Ready(true)
        }
        Next::Other | Next::End => Poll::Ready(false),
    }
}
