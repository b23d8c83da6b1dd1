//! Client of a system in another process.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use conclib_core::wire::{Failure, Remote, type_name};
use conclib_core::{ActorRef, AskError, Call, System, Telling, Travels, Urn, WireMessage};
use conclib_net::{AddressError, AuthKey, ConnectError as LinkError, LinkLimits};
#[cfg(feature = "redis")]
use conclib_redis::RedisError;
use serde_json::Value;

#[cfg(feature = "redis")]
use super::carrier::NO_LINK;
use super::carrier::{Carrier, Connection, InvalidUrl};

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
