//! Answers to a sender.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use conclib_core::wire::{Answered, Answerer, Failure, Response, Wants, enter};

use super::entry::decode_answer;
use super::sender::Sender;
use crate::endpoint::Listener;

impl Sender {
    /// Passes an answer on to its asker.
    pub(super) fn complete(&self, bytes: &[u8]) {
        let Some(response) = decode_answer(&self.name, bytes, &self.endpoint.signer) else {
            self.endpoint.counters.drop_forged();
            return;
        };
        let pending = {
            let mut state = self.lock();
            let pending = state.take(response.id);
            let place = match &pending {
                Some(pending) => Some((pending.to.clone(), pending.number)),
                None => state.late.remove(&response.id),
            };
            if let Some((to, number)) = place
                && let Some(queue) = state.queues.get_mut(&to)
            {
                queue.taken.push(number);
                self.run_queue(&mut state, &to);
            }
            pending
        };
        if let Some(pending) = pending {
            self.answer(pending.answerer, Ok(response));
        }
    }

    /// Returns the names from which answers have been awaited for that time.
    fn awaited(&self, time: Duration) -> BTreeSet<Arc<str>> {
        let state = self.lock();
        let pending = state.pending.values();
        pending
            .filter(|pending| pending.wants != Wants::Queued && pending.since.elapsed() >= time)
            .map(|pending| pending.to.clone())
            .collect()
    }

    /// Fetches the answers that have been awaited for that time: nobody may have published them, or
    /// nobody may have listened.
    pub(super) async fn fetch_missed(&self, time: Duration) {
        for to in self.awaited(time) {
            if self.endpoint.up().await.is_none() {
                return;
            }
            match super::store::answers(self, &to).await {
                Ok(answers) => answers.iter().for_each(|answer| self.complete(answer)),
                Err(error) => {
                    tracing::debug!(target: "conclib::redis", %error, urn = &*to, "answers were not fetched");
                }
            }
        }
    }

    /// Calls the answerer of a message.
    pub(super) fn answer(&self, answerer: Answerer, answer: Result<Response<'_>, Failure>) {
        let answered = answer.map(|response| Answered {
            response,
            items: None,
        });
        let answering = std::panic::AssertUnwindSafe(|| {
            enter(self.scope.upgrade(), || answerer.answer(answered));
        });
        if std::panic::catch_unwind(answering).is_err() {
            tracing::error!(target: "conclib::redis", "reading a reply panicked; its asker gets none");
        }
    }
}

impl Listener for Sender {
    fn message(&self, payload: Bytes) {
        let mut rest = payload;
        while rest.len() >= 4 {
            let len = rest.split_to(4);
            let len = len
                .iter()
                .fold(0, |len, byte| len << 8 | usize::from(*byte));
            if len > rest.len() {
                self.endpoint.counters.drop_forged();
                return;
            }
            self.complete(&rest.split_to(len));
        }
    }

    fn missed(&self) {
        let mut state = self.lock();
        let Some(me) = self.me.upgrade() else { return };
        self.spawn(
            &mut state,
            async move { me.fetch_missed(Duration::ZERO).await },
        );
        let mut names = Vec::new();
        for (to, queue) in &mut state.queues {
            if queue.confirmed.is_some() {
                queue.needs_check = true;
                names.push(to.clone());
            }
        }
        for to in names {
            self.run_queue(&mut state, &to);
        }
    }
}
