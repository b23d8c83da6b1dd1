//! A message on its way to those who are waited for.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::futures::OwnedNotified;

use super::slot::Slot;
use crate::call::Sending;
use crate::deadline::Deadline;
use crate::error::{Delivery, Failure};
use crate::message::Message;

/// What is left of a publication: those who are
/// [waited for](crate::Topic::subscribe_waiting) and had no place yet. All
/// others have the message already, or missed it.
///
/// Awaiting it is optional if nobody is waited for: it is over at once.
/// A turn that awaits it does not wait for a subscriber that waits for the turn:
/// that one misses the message.
///
/// # Cancel safety
/// Dropped before it is over, those it waits for miss the message, which is
/// counted and told as an [event](crate::Event::Missed).
pub struct Publishing<M: Message>(Vec<Wait<M>>);

struct Wait<M: Message> {
    slot: Arc<Slot<M>>,
    sending: Sending<M>,
    left: Pin<Box<OwnedNotified>>,
    done: bool,
}

impl<M: Message> Publishing<M> {
    pub(super) const fn over() -> Self {
        Self(Vec::new())
    }

    pub(super) fn wait(&mut self, slot: &Arc<Slot<M>>, message: M) {
        self.0.push(Wait {
            left: Box::pin(slot.left.clone().notified_owned()),
            slot: slot.clone(),
            sending: Sending::tell(message, M::PRIORITY),
            done: false,
        });
    }
}

// Nothing inside is ever pinned but what is boxed.
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

impl<M: Message> Wait<M> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.left.as_mut().poll(cx).is_ready() || self.slot.is_gone() {
            return Poll::Ready(());
        }
        match self
            .slot
            .to
            .poll_send(cx, &mut self.sending, &Deadline::Never)
        {
            Poll::Ready(Ok(())) => self.done = true,
            Poll::Ready(Err(Failure::Stopped(Delivery::NotDelivered))) => self.slot.leave(),
            // A mailbox that rejects is not waited for: it has missed this.
            Poll::Ready(Err(_)) => {}
            Poll::Pending => return Poll::Pending,
        }
        Poll::Ready(())
    }
}

impl<M: Message> Drop for Wait<M> {
    fn drop(&mut self) {
        if self.sending.ticket.is_some() {
            self.slot.to.leave(&mut self.sending);
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
