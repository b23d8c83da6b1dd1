//! The senders that wait before a full mailbox.

use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::task::Waker;

/// A sender's place in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(NonZeroU64);

/// Those who wait, in their order, and what was promised to those who do not
/// any more.
pub(super) struct Line {
    waiting: VecDeque<(Ticket, Waker)>,
    /// Places promised to senders that were woken and have not pushed yet.
    promised: usize,
    next: NonZeroU64,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            promised: 0,
            next: NonZeroU64::MIN,
        }
    }
}

impl Line {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn promised(&self) -> usize {
        self.promised
    }

    /// One more waits, behind the others.
    pub(super) fn join(&mut self, waker: &Waker) -> Ticket {
        let ticket = Ticket(self.next);
        self.next = self.next.saturating_add(1);
        self.waiting.push_back((ticket, waker.clone()));
        ticket
    }

    /// Whether this one waits still. If not, a place was promised to it, which
    /// it takes now.
    pub(super) fn waits(&mut self, ticket: Ticket, waker: &Waker) -> bool {
        match self.find(ticket) {
            Ok(at) => {
                self.waiting[at].1.clone_from(waker);
                true
            }
            Err(_) => {
                self.promised -= 1;
                false
            }
        }
    }

    /// This one gives up its place in line, or the one that was promised. Of a
    /// line that was sent off, nothing was.
    pub(super) fn leave(&mut self, ticket: Ticket) {
        match self.find(ticket) {
            Ok(at) => drop(self.waiting.remove(at)),
            Err(_) => self.promised = self.promised.saturating_sub(1),
        }
    }

    /// Promises a place to the first in line, who is to be woken.
    pub(super) fn promise(&mut self) -> Option<Waker> {
        let (_, waker) = self.waiting.pop_front()?;
        self.promised += 1;
        Some(waker)
    }

    /// There are no places any more: the first in line, who is to be woken.
    pub(super) fn send_off(&mut self) -> Option<Waker> {
        self.promised = 0;
        self.waiting.pop_front().map(|(_, waker)| waker)
    }

    fn find(&self, ticket: Ticket) -> Result<usize, usize> {
        self.waiting.binary_search_by_key(&ticket, |entry| entry.0)
    }
}
