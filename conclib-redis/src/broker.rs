//! Broker that a system opens in a namespace.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use conclib_core::wire::{Broker, Inlet};
use conclib_net::AuthKey;

use crate::client::RedisClient;
use crate::error::RedisError;
use crate::stats::RedisStats;
use crate::url::RedisUrl;

/// Messages for a proxy that are not read yet: the requests of many clients.
const MESSAGES: usize = 16 * 1024;

/// Server end by which other processes reach a system through a Redis server.
///
/// Dropping the broker disconnects it at once; [`close`](Broker::close) does so in order.
///
/// # Examples
///
/// ```no_run
/// use conclib_core::System;
/// use conclib_core::wire::Broker as _;
/// use conclib_redis::{RedisBroker, RedisUrl};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("docs");
/// let url: RedisUrl = "redis://127.0.0.1:6379".parse()?;
/// let broker = RedisBroker::open(url, None, system.inlet()).await?;
/// broker.close().await;
/// # Ok(())
/// # }
/// ```
pub struct RedisBroker {
    url: String,
    client: Arc<RedisClient>,
}

impl RedisBroker {
    /// Serves `inlet` in the namespace of a URL. Clients find its actors when this returns. `key` is
    /// that of [`RedisClient::connect`].
    ///
    /// # Errors
    /// [`RedisError`], within ten seconds.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is left if the future is dropped.
    pub async fn open(
        url: RedisUrl,
        key: Option<AuthKey>,
        inlet: Inlet,
    ) -> Result<Self, RedisError> {
        let text = url.to_string();
        let client = RedisClient::connect_with_room(url, key, MESSAGES).await?;
        client.open_to(&inlet).await?;
        tracing::info!(target: "conclib::redis", url = %text, "serving");
        Ok(Self { url: text, client })
    }

    /// Returns the current state of the connection, and its counts so far.
    #[must_use]
    pub fn stats(&self) -> RedisStats {
        self.client.stats()
    }
}

impl Broker for RedisBroker {
    fn url(&self) -> &str {
        &self.url
    }

    fn refuse_new(&self) {
        self.client.refuse_new();
    }

    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let client = self.client.clone();
        Box::pin(async move { client.close().await })
    }
}

impl fmt::Debug for RedisBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBroker")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
