//! Access from other processes: the proxy in the system, its clients, and the
//! table from URL scheme to transport.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use conclib_core::wire::type_name;
use conclib_core::wire::{Broker, Control, Failure, Inlet, Outlet, Remote};
use conclib_core::{
    Actor, ActorRef, AskError, Call, SpawnError, StopReason, System, Telling, Travels, Urn,
    WireMessage,
};
use conclib_net::{
    Address, AddressError, AuthKey, Client, ConnectError as LinkError, LinkLimits, LocalBroker,
    OpenError,
};
#[cfg(feature = "redis")]
use conclib_redis::{PythonBroker, PythonClient, RedisBroker, RedisClient, RedisError, RedisUrl};
use serde_json::Value;

/// Transport of a URL: one variant for each group of schemes.
enum Carrier {
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
enum InvalidUrl {
    Link(AddressError),
    #[cfg(feature = "redis")]
    Redis(RedisError),
}

impl Carrier {
    fn of(url: &str) -> Result<Self, InvalidUrl> {
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

    async fn open(
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

    async fn connect(
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
const NO_LINK: &str = "`limits` are those of a link over a unix socket, TCP or TLS: a URL of Redis takes none, so leave \
                       them out";

/// Connection of a client.
#[derive(Clone)]
enum Connection {
    Link(Arc<Client>),
    #[cfg(feature = "redis")]
    Redis(Arc<RedisClient>),
    #[cfg(feature = "redis")]
    Python(Arc<PythonClient>),
}

impl Connection {
    fn outlet(&self) -> Arc<dyn Outlet> {
        match self {
            Self::Link(client) => client.clone(),
            #[cfg(feature = "redis")]
            Self::Redis(client) => client.outlet(),
            #[cfg(feature = "redis")]
            Self::Python(client) => client.clone(),
        }
    }

    fn serve(&self, inlet: &Inlet) {
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

/// Reason why a client did not connect.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL is invalid.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// No connection was made.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The system there has no named actor of the type.
    #[error(
        "the system at `{url}` has no named `{wanted}`; its named actors are of the types {found:?}: check the \
         address, and that the actor has a name, by `#[actor(urn = \"…\")]` or `system.actor(…).urn(\"…\")`"
    )]
    TypeMismatch {
        /// The URL, without its options.
        url: String,
        /// Type of the actor that was wanted.
        wanted: String,
        /// Types of the named actors there, at most 16.
        found: Vec<String>,
    },
    /// The system there has several named actors of the type.
    #[error(
        "the system at `{url}` has several actors of the type `{wanted}`, {found:?}: choose one by its name, \
         `ProxyClient::connect(…).await?.actor(\"…\")`"
    )]
    Ambiguous {
        /// The URL, without its options.
        url: String,
        /// Type of the actor that was wanted.
        wanted: String,
        /// Names of the actors, at most 16.
        found: Vec<Urn>,
    },
    /// The system there did not say which actors it has.
    #[error("the system at `{url}` did not say which actors it has")]
    NoAnswer {
        /// The URL, without its options.
        url: String,
        /// Failure of the question.
        source: Failure,
    },
    /// Limits of a link were set for a URL of Redis.
    #[cfg(feature = "redis")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
    #[error("{NO_LINK}")]
    NoLink,
    /// The client is not connected through Redis.
    #[cfg(feature = "redis")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
    #[error(transparent)]
    Redis(#[from] RedisError),
}

impl From<InvalidUrl> for ConnectError {
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

/// Client of a proxy: asks the actors of a system in another process, by their
/// names. It needs the message types and no actor code.
///
/// A process needs only one: clone it into any number of tasks, which share one
/// connection. A lost connection is made again. Every request ends: by its
/// answer, or by its deadline, after thirty seconds unless
/// [`timeout`](Call::timeout) says otherwise. An ask that had no connection
/// until its deadline fails with the reason:
/// [`Unreachable`](conclib_core::AskError::Unreachable).
///
/// A full mailbox of a remote actor refuses a message with
/// [`MailboxFull`](conclib_core::AskError::MailboxFull), while a local sender
/// waits for room: messages to all actors share the connection, and no actor
/// may delay the others. For the same reason at most 1024 requests are under
/// way at once, and at most 256 of them to one actor: the rest wait in the
/// client, until their deadline. [`Connect::limits`] sets other limits.
///
/// # Through Redis
///
/// A client of a `redis:` URL asks the actors of all systems that serve its
/// namespace, wherever they run. These limits hold for each of those systems. An
/// ask fails at once with [`NoProxy`](conclib_core::AskError::NoProxy) if there is
/// none, and with [`NoSuchActor`](conclib_core::AskError::NoSuchActor) if none has
/// the name. [`Call::durable`] stores a message in the server until it was
/// handled; the guide "From other processes" compares the two classes.
///
/// ```no_run
/// use conclib::prelude::*;
///
/// #[message(reply = String)]
/// struct Greet { name: String }
///
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// let client = ProxyClient::connect("redis://127.0.0.1:6379?ns=shop").await?;
/// match client.ask("greeter", Greet { name: "Ada".into() }).await {
///     Ok(greeting) => println!("{greeting}"),
///     Err(AskError::NoProxy { .. }) => println!("nobody serves `shop`"),
///     Err(error) => println!("{error}; handled: {:?}", error.delivery()),
/// }
/// client.ask("greeter", Greet { name: "Eve".into() }).durable().tell().await?;
/// # Ok(())
/// # }
/// ```
///
/// # Examples
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
/// # system.spawn(Greeter)?;
/// # let dir = conclib::PrivateDir::new()?;
/// # let url = format!("unix://{}", dir.join("a.sock").display());
/// # let proxy = Proxy::serve(&system, url).await?;
/// # let url = proxy.url();
/// let client = ProxyClient::connect(url).await?;
/// let greeting = client.ask("greeter", Greet { name: "Ada".into() }).await?;
/// assert_eq!(greeting, "Hello, Ada!");
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ProxyClient {
    connection: Connection,
}

impl ProxyClient {
    /// Connects to a proxy. The returned [`Connect`] has to be awaited.
    ///
    /// # Errors
    /// No proxy listens at the URL, or it refuses this client: see
    /// [`ConnectError`]. After the first connection the client waits for a lost
    /// proxy to come back.
    pub fn connect(url: impl Into<String>) -> Connect {
        Connect {
            url: url.into(),
            key: None,
            limits: None,
        }
    }

    /// Calls the actor of that name with `message`. Awaiting the call gives the
    /// reply; [`Call`] has the other ways to send it.
    pub fn ask<M: WireMessage>(&self, urn: impl AsRef<str>, message: M) -> Call<Remote, M> {
        Call::new(self.remote(urn), message)
    }

    /// Sends `message` to the actor of that name and forgets the answer: the same as
    /// `.ask(urn, message).tell()`, see [`Call::tell`].
    pub fn tell<M: WireMessage>(&self, urn: impl AsRef<str>, message: M) -> Telling<Remote, M> {
        self.ask(urn, message).tell()
    }

    /// Returns a typed reference to the actor of that name, for code that uses
    /// the type of the actor wherever it runs. Only an ask shows if the actor
    /// exists, and if it is an `A`.
    ///
    /// # Errors
    /// The name is no valid URN.
    pub fn actor<A: Travels>(
        &self,
        urn: impl AsRef<str>,
    ) -> Result<ActorRef<A>, conclib_core::UrnError> {
        let urn = Urn::new(urn)?;
        Ok(ActorRef::remote(Remote::new(
            self.connection.outlet(),
            Ok(urn),
        )))
    }

    /// Opens the actors of a system in this process to the other process, over
    /// the same connection: for callbacks. A message may then carry an
    /// [`ActorRef`] to one of them, and the other process asks it like any
    /// actor. Only the first call has an effect.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// pub struct Progress;
    ///
    /// #[actor]
    /// impl Progress {
    ///     #[message]
    ///     fn at(&mut self, percent: u8) { println!("{percent} %"); }
    /// }
    ///
    /// #[actor(urn = "builder")]
    /// struct Builder;
    ///
    /// #[actor]
    /// impl Builder {
    ///     #[message]
    ///     async fn build(&mut self, progress: ActorRef<Progress>) -> bool {
    ///         progress.at(50).await.is_ok() && progress.at(100).await.is_ok()
    ///     }
    /// }
    ///
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let server = System::new("server");
    /// # server.spawn(Builder)?;
    /// # let dir = conclib::PrivateDir::new()?;
    /// # let url = format!("unix://{}", dir.join("a.sock").display());
    /// # let proxy = Proxy::serve(&server, url).await?;
    /// # let url = proxy.url();
    /// // In another process, which also runs a system:
    /// let system = System::new("client");
    /// let client = ProxyClient::connect(url).await?;
    /// client.serve(&system);
    /// let progress = system.spawn(Progress)?;
    /// let builder: ActorRef<Builder> = client.actor("builder")?;
    /// assert!(builder.build(progress).await?);
    /// # server.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn serve(&self, system: &System) {
        self.connection.serve(&system.inlet());
    }

    /// Asks without the type of the message: by its wire name, in JSON.
    ///
    /// # Errors
    /// [`AskError`], as for any ask. A domain error comes as
    /// [`AskError::Fault`], whose message is its JSON.
    ///
    /// # Cancel safety
    /// Dropping the future cancels the request if its handler has not begun.
    pub async fn ask_json(
        &self,
        urn: impl AsRef<str>,
        message: &str,
        body: &Value,
        timeout: Duration,
    ) -> Result<Value, AskError> {
        self.remote(urn).ask_json(message, body, timeout).await
    }

    /// Returns the one named actor of the type.
    pub(crate) async fn only<A: Travels>(&self, url: &str) -> Result<ActorRef<A>, ConnectError> {
        let url = url.split('?').next().unwrap_or_default().to_owned();
        let wanted = type_name(std::any::type_name::<A>()).to_owned();
        let found = Remote::find_type(self.connection.outlet(), &wanted).await;
        let mut found = match found {
            Ok(found) => found,
            Err(source) => return Err(ConnectError::NoAnswer { url, source }),
        };
        match (found.urns.pop(), found.urns.is_empty()) {
            (Some(urn), true) => {
                let remote = Remote::new(self.connection.outlet(), Ok(urn));
                Ok(ActorRef::remote(remote))
            }
            (Some(last), false) => {
                found.urns.push(last);
                let found = found.urns;
                Err(ConnectError::Ambiguous { url, wanted, found })
            }
            (None, _) => {
                let found = found.types;
                Err(ConnectError::TypeMismatch { url, wanted, found })
            }
        }
    }

    fn remote(&self, urn: impl AsRef<str>) -> Remote {
        Remote::new(self.connection.outlet(), Urn::new(urn))
    }
}

impl fmt::Debug for ProxyClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyClient").finish_non_exhaustive()
    }
}

/// Client that is about to connect: await it.
#[must_use = "nothing is connected before it is awaited"]
#[derive(Debug)]
pub struct Connect {
    pub(crate) url: String,
    pub(crate) key: Option<AuthKey>,
    pub(crate) limits: Option<LinkLimits>,
}

impl Connect {
    /// Sets the authkey of the proxy. Only TCP requires one; through Redis it
    /// signs all messages. It may also come from `?keyfile=` or the variable
    /// `CONCLIB_AUTHKEY`.
    pub fn key(mut self, key: AuthKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Sets the limits of the connection, also when it was lost and is made
    /// again: the largest frame that may come in, the number of requests under
    /// way, the bytes that wait and others. The proxy may have other ones.
    ///
    /// Only links over a unix socket, TCP or TLS have these limits. A URL of Redis
    /// takes none, and is refused with `NoLink`.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use conclib::LinkLimits;
    /// use conclib::prelude::*;
    ///
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// let mut limits = LinkLimits::default();
    /// limits.window = 100;
    /// let client = ProxyClient::connect("unix:///run/app/app.sock").limits(limits).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn limits(mut self, limits: LinkLimits) -> Self {
        self.limits = Some(limits);
        self
    }

    async fn run(self) -> Result<ProxyClient, ConnectError> {
        let carrier = Carrier::of(&self.url)?;
        let connection = carrier.connect(self.key, self.limits).await?;
        Ok(ProxyClient { connection })
    }
}

impl IntoFuture for Connect {
    type Output = Result<ProxyClient, ConnectError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
