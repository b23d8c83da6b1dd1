//! Server for a system, by which other processes ask its actors.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Weak};

use conclib_core::wire::{Broker, Control};
use conclib_core::{Actor, ActorRef, SpawnError, StopReason, System};
use conclib_net::{AddressError, AuthKey, LinkLimits, LocalBroker, OpenError};
#[cfg(feature = "redis")]
use conclib_redis::RedisError;

#[cfg(feature = "redis")]
use super::carrier::NO_LINK;
use super::carrier::{Carrier, InvalidUrl};

/// Reason why a system is not served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The URL is invalid.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The system is shutting down.
    #[error(transparent)]
    System(#[from] SpawnError),
    /// The broker did not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Limits of a link were set for a URL of Redis.
    #[cfg(feature = "redis")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
    #[error("{NO_LINK}")]
    NoLink,
    /// The system is not served through Redis.
    #[cfg(feature = "redis")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
    #[error(transparent)]
    Redis(#[from] RedisError),
}

impl From<InvalidUrl> for ServeError {
    fn from(invalid: InvalidUrl) -> Self {
        match invalid {
            InvalidUrl::Link(error) => error.into(),
            #[cfg(feature = "redis")]
            InvalidUrl::Redis(error) => error.into(),
        }
    }
}

/// Server for a system, by which other processes can ask its actors at a URL.
///
/// A proxy belongs to its system: [`System::shutdown`] closes it, after the
/// actors have ended and their last answers were sent. Dropping this handle
/// does not close it.
///
/// | URL | what it is |
/// |---|---|
/// | `unix:///run/app/app.sock` | a socket file that only this user can reach |
/// | `tcp://127.0.0.1:0` | a port of this machine, with an authkey; 0 picks one |
/// | `tcp://10.0.0.7:7000?plaintext=allow` | the same for other machines: all bytes are signed, and none encrypted |
/// | `tls://0.0.0.0:7000?cert=/s.pem&certkey=/s.key` | TLS, with an authkey; with `&ca=/ca.pem` clients need certificates instead; needs the feature `tls` |
/// | `redis://127.0.0.1:6379` | a Redis server; needs the feature `redis` |
/// | `redis://127.0.0.1:6379?channel=python` | the same for clients of Python's conclib |
///
/// Several systems may serve one namespace of a Redis server: a name is found in
/// the system that has it, and the requests to a pool are shared by all systems
/// that have one of that name. `conclib::redis::RedisUrl` lists all forms of such a URL.
///
/// ```
/// use conclib::prelude::*;
///
/// #[message(reply = String)]
/// struct Greet { name: String }
///
/// # #[actor(urn = "greeter")]
/// # struct Greeter;
/// #
/// # #[actor]
/// # impl Greeter {
/// #     #[handler]
/// #     fn greet(&mut self, Greet { name }: Greet) -> String { format!("Hello, {name}!") }
/// # }
/// #
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// system.spawn(Greeter)?;
/// let dir = conclib::PrivateDir::new()?;
/// let proxy = Proxy::serve(&system, format!("unix://{}", dir.join("a.sock").display())).await?;
///
/// // In any other process, which shares only the message types:
/// let client = ProxyClient::connect(proxy.url()).await?;
/// let greeting = client.ask("greeter", Greet { name: "Ada".into() }).await?;
/// assert_eq!(greeting, "Hello, Ada!");
///
/// system.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct Proxy {
    url: String,
    local_addr: Option<SocketAddr>,
    /// Weak, as the system owns the broker. The first is of a unix socket or of
    /// TCP, the second of any transport.
    local: Weak<LocalBroker>,
    broker: Weak<dyn Broker>,
}

impl Proxy {
    /// Serves a system at a URL. The returned [`Serve`] has to be awaited, and
    /// resolves when clients can connect.
    ///
    /// # Errors
    /// The URL is invalid, a live server has it, or its directory is
    /// not safe: see [`ServeError`].
    pub fn serve(system: &System, url: impl Into<String>) -> Serve {
        Serve {
            system: system.clone(),
            url: url.into(),
            key: None,
            limits: None,
            control: Control::default(),
        }
    }

