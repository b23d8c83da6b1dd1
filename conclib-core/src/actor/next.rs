//! Which message has its turn next.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context as Poller, Poll, ready};

use tokio::task::coop;

use super::sources::Next;
use super::{Actor, Context, Messages, Signal};
use crate::error::Failure;
use crate::events::DeadLetterCause;

/// The next message, whose turn begins with it; `None` if there is something
/// else to look at. A busy actor gives way to other tasks now and then, and a
/// request whose asker has left is skipped.
pub(super) async fn next<A: Actor>(
    ctx: &mut Context<A>,
    batch: &mut VecDeque<A::Inbox>,
) -> Option<A::Inbox> {
    poll_fn(|cx| {
        loop {
            let budget = ready!(coop::poll_proceed(cx));
            let next = match ctx.has_sources() {
                false => ctx.cell().poll_next(batch),
                true => poll_sources(ctx, batch, cx),
            };
            let Some(message) = ready!(next) else {
                return Poll::Ready(None);
            };
            budget.made_progress();
            let head = message.head();
            if !head.left {
                ctx.begin(head);
                return Poll::Ready(Some(message));
            }
            ctx.cell().dead_letter(&message, DeadLetterCause::AskerLeft);
            message.refuse(Failure::Cancelled);
        }
    })
    .await
}

fn poll_sources<A: Actor>(
    ctx: &mut Context<A>,
    batch: &mut VecDeque<A::Inbox>,
    cx: &mut Poller<'_>,
) -> Poll<Option<A::Inbox>> {
    let cell = ctx.cell().clone();
    let mailbox = &cell.mailbox;
    if mailbox.is_urgent() {
        return Poll::Ready(None);
    }
    let goes_on = mailbox.signal() == Signal::None;
    let mut from_mailbox = || cell.poll_next_apart(batch);
    let room = mailbox.capacity();
    let sources = ctx.sources();
    match ready!(sources.poll_next(cx, goes_on, room, &mut from_mailbox)) {
        Next::Message(message) => Poll::Ready(Some(message)),
        Next::Other | Next::End => Poll::Ready(None),
    }
}
