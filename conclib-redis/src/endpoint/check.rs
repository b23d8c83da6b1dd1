//! Checks of the connection, and of the peers at the other ends of the pipes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinSet;

use super::{Endpoint, Status};

/// Time between two checks.
pub(super) const CHECK: Duration = Duration::from_secs(5);

/// Checks in a row without a message after which an endpoint sends one to itself.
const IDLE: u32 = 6;

/// Number of checks since the last message.
#[derive(Default)]
pub(super) struct Silence(u32);

impl Silence {
    pub(super) fn heard(&mut self) {
        self.0 = 0;
    }
}

impl Endpoint {
    /// Looks for peers that were silent; and for the server, if no message has come, either of a
    /// peer for which this endpoint waits, or for a long time.
    pub(super) fn check(self: &Arc<Self>, silence: &mut Silence, tasks: &mut JoinSet<()>) {
        silence.0 += 1;
        let waits = {
            let state = self.lock();
            for pipe in state.pipes.values().filter(|pipe| pipe.needs_check()) {
                let pipe = pipe.clone();
                tasks.spawn(async move { pipe.look_for_peer().await });
            }
            let waits = !state.opening.is_empty() || !state.finding.is_empty();
            waits || state.pipes.values().any(|pipe| pipe.is_busy())
        };
        if (waits && silence.0 > 1) || silence.0 > IDLE {
            let endpoint = self.clone();
            tasks.spawn(async move { endpoint.check_connection().await });
        }
    }

    /// Sends an empty message to the own inbox, and connects again if it does not get there: the
    /// server is frozen, the path to it is silent, or it has dropped the subscription.
    async fn check_connection(&self) {
        if !matches!(*self.status.borrow(), Status::Up { .. }) {
            return;
        }
        let inbox = self.lock().inbox.clone();
        let why = match self.redis.publish(inbox.clone(), Bytes::new()).await {
            Ok(0) => "the server has dropped the subscription".to_owned(),
            Ok(_) => return,
            Err(error) => error.to_string(),
        };
        // Another inbox belongs to another connection.
        if self.lock().inbox == inbox {
            self.down(&why);
            self.redis.connect_again().await;
        }
    }
}
