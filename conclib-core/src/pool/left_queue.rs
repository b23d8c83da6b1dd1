//! Queued messages of a worker that has ended, and their handover to another worker.

use std::collections::VecDeque;
use std::sync::Arc;

use super::workers::Workers;
use crate::node::{Actor, ActorCell, ActorRef};

/// Queue of a worker that has ended. Its drop refuses the messages that are left.
pub(crate) struct LeftQueue<A: Actor> {
    pub(crate) cell: Arc<ActorCell<A>>,
    queue: VecDeque<A::Inbox>,
}

impl<A: Actor> LeftQueue<A> {
    pub(crate) fn new(cell: &Arc<ActorCell<A>>, queue: &mut VecDeque<A::Inbox>) -> Self {
        cell.meter.unqueued(queue.len());
        Self {
            cell: cell.clone(),
            queue: std::mem::take(queue),
        }
    }

    /// Joins the queues of two workers: the messages of the first come before those of the second.
    pub(crate) fn joined(first: Option<Self>, second: Option<Self>) -> Option<Self> {
        match (first, second) {
            (Some(mut first), Some(mut second)) => {
                first.queue.append(&mut second.queue);
                Some(first)
            }
            (first, second) => first.or(second),
        }
    }

    /// Hands all messages over to one worker. All were accepted before, so the mailbox bound does
    /// not apply; if that worker takes no more, the rest stays.
    pub(crate) fn give(&mut self, successor: &ActorRef<A>) {
        let Some(successor) = successor.cell() else {
            return;
        };
        while let Some(message) = self.queue.pop_front() {
            let mut message = Some(message);
            let admitted = successor.admit(&mut message, 0, |message| message, true);
            if let (Err(_), Some(message)) = (admitted, message) {
                self.queue.push_front(message);
                return;
            }
        }
    }

    /// Hands all messages over to the worker that the routing chooses, or else to the next that
    /// lives. Returns the messages that no worker takes.
    pub(crate) fn pass_on(mut self, pool_workers: &Workers<A>) -> Option<Self> {
        let first = pool_workers.first(None);
        for step in 0..pool_workers.places() {
            if let Some(successor) = pool_workers.at(first + step) {
                self.give(&successor);
            }
        }
        self.rest()
    }

    /// Returns the queue, unless it is empty.
    pub(crate) fn rest(self) -> Option<Self> {
        (!self.queue.is_empty()).then_some(self)
    }
}

impl<A: Actor> Drop for LeftQueue<A> {
    fn drop(&mut self) {
        self.cell.meter.queued(self.queue.len());
        self.cell.refuse_rest(&mut self.queue);
    }
}
