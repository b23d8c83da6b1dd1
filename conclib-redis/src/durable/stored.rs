//! Progress of the messages of a sender into their mailboxes.

use std::sync::Arc;

use conclib_core::wire::{Failure, Response, ResponseKind};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::sender::Sender;
use super::sending::TAKEN;
use super::state::Pending;

impl Sender {
    /// Notes that messages up to a number are stored: those that only wanted that are answered.
    pub(super) fn stored(&self, to: &str, last: u64) {
        let (mut ended, mut answered) = (Vec::new(), Vec::new());
        {
            let mut state = self.lock();
            let state = &mut *state;
            let Some(queue) = state.queues.get_mut(to) else {
                return;
            };
            queue.confirmed = Some(Instant::now());
            (queue.needs_check, queue.skips) = (false, false);
            while let Some(message) = queue.messages.pop_front_if(|next| next.number <= last) {
                state.waiting -= 1;
                state.bytes -= message.bytes.len();
                if message.ends_stored {
                    ended.push(message.id);
                }
            }
            for id in ended {
                answered.extend(state.take(id).map(|pending| (id, pending)));
            }
        }
        for (
            id,
            Pending {
                answerer, codec, ..
            },
        ) in answered
        {
            let response = Response {
                id,
                kind: ResponseKind::Queued,
                codec,
                body: &[],
            };
            self.answer(answerer, Ok(response));
        }
    }

    /// Notes that the server has forgotten numbers: it skips them with the next batch.
    pub(super) fn skip(&self, to: &str) {
        if let Some(queue) = self.lock().queues.get_mut(to) {
            queue.skips = true;
        }
    }

    /// Notes answers that have come, and that the server has not removed yet.
    pub(super) fn not_taken(&self, to: &str, taken: Vec<u64>) {
        if let Some(queue) = self.lock().queues.get_mut(to) {
            queue.taken.extend(taken);
        }
    }

    /// Fails a message that is not stored.
    pub(super) fn refuse(&self, to: &str, number: u64, failure: Failure) {
        let pending = {
            let mut state = self.lock();
            let state = &mut *state;
            let queue = state.queues.get_mut(to);
            let mut messages = queue
                .into_iter()
                .flat_map(|queue| queue.messages.iter_mut());
            let Some(message) = messages.find(|message| message.number == number) else {
                return;
            };
            state.bytes -= std::mem::take(&mut message.bytes).len();
            let id = message.id;
            state.take(id)
        };
        if let Some(pending) = pending {
            self.answer(pending.answerer, Err(failure));
        }
    }

    /// Tells whether nothing waits for the task of a name, which then ends.
    pub(super) fn is_done(&self, to: &str) -> bool {
        let mut state = self.lock();
        let Some(queue) = state.queues.get_mut(to) else {
            return true;
        };
        queue.is_sending =
            !queue.messages.is_empty() || !queue.taken.is_empty() || queue.needs_check;
        !queue.is_sending
    }

    /// Returns the notice of another message, if only a few taken answers are to be told of.
    pub(super) fn waits_for_more(&self, to: &str) -> Option<Arc<Notify>> {
        let state = self.lock();
        let queue = state.queues.get(to)?;
        let is_idle = queue.messages.is_empty() && !queue.needs_check;
        (is_idle && queue.taken.len() < TAKEN).then(|| queue.more.clone())
    }
}
