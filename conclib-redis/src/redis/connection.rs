//! Connection, which connects again by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fred::interfaces::{ClientLike as _, EventInterface as _};
use fred::prelude::{Client, Error, ErrorKind};
use fred::types::ConnectHandle;
use futures_util::future::join;

use super::events::Events;
use super::settings::{COMMAND, CONNECT, builder};
use crate::activity::Activity;
use crate::error::RedisError;
use crate::url::RedisUrl;

/// Time for the last commands.
const CLOSE: Duration = Duration::from_secs(2);

/// Connection to a server or a cluster. Connects again by itself.
///
/// A command is sent once: one whose connection is lost fails, and may have had
/// its effect.
pub(crate) struct Redis {
    pub(super) client: Client,
    /// Task of the connection, which ends with this.
    task: ConnectHandle,
    pub(crate) activity: Activity,
    /// Set while a server that has not answered in time is asked for a sign of life.
    is_doubted: Arc<AtomicBool>,
}

impl Redis {
    /// Connects to a server. Up to `messages` may wait for their reader; with more, the oldest are
    /// lost, which is an [event](super::Event::Lost). The room for them is taken at once, some 700
    /// bytes each.
    pub(crate) async fn connect(
        url: &RedisUrl,
        messages: usize,
    ) -> Result<(Self, Events), RedisError> {
        let client = builder(url, messages)?.build();
        let failed = |error: Error| RedisError::Connect {
            url: url.to_string().into(),
            why: reason(&error),
        };
        let client = client.map_err(failed)?;
        // The wait begins before the task, whose first result could be missed else.
        let mut task = None;
        let connecting = join(client.wait_for_connect(), async {
            task = Some(client.connect());
        });
        let connecting = tokio::time::timeout(CONNECT, connecting).await;
        let (connected, ()) = connecting.unwrap_or_else(|_| {
            let why = format!("no answer within {CONNECT:?}");
            (Err(Error::new(ErrorKind::Timeout, why)), ())
        });
        let task = task.unwrap_or_else(|| client.connect());
        let redis = Self {
            client,
            task,
            activity: Activity::default(),
            is_doubted: Arc::default(),
        };
        connected.map_err(failed)?;
        if let Some((release, program)) = redis.release().await {
            let program = url.is_on_this_host().then_some(&*program);
            release.warn_of_holes(url, program);
        }
        let client = &redis.client;
        let events = Events {
            messages: client.message_rx(),
            errors: client.error_rx(),
            connects: client.reconnect_rx(),
        };
        Ok((redis, events))
    }

    /// Notes that a command has failed. If the server has not answered in time, it is asked for a
    /// sign of life; a connection without one is made again.
    pub(super) fn failed(&self, error: Error) -> RedisError {
        if *error.kind() == ErrorKind::Timeout && !self.is_doubted.swap(true, Ordering::Relaxed) {
            let (client, is_doubted) = (self.client.clone(), self.is_doubted.clone());
            tokio::spawn(async move {
                let alive: Result<(), Error> = client.ping(None).await;
                if alive.is_err_and(|error| *error.kind() == ErrorKind::Timeout) {
                    // The connection is made also if nobody waits for it.
                    let _ = tokio::time::timeout(COMMAND, client.force_reconnection()).await;
                }
                is_doubted.store(false, Ordering::Relaxed);
            });
        }
        command_failed(error)
    }

    /// Ends the connection, and begins to make another one.
    pub(crate) async fn connect_again(&self) {
        // The connection is made also if nobody waits for it.
        let _ = tokio::time::timeout(COMMAND, self.client.force_reconnection()).await;
    }

    /// Ends the connection.
    pub(crate) async fn close(&self) {
        // The end of the client replaces the channels of its events, which have no reader then.
        let mut performance = self.client.perf_config();
        performance.broadcast_channel_capacity = 1;
        self.client.update_perf_config(performance);
        // A server that does not answer is left without a word.
        let _ = tokio::time::timeout(CLOSE, self.client.quit()).await;
        self.task.abort();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(super) fn reason(error: &Error) -> Box<str> {
    match error.details() {
        "" => error.kind().to_str().into(),
        details => details.into(),
    }
}

fn command_failed(error: Error) -> RedisError {
    RedisError::Command {
        why: reason(&error),
    }
}
