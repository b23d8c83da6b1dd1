//! Queues of a mailbox.

use std::collections::VecDeque;

/// Queue of the messages that wait in a mailbox. Each is pushed with its priority:
/// lower is sooner.
pub(crate) trait MessageQueue<T>: Default {
    /// True if the loop may take out all messages at once, because no later message can
    /// overtake them.
    const BATCHES: bool;

    fn len(&self) -> usize;
    fn push(&mut self, priority: u8, item: T);
    /// Inserts `item`, and returns the message that is evicted for it, which may be
    /// `item` itself.
    fn replace(&mut self, priority: u8, item: T) -> Option<T>;
    /// Takes out the message that is handled next.
    fn pop(&mut self) -> Option<T>;
    /// Moves all messages behind those in `batch`.
    fn take_all(&mut self, batch: &mut VecDeque<T>);
}

/// First in, first out.
impl<T> MessageQueue<T> for VecDeque<T> {
    const BATCHES: bool = true;

    #[inline(always)]
    fn len(&self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn push(&mut self, _: u8, item: T) {
        self.push_back(item);
    }

    #[inline(always)]
    fn replace(&mut self, _: u8, item: T) -> Option<T> {
        let oldest = self.pop_front();
        self.push_back(item);
        oldest
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        self.pop_front()
    }

    #[inline(always)]
    fn take_all(&mut self, batch: &mut VecDeque<T>) {
        if batch.is_empty() {
            std::mem::swap(self, batch);
        } else {
            batch.append(self);
        }
    }
}
