//! Those who wait until something can be sent.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::shared::Shared;

/// A queue of those who wait for a place, first come, first served.
///
/// One is woken for each place that gets free, not all: they would only run
/// into each other.
#[derive(Default)]
pub(super) struct Queue {
    waiting: BTreeMap<u64, Waker>,
    next: u64,
}

impl Queue {
    /// Whoever has waited longest; it is to be woken outside of the lock.
    #[must_use]
    pub(super) fn pop(&mut self) -> Option<Waker> {
        self.waiting.pop_first().map(|(_, waker)| waker)
    }

    /// So many who have waited longest.
    #[must_use]
    pub(super) fn pop_many(&mut self, places: usize) -> Vec<Waker> {
        std::iter::from_fn(|| self.pop()).take(places).collect()
    }

    /// Waits, or goes on waiting: a ticket keeps its turn, also when somebody
    /// who did not wait was faster.
    fn wait(&mut self, ticket: &mut Option<u64>, waker: &Waker) {
        let ticket = *ticket.get_or_insert_with(|| {
            self.next += 1;
            self.next
        });
        match self.waiting.get_mut(&ticket) {
            Some(known) => known.clone_from(waker),
            None => drop(self.waiting.insert(ticket, waker.clone())),
        }
    }

    /// Leaves the queue. False if it had been woken.
    fn leave(&mut self, ticket: u64) -> bool {
        self.waiting.remove(&ticket).is_some()
    }
}

/// Resolves when something can be sent, or never can be again.
pub(super) struct Room {
    shared: Arc<Shared>,
    ticket: Option<u64>,
}

impl Room {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            ticket: None,
        }
    }
}

impl Future for Room {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let room = self.get_mut();
        let mut state = room.shared.lock();
        if state.is_worth_a_try() {
            if let Some(ticket) = room.ticket.take() {
                state.queue.leave(ticket);
            }
            return Poll::Ready(());
        }
        state.queue.wait(&mut room.ticket, cx.waker());
        Poll::Pending
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let next = {
            let mut state = self.shared.lock();
            // Woken, and gone before it could use the place: pass it on.
            let unused = !state.queue.leave(ticket) && state.is_worth_a_try();
            unused.then(|| state.queue.pop()).flatten()
        };
        next.into_iter().for_each(Waker::wake);
    }
}
