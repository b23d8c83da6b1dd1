//! Table from URL scheme to transport.

use std::sync::{Arc, Weak};

use conclib_core::wire::{Broker, Inlet, Outlet};
use conclib_net::{Address, AddressError, AuthKey, Client, LinkLimits, LocalBroker};
#[cfg(feature = "redis")]
use conclib_redis::{PythonBroker, PythonClient, RedisBroker, RedisClient, RedisError, RedisUrl};

use super::{ConnectError, ServeError};

/// Transport of a URL: one variant for each group of schemes.
pub(super) enum Carrier {
    /// `unix:` and `tcp:`.
    Link(Address),
    /// `redis:` and those that begin so.
    #[cfg(feature = "redis")]
    Redis(RedisUrl),
    /// `redis:` and those that begin so, with `channel=python`.
    #[cfg(feature = "redis")]
    Python(RedisUrl),
}

/// Reason why a URL has no transport.
#[derive(Debug)]
pub(super) enum InvalidUrl {
    Link(AddressError),
    #[cfg(feature = "redis")]
    Redis(RedisError),
}

impl Carrier {
    pub(super) fn of(url: &str) -> Result<Self, InvalidUrl> {
        #[cfg(feature = "redis")]
        if url.starts_with("redis") {
            let url = RedisUrl::parse(url).map_err(RedisError::from);
            return match url.map_err(InvalidUrl::Redis)? {
                url if url.is_python() => Ok(Self::Python(url)),
                url => Ok(Self::Redis(url)),
            };
        }
        Address::parse(url)
            .map(Self::Link)
            .map_err(InvalidUrl::Link)
    }

    pub(super) async fn open(
        &self,
        key: Option<AuthKey>,
        limits: Option<LinkLimits>,
        inlet: Inlet,
    ) -> Result<(Arc<dyn Broker>, Weak<LocalBroker>), ServeError> {
        let (broker, local): (Arc<dyn Broker>, _) = match self {
            Self::Link(address) => {
                let limits = limits.unwrap_or_default();
                let opened = LocalBroker::open_with_limits(address, key, inlet, limits).await;
                let broker = Arc::new(opened?);
                (broker.clone(), Arc::downgrade(&broker))
            }
            #[cfg(feature = "redis")]
            Self::Redis(_) | Self::Python(_) if limits.is_some() => return Err(ServeError::NoLink),
            #[cfg(feature = "redis")]
            Self::Redis(url) => {
                let broker = RedisBroker::open(url.clone(), key, inlet).await?;
                (Arc::new(broker), Weak::new())
            }
            #[cfg(feature = "redis")]
            Self::Python(url) => {
                let broker = PythonBroker::open(url.clone(), key, inlet).await?;
                (Arc::new(broker), Weak::new())
            }
        };
        Ok((broker, local))
    }

    pub(super) async fn connect(
        &self,
        key: Option<AuthKey>,
        limits: Option<LinkLimits>,
    ) -> Result<Connection, ConnectError> {
        match self {
            Self::Link(address) => {
                let limits = limits.unwrap_or_default();
                let client = Client::connect_with_limits(address, key, limits).await?;
                Ok(Connection::Link(client))
            }
            #[cfg(feature = "redis")]
            Self::Redis(_) | Self::Python(_) if limits.is_some() => Err(ConnectError::NoLink),
            #[cfg(feature = "redis")]
            Self::Redis(url) => Ok(Connection::Redis(
                RedisClient::connect(url.clone(), key).await?,
            )),
            #[cfg(feature = "redis")]
            Self::Python(url) => Ok(Connection::Python(
                PythonClient::connect(url.clone(), key).await?,
            )),
        }
    }
}

/// Text of the error if limits of a link are set for a URL of Redis.
#[cfg(feature = "redis")]
pub(super) const NO_LINK: &str = "`limits` are those of a link over a unix socket, TCP or TLS: a URL of Redis takes none, so leave \
                       them out";

/// Connection of a client.
#[derive(Clone)]
pub(super) enum Connection {
    Link(Arc<Client>),
    #[cfg(feature = "redis")]
    Redis(Arc<RedisClient>),
    #[cfg(feature = "redis")]
    Python(Arc<PythonClient>),
}

impl Connection {
    pub(super) fn outlet(&self) -> Arc<dyn Outlet> {
        match self {
            Self::Link(client) => client.clone(),
            #[cfg(feature = "redis")]
            Self::Redis(client) => client.outlet(),
            #[cfg(feature = "redis")]
            Self::Python(client) => client.clone(),
        }
    }

    pub(super) fn serve(&self, inlet: &Inlet) {
        match self {
            Self::Link(client) => client.serve(inlet),
            #[cfg(feature = "redis")]
            Self::Redis(client) => client.serve(inlet),
            // References do not travel there, so nobody could ask.
            #[cfg(feature = "redis")]
            Self::Python(_) => {}
        }
    }
}
