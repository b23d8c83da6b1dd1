//! Future of a caller that waits until a request can be sent.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use conclib_core::__private::Failure;

use super::inner::SessionInner;
use super::shares::Target;

/// Future that resolves when a request to its target can be sent, or when the
/// session is closed.
pub(super) struct SlotWaiter {
    session: Arc<SessionInner>,
    target: Target,
    ticket: Option<u64>,
}

impl SlotWaiter {
    pub(super) fn new(session: Arc<SessionInner>, to: &str) -> Self {
        Self {
            session,
            target: Target::of(to),
            ticket: None,
        }
    }
}

impl Future for SlotWaiter {
    type Output = Result<(), Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let waiter = self.get_mut();
        let target = waiter.target;
        let mut state = waiter.session.lock();
        let is_reserved = waiter
            .ticket
            .is_some_and(|ticket| !state.pending.queue.has(target, ticket));
        if is_reserved {
            // The reserved slot becomes free for the send that follows.
            state.pending.shares.give_back(target);
        }
        if state.is_sendable(target) {
            if let Some(ticket) = waiter.ticket.take() {
                let _ = state.pending.queue.leave(target, ticket);
            }
            return Poll::Ready(Ok(()));
        }
        state
            .pending
            .queue
            .wait(target, &mut waiter.ticket, cx.waker());
        Poll::Pending
    }
}

impl Drop for SlotWaiter {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        self.session.update(|state| {
            let is_reserved = state.pending.queue.leave(self.target, ticket).is_none();
            if is_reserved {
                state.pending.shares.give_back(self.target);
            }
        });
    }
}
