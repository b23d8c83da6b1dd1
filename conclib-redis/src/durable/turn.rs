//! Turn of a durable message, and its outcome.

use std::sync::{Arc, Mutex, PoisonError};

use conclib_core::Delivery;
use conclib_core::wire::{
    Codec, Failure, Outcome, RefScope, ReplySink, RequestId, ResponseEnvelope,
};
use tokio::sync::oneshot;

/// Outcome of a turn.
pub(super) enum Turn {
    /// The message was handled. The answer, for a sender that asked.
    Over(ResponseEnvelope),
    /// The message did not reach its actor.
    Undelivered,
    /// The actor failed while it handled the message, which is tried again.
    Failed(Failure),
}

/// Sink of one message, that passes the outcome of its turn on.
pub(super) struct TurnSink {
    scope: Arc<dyn RefScope>,
    outcome: Mutex<Option<oneshot::Sender<Turn>>>,
}

impl TurnSink {
    pub(super) fn new(scope: Arc<dyn RefScope>) -> (Arc<Self>, oneshot::Receiver<Turn>) {
        let (sender, outcome) = oneshot::channel();
        let sink = Self {
            scope,
            outcome: Mutex::new(Some(sender)),
        };
        (Arc::new(sink), outcome)
    }
}

impl ReplySink for TurnSink {
    fn respond(&self, id: RequestId, codec: Codec, outcome: Outcome) {
        let turn = match outcome {
            Outcome::Failure(failure) if needs_retry(&failure) => Turn::Failed(failure),
            Outcome::Failure(
                Failure::MailboxFull
                | Failure::NoSuchActor
                | Failure::Cancelled
                | Failure::Stopped(Delivery::NotDelivered),
            ) => Turn::Undelivered,
            Outcome::Stream(_) => {
                let why = "a durable message has no stream of replies".into();
                let failure = Failure::Unsupported(why, Delivery::MayHaveRun);
                Turn::Over(ResponseEnvelope::failure(id, codec, &failure))
            }
            outcome => Turn::Over(outcome.into_response(id, codec).0),
        };
        let outcome = self
            .outcome
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(outcome) = outcome {
            // The owner of the mailbox may have ended.
            let _ = outcome.send(turn);
        }
    }

    fn scope(&self) -> Option<Arc<dyn RefScope>> {
        Some(self.scope.clone())
    }
}

/// Tells whether the turn was cut short.
fn needs_retry(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Panicked(_)
            | Failure::Stopped(Delivery::MayHaveRun)
            | Failure::Disconnected(_)
            | Failure::Deadline(_)
    )
}