    /// Returns the URL for clients, with the actual port.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the address of the socket, with the actual port; `None` if it is
    /// not TCP.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.local_addr
    }

    /// Serves until an actor has ended, then closes the proxy, and returns the
    /// reason for the end: for a process that lives as long as its actor.
    ///
    /// Clients may end the actor by `stop` if [`Serve::control`] permits it.
    ///
    /// # Cancel safety
    /// Dropping the future only ends the waiting: the proxy serves on.
    ///
    /// # Examples
    ///
    /// ```
    /// use conclib::prelude::*;
    /// use conclib::spi::Control;
    ///
    /// #[actor(urn = "counter")]
    /// struct Counter { n: u64 }
    ///
    /// #[actor]
    /// impl Counter {
    ///     #[message]
    ///     fn add(&mut self, by: u64) -> u64 { self.n += by; self.n }
    /// }
    ///
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("server");
    /// let counter = system.spawn(Counter { n: 40 })?;
    /// let key = AuthKey::random()?;
    /// let listening = system.listen("tcp://127.0.0.1:0", key.clone()).control(Control::Any).await?;
    /// let url = listening.url().to_owned();
    ///
    /// let client = async {
    ///     let counter = Counter::connect(url, key).await?;
    ///     assert_eq!(counter.add(2).await?, 42);
    ///     counter.stop().await;
    ///     conclib::Result::Ok(())
    /// };
    /// let (reason, client) = tokio::join!(listening.serve_until_stopped(&counter), client);
    /// assert_eq!(reason, Some(StopReason::Stopped));
    /// client
    /// # }
    /// ```
    pub async fn serve_until_stopped<A: Actor>(&self, actor: &ActorRef<A>) -> Option<StopReason> {
        let reason = actor.stopped().await;
        // Requests that wait for the same end get their answers first.
        if let Some(broker) = self.local.upgrade() {
            broker.drain().await;
        }
        self.close().await;
        reason
    }

    /// Accepts no new requests, sends the finished answers, disconnects the
    /// clients, and removes the socket file.
    ///
    /// # Cancel safety
    /// Dropping the future only ends the waiting.
    pub async fn close(&self) {
        if let Some(broker) = self.broker.upgrade() {
            broker.close().await;
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// Proxy that is about to serve: await it.
#[must_use = "nothing is served before it is awaited"]
pub struct Serve {
    system: System,
    url: String,
    key: Option<AuthKey>,
    limits: Option<LinkLimits>,
    control: Control,
}

impl Serve {
    /// Sets which actors clients may end, by `stop`, `stop_now` and `kill` of
    /// their references: by default only those whose reference they were sent in
    /// a message.
    pub fn control(mut self, control: Control) -> Self {
        self.control = control;
        self
    }

    /// Sets the authkey that clients have to know. Only TCP requires one;
    /// through Redis it signs all messages. It may also come from `?keyfile=`
    /// or the variable `CONCLIB_AUTHKEY`.
    pub fn key(mut self, key: AuthKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Sets the limits of each connection: the largest frame, the number of
    /// requests under way, the bytes that wait and others. The clients may have
    /// other ones.
    ///
    /// Only links over a unix socket, TCP or TLS have these limits. A URL of Redis
    /// takes none, and is refused with `NoLink`.
    ///
    /// # Examples
    ///
    /// ```
    /// use conclib::LinkLimits;
    /// use conclib::prelude::*;
    /// use conclib::wire::CodecError;
    ///
    /// #[actor(urn = "notes")]
    /// struct Notes;
    ///
    /// #[actor]
    /// impl Notes {
    ///     #[message]
    ///     fn add(&mut self, text: String) -> usize { text.len() }
    /// }
    ///
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// # system.spawn(Notes)?;
    /// # let dir = conclib::PrivateDir::new()?;
    /// # let url = format!("unix://{}", dir.join("a.sock").display());
    /// let mut limits = LinkLimits::default();
    /// limits.frame = 64 * 1024;
    /// let proxy = Proxy::serve(&system, url).limits(limits).await?;
    ///
    /// let client = ProxyClient::connect(proxy.url()).await?;
    /// let notes: ActorRef<Notes> = client.actor("notes")?;
    /// assert_eq!(notes.add("x".repeat(60_000)).await?, 60_000);
    /// match notes.add("x".repeat(70_000)).await {
    ///     Err(AskError::Codec { error, .. }) => {
    ///         assert!(matches!(*error, CodecError::TooLarge { .. }));
    ///     }
    ///     other => panic!("{other:?}"),
    /// }
    /// # system.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn limits(mut self, limits: LinkLimits) -> Self {
        self.limits = Some(limits);
        self
    }

    async fn run(self) -> Result<Proxy, ServeError> {
        let carrier = Carrier::of(&self.url)?;
        let inlet = self.system.inlet().with_control(self.control);
        let (broker, local) = carrier.open(self.key, self.limits, inlet).await?;
        let proxy = Proxy {
            url: broker.url().to_owned(),
            local_addr: local.upgrade().and_then(|broker| broker.local_addr()),
            local,
            broker: Arc::downgrade(&broker),
        };
        if let Err(error) = self.system.attach(broker.clone()) {
            broker.close().await;
            return Err(error.into());
        }
        Ok(proxy)
    }
}

impl IntoFuture for Serve {
    type Output = Result<Proxy, ServeError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Serve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
