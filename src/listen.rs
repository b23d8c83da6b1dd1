//! Networking of single actors: `system.listen(…)` and `Counter::connect(…)`, and the keyring of a
//! system.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use conclib_core::{ActorRef, System, Travels};
use conclib_net::{AuthKey, Keyring, LinkLimits};

use crate::proxy::{ConnectError, Proxy, ProxyClient, Serve};

/// Networking of a [`System`]; in the prelude.
pub trait Listen {
    /// Serves the named actors of the system at a URL, to processes that have the key: a
    /// [`Proxy`] with a key. The returned [`Serve`] has to be awaited; [`Proxy::local_addr`] is the
    /// address, with the actual port.
    ///
    /// Over a unix socket, and over TLS with client certificates, the key may be `None`.
    ///
    /// # Errors
    /// See [`ServeError`](crate::error::ServeError).
    ///
    /// # Examples
    ///
    /// ```
    /// use conclib::prelude::*;
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
    /// let key = AuthKey::random()?;
    /// system.spawn(Counter { n: 40 })?;
    /// let listening = system.listen("tcp://127.0.0.1:0", key.clone()).await?;
    ///
    /// // In another process:
    /// let counter = Counter::connect(listening.url(), key).await?;
    /// assert_eq!(counter.add(2).await?, 42);
    /// # system.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    fn listen(&self, url: impl Into<String>, key: impl Into<Option<AuthKey>>) -> Serve;

    /// Returns the keyring of the system: the addresses to which it may connect by itself, for
    /// references that come from third processes.
    fn keys(&self) -> Arc<Keyring>;
}

impl Listen for System {
    fn listen(&self, url: impl Into<String>, key: impl Into<Option<AuthKey>>) -> Serve {
        let serve = Proxy::serve(self, url);
        match key.into() {
            Some(key) => serve.key(key),
            None => serve,
        }
    }

    fn keys(&self) -> Arc<Keyring> {
        Keyring::of(self)
    }
}

/// Connection to the one actor of a type in another process; in the prelude. Implemented for every
/// actor whose messages travel.
pub trait ConnectTo: Travels {
    /// Connects to the system at a URL, and returns a reference to its one named actor of this
    /// type. The returned [`Connecting`] has to be awaited.
    ///
    /// The type is known by the last part of its path, so the two programs may have it in
    /// different crates. The reference keeps the connection, which is made again when it is lost,
    /// and does not keep the actor alive. It ends the actor by `stop` if the server permits that,
    /// by `.control(Control::Any)`.
    ///
    /// # Errors
    /// [`ConnectError`], within five seconds: with `Link` and
    /// [`LinkError::Auth`](crate::error::LinkError::Auth) if the key is another one, with
    /// `TypeMismatch` if the system has no such actor, and with `Ambiguous` if it has several.
    fn connect(url: impl Into<String>, key: impl Into<Option<AuthKey>>) -> Connecting<Self>
    where
        Self: Sized;
}

impl<A: Travels> ConnectTo for A {
    fn connect(url: impl Into<String>, key: impl Into<Option<AuthKey>>) -> Connecting<Self> {
        Connecting {
            url: url.into(),
            key: key.into(),
            limits: None,
            system: None,
            actor: PhantomData,
        }
    }
}

/// Reference to an actor in another process that is about to be connected: await it.
#[must_use = "nothing is connected before it is awaited"]
pub struct Connecting<A> {
    url: String,
    key: Option<AuthKey>,
    limits: Option<LinkLimits>,
    system: Option<System>,
    actor: PhantomData<fn() -> A>,
}

impl<A: Travels> Connecting<A> {
    /// Opens the actors of a system in this process to the other one, over the same connection, as
    /// [`ProxyClient::serve`] does: for callbacks. References that come in may also lead to the
    /// addresses in the keyring of that system.
    pub fn serve(mut self, system: &System) -> Self {
        self.system = Some(system.clone());
        self
    }

    /// Sets the limits of the connection, as [`Connect::limits`] does.
    ///
    /// [`Connect::limits`]: crate::future::Connect::limits
    pub fn limits(mut self, limits: LinkLimits) -> Self {
        self.limits = Some(limits);
        self
    }

    async fn run(self) -> Result<ActorRef<A>, ConnectError> {
        let mut connect = ProxyClient::connect(&*self.url);
        connect.key = self.key;
        connect.limits = self.limits;
        let client = connect.await?;
        if let Some(system) = &self.system {
            client.serve(system);
        }
        client.only(&self.url).await
    }
}

impl<A: Travels> IntoFuture for Connecting<A> {
    type Output = Result<ActorRef<A>, ConnectError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<A> fmt::Debug for Connecting<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
