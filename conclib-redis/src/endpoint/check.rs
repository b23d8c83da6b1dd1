//! Checks of the connection, and of the peers at the other ends of the pipes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::{Endpoint, Status};

/// Time between two checks of a connection that is used, or over which a system is served.
const CHECK: Duration = Duration::from_secs(5);

/// Time between two checks of another connection.
const REST: Duration = Duration::from_secs(60);

/// Time without a message after which an endpoint sends one to itself.
const IDLE: Duration = Duration::from_secs(150);

/// Time since the last message.
pub(super) struct Silence {
    since: Instant,
    was_heard: bool,
}

impl Default for Silence {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            was_heard: false,
        }
    }
}

impl Silence {
    pub(super) fn heard(&mut self) {
        self.was_heard = true;
    }

    /// Returns the time without a message, counted in whole checks.
    fn lasted(&mut self) -> Duration {
        if std::mem::take(&mut self.was_heard) {
            self.since = Instant::now();
        }
        self.since.elapsed()
    }
}

impl Endpoint {
    /// Waits for the time of the next check.
    pub(super) async fn next_check(&self) {
        if self.served().is_none() && !self.redis.activity.is_noted() {
            tokio::select! {
                () = sleep(REST) => return,
                () = self.redis.activity.begins() => {}
            }
        }
        sleep(CHECK).await;
    }

    /// Looks for peers that were silent; and for the server, if no message has come, either of a
    /// peer for which this endpoint waits, or for a long time.
    pub(super) fn check(self: &Arc<Self>, silence: &mut Silence, tasks: &mut JoinSet<()>) {
        self.redis.activity.take();
        let lasted = silence.lasted();
        let waits = {
            let state = self.lock();
            for pipe in state.pipes.values().filter(|pipe| pipe.needs_check()) {
                let pipe = pipe.clone();
                tasks.spawn(async move { pipe.look_for_peer().await });
            }
            let waits = !state.opening.is_empty() || !state.finding.is_empty();
            waits || state.pipes.values().any(|pipe| pipe.is_busy())
        };
        if waits {
            // The next check comes soon.
            self.redis.activity.note();
        }
        if (waits && lasted >= CHECK) || lasted >= IDLE {
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
