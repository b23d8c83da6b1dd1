//! Queue of the senders that wait for a slot in a full mailbox.

use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::task::Waker;

/// Number of a sender in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(NonZeroU64);

/// Waiting senders in their order, and the number of slots promised to senders
/// that were taken out of the queue and woken.
pub(crate) struct WaiterQueue {
    waiting: VecDeque<(Ticket, Waker)>,
    /// Slots promised to senders that were woken and have not pushed yet.
    granted: usize,
    next: NonZeroU64,
}

impl Default for WaiterQueue {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            granted: 0,
            next: NonZeroU64::MIN,
        }
    }
}

impl WaiterQueue {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn granted(&self) -> usize {
        self.granted
    }

    /// Adds a sender at the end of the queue.
    pub(crate) fn join(&mut self, waker: &Waker) -> Ticket {
        let ticket = Ticket(self.next);
        self.next = self.next.saturating_add(1);
        self.waiting.push_back((ticket, waker.clone()));
        ticket
    }

    /// Tells whether a sender still waits, and updates its waker. If it does
    /// not, a slot was promised to it, and the sender takes that slot now.
    pub(crate) fn waits(&mut self, ticket: Ticket, waker: &Waker) -> bool {
        match self.find(ticket) {
            Ok(at) => {
                self.waiting[at].1.clone_from(waker);
                true
            }
            Err(_) => {
                self.granted -= 1;
                false
            }
        }
    }

    /// Tells whether a slot is promised to a sender, and updates its waker if not. The promise
    /// stands until [`waits`](Self::waits) or [`leave`](Self::leave).
    pub(crate) fn is_granted(&mut self, ticket: Ticket, waker: &Waker) -> bool {
        match self.find(ticket) {
            Ok(at) => {
                self.waiting[at].1.clone_from(waker);
                false
            }
            Err(_) => true,
        }
    }

    /// Promises a free slot to a sender that comes now.
    pub(crate) fn grant_now(&mut self) -> Ticket {
        let ticket = Ticket(self.next);
        self.next = self.next.saturating_add(1);
        self.granted += 1;
        ticket
    }

    /// Takes a sender out of the queue, or takes back the slot promised to it.
    /// After [`close_one`](Self::close_one) no slot is promised.
    pub(crate) fn leave(&mut self, ticket: Ticket) {
        match self.find(ticket) {
            Ok(at) => drop(self.waiting.remove(at)),
            Err(_) => self.granted = self.granted.saturating_sub(1),
        }
    }

    /// Takes the first sender out of the queue and promises it a slot; the
    /// caller wakes it.
    pub(crate) fn grant(&mut self) -> Option<Waker> {
        let (_, waker) = self.waiting.pop_front()?;
        self.granted += 1;
        Some(waker)
    }

    /// Takes the first sender out of the queue of a mailbox that closes, and
    /// voids all promises; the caller wakes it.
    pub(crate) fn close_one(&mut self) -> Option<Waker> {
        self.granted = 0;
        self.waiting.pop_front().map(|(_, waker)| waker)
    }

    fn find(&self, ticket: Ticket) -> Result<usize, usize> {
        self.waiting.binary_search_by_key(&ticket, |entry| entry.0)
    }
}
