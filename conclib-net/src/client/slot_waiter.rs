//! Future of a caller that waits until a request can be sent.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::in_flight::Link;
use super::session::Session;
use crate::shares::Target;

/// Future that resolves when a request to its target can be sent, or when the
/// client is closed.
pub(super) struct SlotWaiter {
    session: Arc<Session>,
    target: Target,
    ticket: Option<u64>,
}

impl SlotWaiter {
    pub(super) fn new(session: Arc<Session>, to: &str) -> Self {
        Self {
            session,
            target: Target::of(to),
            ticket: None,
        }
    }
}

impl Future for SlotWaiter {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let waiter = self.get_mut();
        let target = waiter.target;
        let mut state = waiter.session.lock();
        let is_reserved = waiter
            .ticket
            .is_some_and(|ticket| !state.queue.has(target, ticket));
        if is_reserved && state.link != Link::Closed {
            // The reserved slot becomes free for the send that follows.
            state.shares.give_back(target);
        }
        if state.is_sendable(target) {
            if let Some(ticket) = waiter.ticket.take() {
                let _ = state.queue.leave(target, ticket);
            }
            return Poll::Ready(());
        }
        state.queue.wait(target, &mut waiter.ticket, cx.waker());
        Poll::Pending
    }
}

impl Drop for SlotWaiter {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let next = {
            let mut state = self.session.lock();
            let is_reserved = state.queue.leave(self.target, ticket).is_none();
            // A closed client reserves nothing.
            if is_reserved && state.link != Link::Closed {
                state.shares.give_back(self.target);
            }
            state.admit()
        };
        next.into_iter().for_each(Waker::wake);
    }
}
