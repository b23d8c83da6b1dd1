//! Task of an endpoint: reads its channels until it is closed.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::accept::Phase;
use super::check::Silence;
use super::{Endpoint, Status, new_inbox};
use crate::error::RedisError;
use crate::redis::{Event, Events};

/// Pause before channels are subscribed to again.
const AGAIN: Duration = Duration::from_millis(100);

/// Reads the channels of an endpoint, and serves those that ask, until the phase is
/// [`Closing`](Phase::Closing) and all sessions have ended.
pub(crate) async fn run(
    endpoint: Arc<Endpoint>,
    mut events: Events,
    mut phases: watch::Receiver<Phase>,
) {
    let mut serving = JoinSet::new();
    let mut check = std::pin::pin!(endpoint.next_check());
    let asked = phases.clone();
    let mut closing = std::pin::pin!(async move {
        // A sender that is gone has closed too.
        let _ = phases.wait_for(|phase| *phase == Phase::Closing).await;
    });
    let mut is_closing = false;
    let mut silence = Silence::default();
    loop {
        let event = tokio::select! {
            () = &mut closing, if !is_closing => {
                is_closing = true;
                None
            }
            // The last answers are sent while the channels are still read.
            ended = serving.join_next(), if !serving.is_empty() => {
                drop(ended);
                None
            }
            event = events.next() => match event {
                Some(event) => Some(event),
                None => break,
            },
            () = &mut check => {
                endpoint.check(&mut silence, &mut serving);
                check.set(endpoint.next_check());
                None
            }
        };
        if matches!(event, Some(Event::Message { .. })) {
            endpoint.redis.activity.note();
        }
        match event {
            Some(Event::Message { channel, payload }) if endpoint.hears(&channel, &payload) => {}
            Some(Event::Message { channel, payload }) => {
                silence.heard();
                if let Some(request) = endpoint.receive(&channel, payload) {
                    serving.spawn(endpoint.clone().answer(request, asked.clone()));
                }
            }
            Some(Event::Lost(lost)) => {
                endpoint.overrun(lost);
                endpoint.tell_missed();
                serving.spawn(endpoint.clone().say_farewells());
            }
            Some(Event::Down(why)) => endpoint.down(&why),
            Some(Event::Up) => {
                endpoint.connected_again(&asked).await;
                serving.spawn(endpoint.clone().say_farewells());
            }
            None => {}
        }
        if is_closing && serving.is_empty() {
            break;
        }
    }
    endpoint.close().await;
}

impl Endpoint {
    /// Notes that the connection is lost: everything under way is.
    pub(super) fn down(&self, why: &str) {
        self.status.send_if_modified(|status| match status {
            Status::Up { .. } => {
                tracing::warn!(target: "conclib::redis", url = %self.url, "disconnected: {why}; connecting again");
                *status = Status::Down { since: Instant::now(), why: why.into() };
                true
            }
            Status::Down { why: reason, .. } => {
                *reason = why.into();
                false
            }
            Status::Closed => false,
        });
        self.break_pipes("the connection to the Redis server was lost");
    }

    /// Notes that so many messages were lost: any pipe may miss one.
    fn overrun(&self, lost: u64) {
        self.counters.overrun.fetch_add(lost, Ordering::Relaxed);
        let so_far = self.counters.overruns.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::warn!(target: "conclib::redis", so_far, lost, "messages came faster than they were read, and are lost");
        self.break_pipes("messages came faster than they were read");
    }

    fn break_pipes(&self, why: &str) {
        let (pipes, opening) = {
            let mut state = self.lock();
            let pipes = std::mem::take(&mut state.pipes);
            state
                .farewells
                .extend(pipes.values().map(|pipe| pipe.farewell()));
            (pipes, std::mem::take(&mut state.opening))
        };
        drop(opening);
        for pipe in pipes.into_values() {
            pipe.end(Some(why));
        }
    }

    /// Subscribes anew, to another inbox.
    async fn connected_again(&self, phases: &watch::Receiver<Phase>) {
        self.break_pipes("the connection to the Redis server was lost");
        while *phases.borrow() != Phase::Closing {
            match self.subscribe().await {
                Ok(()) => {
                    let since = Instant::now();
                    self.counters.reconnects.fetch_add(1, Ordering::Relaxed);
                    self.status.send_replace(Status::Up { since, again: true });
                    self.tell_missed();
                    tracing::info!(target: "conclib::redis", url = %self.url, "connected again");
                    return;
                }
                Err(error) => self.down(&error.to_string()),
            }
            sleep(AGAIN).await;
        }
    }

    async fn subscribe(&self) -> Result<(), RedisError> {
        let inbox = new_inbox(&self.prefix)?;
        self.lock().inbox = inbox.clone();
        self.redis.subscribe(&inbox).await?;
        if self.served.get().is_some() {
            self.redis.subscribe(&self.find_channel()).await?;
        }
        self.listen_again().await
    }
}
