//! Priority queue for the messages of an actor: one lane for each priority that
//! was ever used, first in, first out.

use std::collections::VecDeque;

use super::fifo::MessageQueue;

#[cfg(test)]
mod tests;

/// Number of turns in a row that may overtake an older message; after that the
/// oldest message has its turn.
const MAX_OVERTAKES: u32 = 64;

/// Messages by priority, the lowest number first.
///
/// The bound on overtaking: while a message waits that is older than the one
/// which is more urgent, turns are counted, and the one after [`MAX_OVERTAKES`] of them
/// goes to the oldest. The count begins anew only with a turn of the oldest,
/// so a message before which `n` older ones wait has its turn within
/// `(n + 1) * (MAX_OVERTAKES + 1)` turns, whatever comes.
pub(crate) struct PriorityQueue<T> {
    /// Sorted by priority. A lane stays when it is empty, with its capacity:
    /// there are 256 at most, and an actor uses a few.
    lanes: Vec<Lane<T>>,
    len: usize,
    /// Sequence number of the next message; a `u64` of them is never used up.
    next: u64,
    /// Number of turns in a row that have overtaken the oldest message.
    run: u32,
}

struct Lane<T> {
    priority: u8,
    items: VecDeque<(u64, T)>,
}

impl<T> Lane<T> {
    /// Sequence number of the oldest message in the lane.
    fn oldest(&self) -> Option<u64> {
        self.items.front().map(|(number, _)| *number)
    }
}

impl<T> Default for PriorityQueue<T> {
    fn default() -> Self {
        Self {
            lanes: Vec::new(),
            len: 0,
            next: 0,
            run: 0,
        }
    }
}

impl<T> PriorityQueue<T> {
    fn pop_from(&mut self, at: usize) -> Option<T> {
        let (_, item) = self.lanes.get_mut(at)?.items.pop_front()?;
        self.len -= 1;
        Some(item)
    }
}

impl<T> MessageQueue<T> for PriorityQueue<T> {
    const BATCHES: bool = false;

    fn len(&self) -> usize {
        self.len
    }

    fn push(&mut self, priority: u8, item: T) {
        let found = self
            .lanes
            .binary_search_by_key(&priority, |lane| lane.priority);
        let at = found.unwrap_or_else(|at| {
            let items = VecDeque::new();
            self.lanes.insert(at, Lane { priority, items });
            at
        });
        self.lanes[at].items.push_back((self.next, item));
        self.next += 1;
        self.len += 1;
    }

    /// Evicts the oldest of the least urgent messages. The new message counts
    /// among them, so it never takes the place of a more urgent one.
    fn replace(&mut self, priority: u8, item: T) -> Option<T> {
        self.push(priority, item);
        let last = self.lanes.iter().rposition(|lane| !lane.items.is_empty())?;
        self.pop_from(last)
    }

    fn pop(&mut self) -> Option<T> {
        let mut waiting = self
            .lanes
            .iter()
            .enumerate()
            .filter_map(|(at, lane)| Some((lane.oldest()?, at)));
        let urgent = waiting.next()?;
        let oldest = waiting.fold(urgent, |oldest, other| oldest.min(other));
        let overtakes = oldest < urgent;
        let (_, at) = if overtakes && self.run < MAX_OVERTAKES {
            urgent
        } else {
            oldest
        };
        self.run = if at == oldest.1 { 0 } else { self.run + 1 };
        self.pop_from(at)
    }

    fn take_all(&mut self, batch: &mut VecDeque<T>) {
        batch.extend(std::iter::from_fn(|| self.pop()));
    }
}
