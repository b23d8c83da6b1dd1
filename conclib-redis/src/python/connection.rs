//! Connection to the server of the channels.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use conclib_net::AuthKey;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::channels::Channels;
use crate::error::RedisError;
use crate::redis::{Events, Redis};
use crate::url::RedisUrl;

/// Pause before channels are subscribed to again.
const AGAIN: Duration = Duration::from_millis(100);

/// Messages that may wait for their reader.
const MESSAGES: usize = 16 * 1024;

/// Channels to which a connection subscribes.
pub(super) enum Subscription {
    Channel(String),
    Pattern(String),
}

/// Connection to the server of the channels, and its subscription.
pub(super) struct Connection {
    pub(super) redis: Redis,
    pub(super) channels: Channels,
    subscription: Subscription,
    /// State of that subscription.
    state: AtomicU8,
    url: String,
}

const SUBSCRIBED: u8 = 0;
/// Not known: the connection is lost, or the end of the subscription is not confirmed.
const UNKNOWN: u8 = 1;
const LEFT: u8 = 2;

impl Connection {
    /// Connects and subscribes.
    pub(super) async fn open(
        url: &RedisUrl,
        key: Option<AuthKey>,
        subscription: impl FnOnce(&Channels) -> Subscription,
    ) -> Result<(Arc<Self>, Events), RedisError> {
        let channels = url.python()?.clone();
        let has_key = key.is_some() || url.keyfile.is_some() || AuthKey::from_env()?.is_some();
        if has_key && !channels.unsigned {
            return Err(RedisError::Unsigned);
        }
        let (redis, events) = Redis::connect(url, MESSAGES).await?;
        let connection = Self {
            redis,
            subscription: subscription(&channels),
            channels,
            state: AtomicU8::new(SUBSCRIBED),
            url: url.to_string(),
        };
        if let Err(error) = connection.subscribe().await {
            connection.redis.close().await;
            return Err(error);
        }
        Ok((Arc::new(connection), events))
    }

    async fn subscribe(&self) -> Result<(), RedisError> {
        match &self.subscription {
            Subscription::Channel(channel) => self.redis.subscribe_unsharded(channel).await,
            Subscription::Pattern(pattern) => self.redis.subscribe_pattern(pattern).await,
        }
    }

    /// Ends the subscription to a channel. The server may notice the end of the connection alone only
    /// after it has counted this subscriber for a later request.
    pub(super) async fn unsubscribe(&self) {
        if let Subscription::Channel(channel) = &self.subscription {
            self.state.store(UNKNOWN, Ordering::Relaxed);
            // A server that does not answer is left without a word.
            if self.redis.unsubscribe_unsharded(channel).await.is_ok() {
                self.state.store(LEFT, Ordering::Relaxed);
            }
        }
    }

    /// Returns how many of the subscribers of the channel are this connection. `None` while that is
    /// not known.
    pub(super) fn subscribed(&self) -> Option<u64> {
        match self.state.load(Ordering::Relaxed) {
            SUBSCRIBED => Some(1),
            LEFT => Some(0),
            _ => None,
        }
    }

    /// Notes and logs that the connection is lost, and its subscription with it.
    pub(super) fn is_lost(&self, why: &str) {
        self.state.store(UNKNOWN, Ordering::Relaxed);
        let url = &self.url;
        tracing::warn!(target: "conclib::redis", url, "disconnected: {why}; connecting again");
    }

    /// Subscribes anew, until that succeeds or the connection is to be closed.
    pub(super) async fn subscribe_again(&self, is_closing: &watch::Receiver<bool>) {
        while !*is_closing.borrow() {
            let url = &self.url;
            match self.subscribe().await {
                Ok(()) => {
                    self.state.store(SUBSCRIBED, Ordering::Relaxed);
                    tracing::info!(target: "conclib::redis", url, "connected again");
                    return;
                }
                Err(error) => {
                    tracing::warn!(target: "conclib::redis", url, %error, "not subscribed, and tried again");
                }
            }
            sleep(AGAIN).await;
        }
    }
}
