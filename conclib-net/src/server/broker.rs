//! Broker that a system opens for other processes.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use conclib_core::__private::timed_runtime;
use conclib_core::SpawnError;
use conclib_core::wire::{Broker, Inlet};
use tokio::sync::{Mutex, watch};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{sleep, timeout};

use super::acceptor::Acceptor;
use super::context::Phase;
use super::counters::{BrokerStats, Counters};
use super::limits::BrokerLimits;
use super::listener::Listener;
use super::socket_file::SocketFile;
use crate::address::Address;
use crate::resolve::End;
use crate::session::LinkLimits;
use crate::{AuthKey, OpenError, resolve};

/// Maximum time of a drain, and the pause between two looks at the clients.
const DRAIN: Duration = Duration::from_secs(1);
const DRAIN_PAUSE: Duration = Duration::from_millis(2);

/// Server end by which other processes reach a system, over a unix socket or
/// TCP, with no server between.
///
/// Clients reach it by a [`Client`](crate::Client). A peer that misbehaves is
/// disconnected, which does not affect other clients; see the [crate
/// docs](crate) for the limits of a peer.
///
/// A unix socket has mode 0600 and lies in a directory where no other user may
/// write. A missing directory is made, with mode 0700. Peers must be of the
/// same user. `?uid=` in the address adds other users: then every user can
/// connect, and the kernel tells the broker which one it is.
///
/// Dropping the broker disconnects all clients at once and removes the socket
/// file; [`close`](Broker::close) does so in order.
///
/// # Examples
///
/// ```
/// use conclib_core::System;
/// use conclib_core::wire::Broker as _;
/// use conclib_net::{Address, AuthKey, Client, LocalBroker};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("docs");
/// let key = AuthKey::random()?;
/// let address = Address::parse("tcp://127.0.0.1:0")?;
/// let broker = LocalBroker::open(&address, Some(key.clone()), system.inlet()).await?;
///
/// let client = Client::connect(&Address::parse(broker.url())?, Some(key)).await?;
/// assert_eq!(broker.stats().admitted, 1);
/// # client.close().await;
/// broker.close().await;
/// # Ok(())
/// # }
/// ```
pub struct LocalBroker {
    url: String,
    local_addr: Option<SocketAddr>,
    inner: Arc<BrokerInner>,
    /// Aborts the acceptor, and with it every connection.
    abort: AbortHandle,
}

struct BrokerInner {
    /// Sender of the phase. The acceptor and every connection have a receiver.
    phase: watch::Sender<Phase>,
    file: Option<Arc<SocketFile>>,
    counters: Arc<Counters>,
    /// `None` once a caller has seen the acceptor end.
    acceptor: Mutex<Option<JoinHandle<()>>>,
}

impl LocalBroker {
    /// Serves `inlet` at `address`. Clients can connect when this returns.
    ///
    /// TCP needs a `key`: if it is `None`, the one in the `?keyfile=` of the
    /// address is taken, else the one in `CONCLIB_AUTHKEY`. A unix socket needs
    /// no key; if one is given, clients must have it too.
    ///
    /// A socket file left behind by a killed server is replaced.
    ///
    /// # Errors
    ///
    /// [`OpenError`] with the address or the path in its text.
    ///
    /// # Panics
    ///
    /// In a tokio runtime without its IO driver.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is left if the future is dropped.
    pub async fn open(
        address: &Address,
        key: Option<AuthKey>,
        inlet: Inlet,
    ) -> Result<Self, OpenError> {
        Self::open_with(address, key, inlet, BrokerLimits::default()).await
    }

    /// Serves like [`open`](Self::open), with limits for each connection.
    ///
    /// # Errors
    ///
    /// See [`open`](Self::open).
    ///
    /// # Panics
    ///
    /// In a tokio runtime without its IO driver.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is left if the future is dropped.
    pub async fn open_with_limits(
        address: &Address,
        key: Option<AuthKey>,
        inlet: Inlet,
        limits: LinkLimits,
    ) -> Result<Self, OpenError> {
        let limits = BrokerLimits {
            link: limits,
            ..BrokerLimits::default()
        };
        Self::open_with(address, key, inlet, limits).await
    }

    pub(crate) async fn open_with(
        address: &Address,
        key: Option<AuthKey>,
        inlet: Inlet,
        limits: BrokerLimits,
    ) -> Result<Self, OpenError> {
        let url = || address.to_string();
        let runtime = timed_runtime().map_err(|error| match error {
            SpawnError::NoTimers => OpenError::NoTimers { url: url() },
            _ => OpenError::NoRuntime { url: url() },
        })?;
        let key = resolve::key(address, key, End::Server)?;
        if key.is_none() && resolve::needs_key(address, End::Server) {
            return Err(OpenError::KeyNeeded {
                url: address.to_string(),
            });
        }
        let (listener, address) = Listener::open(address).await?;
        let local_addr = listener.local_addr();
        let (phase, phases) = watch::channel(Phase::Serving);
        let counters = Arc::new(Counters::default());
        let file = listener.file();
        let url = address.to_string();
        let acceptor = Acceptor::new(key, inlet, url.as_str().into(), limits, counters.clone());
        let acceptor = runtime.spawn(acceptor.run(listener, phases));
        tracing::info!(target: "conclib::net", %url, "serving");
        Ok(Self {
            url,
            local_addr,
            abort: acceptor.abort_handle(),
            inner: Arc::new(BrokerInner {
                phase,
                file,
                counters,
                acceptor: Mutex::new(Some(acceptor)),
            }),
        })
    }

    /// Returns the address of the socket, with the actual port. `None` for a
    /// unix socket.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.local_addr
    }

    /// Accepts no new clients and requests, and waits until the clients have
    /// their answers and have left, for a second at most.
    ///
    /// # Cancel safety
    /// Dropping the future only ends the waiting.
    pub async fn drain(&self) {
        self.refuse_new();
        let left = async {
            while self.stats().connections > 0 {
                sleep(DRAIN_PAUSE).await;
            }
        };
        // The others are disconnected by `close`.
        let _ = timeout(DRAIN, left).await;
    }

    /// Returns the counts of the broker so far.
    #[must_use]
    pub fn stats(&self) -> BrokerStats {
        self.inner.counters.stats()
    }
}

impl Broker for LocalBroker {
    fn url(&self) -> &str {
        &self.url
    }

    fn refuse_new(&self) {
        // The file is removed first: while the listener is open, no other
        // server takes it for a stale one.
        if let Some(file) = &self.inner.file {
            file.remove();
        }
        self.inner.advance(Phase::Refusing);
    }

    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.refuse_new();
        self.inner.advance(Phase::Closing);
        let inner = self.inner.clone();
        Box::pin(async move {
            let mut acceptor = inner.acceptor.lock().await;
            if let Some(running) = acceptor.as_mut() {
                // Ends also if the acceptor was aborted.
                let _ = running.await;
                *acceptor = None;
            }
        })
    }
}

impl BrokerInner {
    /// Phases only move forward.
    fn advance(&self, to: Phase) {
        self.phase.send_if_modified(|phase| {
            let later = *phase < to;
            *phase = to.max(*phase);
            later
        });
    }
}

impl Drop for LocalBroker {
    fn drop(&mut self) {
        if let Some(file) = &self.inner.file {
            file.remove();
        }
        self.abort.abort();
    }
}

impl fmt::Debug for LocalBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalBroker")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
