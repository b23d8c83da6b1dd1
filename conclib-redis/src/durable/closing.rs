//! End of a sender.

use std::time::Duration;

use conclib_core::Delivery;
use conclib_core::wire::Failure;
use tokio::task::JoinSet;

use super::sender::Sender;
use super::state::Queues;

/// Time in which a sender that closes has the server forget it.
const FORGET: Duration = Duration::from_secs(1);

impl Sender {
    /// Gives up what waits, and ends the subscription. Idempotent.
    pub(crate) async fn close(&self) {
        let Some((mut tasks, queues)) = self.give_up() else {
            return;
        };
        tasks.shutdown().await;
        let forgetting = super::store::forget(self, queues.into_keys());
        // The server forgets a sender that it does not reach after a while.
        let _ = tokio::time::timeout(FORGET, forgetting).await;
        self.endpoint.unlisten(&self.answers()).await;
    }

    /// Gives up what waits, at once.
    pub(crate) fn end(&self) {
        let given_up = self.give_up();
        drop(given_up);
    }

    /// Gives up what waits: what is stored is delivered. Returns the tasks and the queues, the first
    /// time.
    fn give_up(&self) -> Option<(JoinSet<()>, Queues)> {
        let (tasks, pending, queues) = {
            let mut state = self.lock();
            state.deadlines.clear();
            let pending = std::mem::take(&mut state.pending);
            let queues = std::mem::take(&mut state.queues);
            (state.tasks.take(), pending, queues)
        };
        for pending in pending.into_values() {
            let failure = Failure::Disconnected(Delivery::MayHaveRun);
            self.answer(pending.answerer, Err(failure));
        }
        Some((tasks?, queues))
    }
}
