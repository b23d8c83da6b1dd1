//! Choice of the message that is handled next.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context as Poller, Poll, ready};

use conclib_wire::Failure;
use tokio::task::yield_now;

use crate::events::DeadLetterCause;
use crate::mailbox::Signal;
use crate::node::{Actor, ActorCell, Context, Messages, Next, TURNS_IN_A_ROW};

impl<A: Actor> ActorCell<A> {
    /// Makes the next message for the loop the first of `batch`; see
    /// [`Mailbox::poll_next`](crate::mailbox::Mailbox::poll_next).
    #[inline(always)]
    pub(crate) fn poll_next(&self, batch: &mut VecDeque<A::Inbox>) -> Poll<bool> {
        let polled = self.mailbox.poll_next(batch);
        if let Poll::Ready(true) = polled {
            self.meter.unqueued(1);
        }
        polled
    }

    /// Same as [`poll_next`](Self::poll_next), as a function of its own: a second
    /// place to inline at would keep the compiler from inlining it into the loop
    /// of an actor without other inputs.
    #[inline(never)]
    pub(crate) fn poll_next_outlined(&self, batch: &mut VecDeque<A::Inbox>) -> Poll<bool> {
        self.poll_next(batch)
    }
}

/// Makes the next message the first of `batch` and begins its turn; resolves to `false` if
/// something other than a message is to be handled. A busy actor yields to other tasks
/// now and then, and a request whose asker has left is skipped.
#[inline(always)]
pub(super) fn next<A: Actor>(
    ctx: &mut Context<A>,
    batch: &mut VecDeque<A::Inbox>,
) -> impl Future<Output = bool> {
    poll_fn(|cx| poll_next(ctx, batch, cx))
}

/// Polls as [`next`] does, for a caller other than the loop. The loop has `next`
/// for itself: with a second caller, the compiler would not inline it there.
#[inline(never)]
pub(super) fn poll_next_outlined<A: Actor>(
    ctx: &mut Context<A>,
    batch: &mut VecDeque<A::Inbox>,
    cx: &mut Poller<'_>,
) -> Poll<bool> {
    poll_next(ctx, batch, cx)
}

#[inline(always)]
fn poll_next<A: Actor>(
    ctx: &mut Context<A>,
    batch: &mut VecDeque<A::Inbox>,
    cx: &mut Poller<'_>,
) -> Poll<bool> {
    loop {
        // Cheaper than a unit of tokio's budget for each message.
        let Some(left) = ctx.turns_left.checked_sub(1) else {
            ctx.turns_left = TURNS_IN_A_ROW;
            return yield_to_others(cx);
        };
        ctx.turns_left = left;
        let polled = match ctx.has_inputs() {
            false => ctx.cell().poll_next(batch),
            true => poll_inputs(ctx, batch, cx),
        };
        match polled {
            Poll::Ready(true) => {}
            Poll::Ready(false) => return Poll::Ready(false),
            Poll::Pending => {
                ctx.turns_left = TURNS_IN_A_ROW;
                return Poll::Pending;
            }
        }
        let Some(head) = batch.front().map(Messages::head) else {
            return Poll::Ready(false);
        };
        if !head.left {
            ctx.begin(head);
            return Poll::Ready(true);
        }
        skip(ctx, batch);
    }
}

/// Has the task polled again after the others that are ready.
#[cold]
fn yield_to_others(cx: &mut Poller<'_>) -> Poll<bool> {
    pin!(yield_now()).poll(cx).map(|()| false)
}

/// Skips a request whose asker has left.
#[cold]
fn skip<A: Actor>(ctx: &Context<A>, batch: &mut VecDeque<A::Inbox>) {
    if let Some(message) = batch.pop_front() {
        ctx.cell().dead_letter(&message, DeadLetterCause::AskerLeft);
        message.refuse(Failure::Cancelled);
    }
}

fn poll_inputs<A: Actor>(
    ctx: &mut Context<A>,
    batch: &mut VecDeque<A::Inbox>,
    cx: &mut Poller<'_>,
) -> Poll<bool> {
    let cell = ctx.cell().clone();
    let mailbox = &cell.mailbox;
    if mailbox.is_urgent() {
        return Poll::Ready(false);
    }
    let (takes_all, ends) = (mailbox.takes_all_inputs(), mailbox.signal() != Signal::None);
    let mut from_mailbox = || {
        let polled = cell.poll_next_outlined(batch);
        polled.map(|goes_on| goes_on.then(|| batch.pop_front()).flatten())
    };
    let room = mailbox.capacity();
    let inputs = ctx.inputs();
    match ready!(inputs.poll_next(cx, takes_all, ends, room, &mut from_mailbox)) {
        Next::Message(next) => {
            batch.push_front(next);
            Poll::Ready(true)
        }
        Next::Other | Next::End => Poll::Ready(false),
    }
}
