//! Channels that other parts of the crate listen to.

use std::sync::{Arc, Weak};

use bytes::Bytes;

use super::Endpoint;
use crate::error::RedisError;

/// Reader of a channel.
pub(crate) trait Listener: Send + Sync {
    /// Takes a message. Must not block.
    fn message(&self, payload: Bytes);

    /// Notes that messages may have been missed.
    fn missed(&self);
}

impl Endpoint {
    /// Subscribes a listener to a channel, until it is dropped and [`unlisten`](Self::unlisten) is
    /// called.
    pub(crate) async fn listen(
        &self,
        channel: Arc<str>,
        listener: Weak<dyn Listener>,
    ) -> Result<(), RedisError> {
        self.lock().listeners.insert(channel.clone(), listener);
        self.redis.subscribe(&channel).await
    }

    /// Ends a subscription.
    pub(crate) async fn unlisten(&self, channel: &str) {
        self.lock().listeners.remove(channel);
        // A connection that was lost has no subscriptions.
        if self.outage().is_none() {
            let _ = self.redis.unsubscribe(channel).await;
        }
    }

    /// Passes a message on to the listener of its channel. False if there is none.
    pub(super) fn hears(&self, channel: &str, payload: &Bytes) -> bool {
        let listener = self.lock().listeners.get(channel).cloned();
        let is_heard = listener.is_some();
        if let Some(listener) = listener.and_then(|listener| listener.upgrade()) {
            listener.message(payload.clone());
        }
        is_heard
    }

    /// Tells all listeners that messages may have been missed.
    pub(super) fn tell_missed(&self) {
        let listeners: Vec<_> = self.lock().listeners.values().cloned().collect();
        for listener in listeners.iter().filter_map(Weak::upgrade) {
            listener.missed();
        }
    }

    /// Subscribes all listeners anew.
    pub(super) async fn listen_again(&self) -> Result<(), RedisError> {
        let channels: Vec<_> = self.lock().listeners.keys().cloned().collect();
        for channel in channels {
            self.redis.subscribe(&channel).await?;
        }
        Ok(())
    }
}
