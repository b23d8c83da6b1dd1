//! Client of the proxies in a namespace.

use std::fmt;
use std::sync::{Arc, MutexGuard, PoisonError};

use conclib_core::wire::{Inlet, Outlet};
use conclib_net::AuthKey;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use crate::durable::{self, DeadLetters};
use crate::endpoint::{self, Endpoint, Phase, Served};
use crate::error::RedisError;
use crate::router::Router;
use crate::runtime;
use crate::stats::RedisStats;
use crate::url::RedisUrl;

/// Messages for a client that are not read yet: the answers to all requests that may be under way
/// to two proxies.
const MESSAGES: usize = 2 * 1024;

/// Connection of a process to a namespace, from which the actors of all its proxies are asked; and
/// the way in to the actors of this process, if it [serves](Self::serve) a system.
///
/// Dropping the last `Arc` ends the connection at once; [`close`](Self::close) does so in order.
///
/// # Examples
///
/// ```no_run
/// use conclib_redis::{RedisClient, RedisUrl};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let url: RedisUrl = "redis://127.0.0.1:6379".parse()?;
/// let client = RedisClient::connect(url, None).await?;
/// let outlet = client.outlet();
/// # client.close().await;
/// # Ok(())
/// # }
/// ```
pub struct RedisClient {
    pub(crate) router: Arc<Router>,
    phase: watch::Sender<Phase>,
    /// Task of the endpoint. `None` once a caller has seen it end.
    task: Mutex<Option<JoinHandle<()>>>,
    /// Task of the mailboxes of the system that is served, and its phase.
    mailboxes: std::sync::Mutex<Option<(JoinHandle<()>, watch::Sender<Phase>)>>,
    runtime: Handle,
}

impl RedisClient {
    /// Connects to a server. `key` signs all messages; if it is `None`, the one in the `keyfile=` of
    /// the URL is taken, else the one in `CONCLIB_AUTHKEY`, else none.
    ///
    /// # Errors
    /// [`RedisError`], within five seconds. There is one attempt only; a connection that is lost
    /// later is made again.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is left if the future is dropped.
    pub async fn connect(url: RedisUrl, key: Option<AuthKey>) -> Result<Arc<Self>, RedisError> {
        Self::connect_with_room(url, key, MESSAGES).await
    }

    /// Connects, with room for that many messages that are not read yet.
    pub(crate) async fn connect_with_room(
        url: RedisUrl,
        key: Option<AuthKey>,
        messages: usize,
    ) -> Result<Arc<Self>, RedisError> {
        let runtime = runtime::current()?;
        url.check_native()?;
        let (endpoint, events) = Endpoint::connect(url, key, messages).await?;
        let router = Router::new(endpoint.clone())?;
        let (phase, phases) = watch::channel(Phase::Serving);
        let task = runtime.spawn(endpoint::run(endpoint, events, phases));
        Ok(Arc::new(Self {
            router,
            phase,
            task: Mutex::new(Some(task)),
            mailboxes: std::sync::Mutex::default(),
            runtime,
        }))
    }

    /// Returns the way to the actors of the namespace.
    #[must_use]
    pub fn outlet(&self) -> Arc<dyn Outlet> {
        self.router.clone()
    }

    /// Returns the current state of the connection, and its counts so far.
    #[must_use]
    pub fn stats(&self) -> RedisStats {
        self.router.endpoint.stats()
    }

    /// Opens the actors of a system to the namespace, as soon as the server has taken note. Only the
    /// first call has an effect.
    pub fn serve(&self, inlet: &Inlet) {
        let (endpoint, served) = (self.router.endpoint.clone(), self.served(inlet));
        self.own_mailboxes(&served);
        self.runtime.spawn(async move {
            if let Err(error) = endpoint.serve(served).await {
                tracing::warn!(target: "conclib::redis", %error, "serving begins with the next connection");
            }
        });
    }

    /// Opens the actors of a system to the namespace, and waits until they can be found.
    pub(crate) async fn open_to(&self, inlet: &Inlet) -> Result<(), RedisError> {
        let served = self.served(inlet);
        self.router.endpoint.serve(served.clone()).await?;
        self.own_mailboxes(&served);
        Ok(())
    }

    /// Begins to serve the durable messages to a system, unless one is served.
    fn own_mailboxes(&self, served: &Served) {
        let mut mailboxes = self.lock_mailboxes();
        if mailboxes.is_none() {
            let (phase, phases) = watch::channel(Phase::Serving);
            let task = durable::run(self.router.endpoint.clone(), served.clone(), phases);
            *mailboxes = Some((self.runtime.spawn(task), phase));
        }
    }

    /// Returns the dead letters of the namespace: durable messages that were not handled.
    #[must_use]
    pub fn dead_letters(&self) -> DeadLetters {
        DeadLetters::new(self.router.endpoint.clone())
    }

    fn served(&self, inlet: &Inlet) -> Served {
        Served {
            // No peer holds a reference to an anonymous actor.
            inlet: inlet.clone().named(),
            scope: self.router.scope(),
        }
    }

    /// Refuses new requests of other processes, and answers those under way.
    pub(crate) fn refuse_new(&self) {
        advance(&self.phase, Phase::Refusing);
        if let Some((_, phase)) = &*self.lock_mailboxes() {
            advance(phase, Phase::Refusing);
        }
    }

    /// Sends what is queued, for at most two seconds, and disconnects. Idempotent.
    ///
    /// # Cancel safety
    /// Dropping the future only ends the waiting for the end of the sessions of other processes.
    pub async fn close(&self) {
        self.refuse_new();
        let mailboxes = self.lock_mailboxes().take();
        if let Some((mailboxes, phase)) = mailboxes {
            // The answers to the last messages are stored.
            advance(&phase, Phase::Closing);
            let _ = mailboxes.await;
        }
        self.router.close().await;
        advance(&self.phase, Phase::Closing);
        let mut task = self.task.lock().await;
        if let Some(running) = task.as_mut() {
            // A task that panicked has ended too.
            let _ = running.await;
            *task = None;
        }
    }

    fn lock_mailboxes(&self) -> MutexGuard<'_, Option<(JoinHandle<()>, watch::Sender<Phase>)>> {
        self.mailboxes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Phases only move forward.
fn advance(phase: &watch::Sender<Phase>, to: Phase) {
    phase.send_if_modified(|phase| {
        let later = *phase < to;
        *phase = to.max(*phase);
        later
    });
}

impl Drop for RedisClient {
    fn drop(&mut self) {
        self.router.end();
        if let Some((mailboxes, _)) = self.lock_mailboxes().take() {
            mailboxes.abort();
        }
        if let Some(task) = self.task.get_mut().take_if(|task| !task.is_finished()) {
            task.abort();
            let endpoint = self.router.endpoint.clone();
            self.runtime
                .spawn(async move { endpoint.disconnect().await });
        }
    }
}

impl fmt::Debug for RedisClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisClient")
            .field("url", &self.router.endpoint.url)
            .finish_non_exhaustive()
    }
}
