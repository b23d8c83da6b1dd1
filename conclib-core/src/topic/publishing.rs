//! Publication that waits for subscribers with full mailboxes.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use conclib_wire::{Delivery, Failure};
use tokio::sync::futures::OwnedNotified;

use super::slot::Subscriber;
use crate::call::Outbound;
use crate::message::Message;
use crate::time::DeadlineTimer;

/// Future of a publication: waits for the subscribers of
/// [`subscribe_waiting`](super::Topic::subscribe_waiting) that had no room yet. All others have got
/// or missed the message already.
///
/// Awaiting it is optional without such subscribers: it is ready at once. A turn that awaits it
/// does not wait for a subscriber that waits for the turn: that subscriber misses the message.
///
/// # Cancel safety
/// If it is dropped before it is ready, the subscribers it waits for miss the message, which is
/// counted and reported as an [event](crate::events::Event::Missed).
pub struct Publishing<M: Message>(Vec<WaitingPublish<M>>);

struct WaitingPublish<M: Message> {
    slot: Arc<Subscriber<M>>,
    outbound: Outbound<M>,
    left: Pin<Box<OwnedNotified>>,
    done: bool,
}

impl<M: Message> Publishing<M> {
    pub(super) const fn over() -> Self {
        Self(Vec::new())
    }

    pub(super) fn wait(&mut self, slot: &Arc<Subscriber<M>>, message: M) {
        self.0.push(WaitingPublish {
            left: Box::pin(slot.left.clone().notified_owned()),
            slot: slot.clone(),
            outbound: Outbound::tell(message, M::PRIORITY, DeadlineTimer::Never),
            done: false,
        });
    }
}

// Only boxed futures in it are ever pinned.
impl<M: Message> Unpin for Publishing<M> {}

impl<M: Message> Future for Publishing<M> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.retain_mut(|wait| wait.poll(cx).is_pending());
        if self.0.is_empty() {
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

impl<M: Message> WaitingPublish<M> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.left.as_mut().poll(cx).is_ready() || self.slot.is_gone() {
            return Poll::Ready(());
        }
        match self.slot.to.poll_send(cx, &mut self.outbound) {
            Poll::Ready(Ok(())) => self.done = true,
            Poll::Ready(Err(Failure::Stopped(Delivery::NotDelivered))) => self.slot.leave(),
            // A mailbox that rejects instead of waiting has missed the message.
            Poll::Ready(Err(_)) => {}
            Poll::Pending => return Poll::Pending,
        }
        Poll::Ready(())
    }
}

impl<M: Message> Drop for WaitingPublish<M> {
    fn drop(&mut self) {
        if self.outbound.ticket.is_some() {
            self.slot.to.leave(&mut self.outbound);
        }
        if !self.done && !self.slot.is_gone() {
            self.slot.miss();
        }
    }
}

impl<M: Message> fmt::Debug for Publishing<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publishing")
            .field("message", &M::NAME)
            .field("waits_for", &self.0.len())
            .finish()
    }
}
