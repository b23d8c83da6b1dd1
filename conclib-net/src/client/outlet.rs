//! Client of a broker.

use std::fmt;
use std::sync::Arc;

use conclib_core::__private::timed_runtime;
use conclib_core::SpawnError;
use conclib_core::wire::{
    Answerer, Envelope, Home, Inlet, Origin, Outage, Outlet, RefScope, RequestId, Room, SendRefused,
};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::dial::{Dial, LIMIT};
use super::driver;
use crate::halves::Halves;
use crate::session::{AbandonOnDrop, LinkLimits, Session, SessionStats};
use crate::{Address, AuthKey, ConnectError};

/// A connection to a [`LocalBroker`](crate::LocalBroker), shared by all tasks
/// of a process: the [`Outlet`] through which its actors are asked.
///
/// A process needs one for each system it asks. An outlet has up to 1024
/// requests under way at once, and no more than a quarter of the free slots
/// goes to one actor, so that a slow one does not hold up the others. A request
/// beyond that waits for [`room`](Outlet::room), and so does one that comes
/// while the connection is lost. The connection is made again by itself, after
/// pauses that grow from 50 ms to 5 s.
///
/// A request that is under way when the connection is lost fails with
/// `Disconnected`, which says whether its handler may have run. A request that waits
/// for a connection until its deadline fails with `Unreachable`, which says
/// since when there is none and what the last try to connect said.
///
/// Dropping the last `Arc` closes the client: what was sent still leaves,
/// within two seconds, and what is not answered fails.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use conclib_core::System;
/// use conclib_core::wire::Outlet;
/// use conclib_net::{Address, Client, LocalBroker};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("app.sock");
/// let system = System::new("docs");
/// let address = Address::unix(path)?;
/// let broker = LocalBroker::open(&address, None, system.inlet()).await?;
///
/// let client = Client::connect(&address, None).await?;
/// let outlet: Arc<dyn Outlet> = client.clone();
/// assert!(outlet.next_id() < outlet.next_id());
/// client.close().await;
/// # Ok(())
/// # }
/// ```
pub struct Client {
    url: String,
    session: Session,
    /// `None` once a caller has seen the task end.
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Client {
    /// Connects to the broker at `address`, and runs the handshake.
    ///
    /// TCP needs a `key`, the one of the broker: if it is `None`, the one in
    /// the `?keyfile=` of the address is taken, else the one in
    /// `CONCLIB_AUTHKEY`.
    ///
    /// # Errors
    ///
    /// [`ConnectError`], within five seconds, with the address in its text.
    /// There is one attempt only: a missing server is an error here. The client
    /// waits for a server only after the first connection succeeded.
    ///
    /// # Panics
    ///
    /// In a tokio runtime without its IO driver.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is left if the future is dropped.
    pub async fn connect(
        address: &Address,
        key: Option<AuthKey>,
    ) -> Result<Arc<Self>, ConnectError> {
        Self::connect_with_limits(address, key, LinkLimits::default()).await
    }

    /// Connects like [`connect`](Self::connect), with limits for the connection
    /// and for those that replace it.
    ///
    /// # Errors
    ///
    /// See [`connect`](Self::connect).
    ///
    /// # Panics
    ///
    /// In a tokio runtime without its IO driver.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is left if the future is dropped.
    pub async fn connect_with_limits(
        address: &Address,
        key: Option<AuthKey>,
        limits: LinkLimits,
    ) -> Result<Arc<Self>, ConnectError> {
        let runtime = runtime(address)?;
        let dial = Dial::new(address, key)?;
        let first = dial.dial().await?;
        let client = Self::run(&runtime, dial, Some(first), limits)?;
        // The server says hello at once; one that does not can still be asked.
        let _ = timeout(LIMIT, client.session.greeted()).await;
        Ok(client)
    }

    /// Makes a client that connects in the background, and tries again until it
    /// succeeds.
    pub(crate) fn in_background(
        address: &Address,
        key: Option<AuthKey>,
    ) -> Result<Arc<Self>, ConnectError> {
        let runtime = runtime(address)?;
        let dial = Dial::new(address, key)?;
        Self::run(&runtime, dial, None, LinkLimits::default())
    }

    fn run(
        runtime: &Handle,
        dial: Dial,
        first: Option<Halves>,
        limits: LinkLimits,
    ) -> Result<Arc<Self>, ConnectError> {
        let url = dial.url.clone();
        let session = Session::new(Origin::Peer(url.as_str().into()), limits);
        let session = session.map_err(|source| ConnectError::Io {
            url: url.clone(),
            source,
        })?;
        if first.is_none() {
            session.is_not_connected();
        }
        let task = runtime.spawn(driver::run(AbandonOnDrop(session.clone()), dial, first));
        Ok(Arc::new(Self {
            url,
            session,
            task: Mutex::new(Some(task)),
        }))
    }

    /// Waits until the server has said which system it is, or until there is no
    /// connection.
    pub(crate) async fn greeted(&self) {
        self.session.greeted().await;
    }

    /// Returns the address of the broker.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the current state of the client, and its counts so far.
    #[must_use]
    pub fn stats(&self) -> SessionStats {
        self.session.stats()
    }

    /// Opens the actors of a system to the server, over the same connection:
    /// for callbacks. Only the first call has an effect.
    pub fn serve(&self, inlet: &Inlet) {
        self.session.serve(inlet, "");
    }

    /// Accepts no more requests, sends the queued ones for at most two seconds,
    /// and disconnects; idempotent.
    ///
    /// Requests that are not answered yet fail with `Disconnected`.
    ///
    /// # Cancel safety
    ///
    /// The client closes even if the future is dropped.
    pub async fn close(&self) {
        self.session.close();
        let mut task = self.task.lock().await;
        if let Some(running) = task.as_mut() {
            // A task that panicked has ended too.
            let _ = running.await;
            *task = None;
        }
    }
}

/// Returns the runtime for the task of a client.
fn runtime(address: &Address) -> Result<Handle, ConnectError> {
    let url = || address.to_string();
    timed_runtime().map_err(|error| match error {
        SpawnError::NoTimers => ConnectError::NoTimers { url: url() },
        _ => ConnectError::NoRuntime { url: url() },
    })
}

impl Outlet for Client {
    fn send(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
    ) -> Result<(), (SendRefused, Answerer)> {
        self.session.send(envelope, answerer)
    }

    fn room(&self, to: &str) -> Room {
        self.session.room(to)
    }

    fn cancel(&self, id: RequestId) {
        self.session.cancel(id);
    }

    fn waits(&self, id: RequestId, chain: &[u8]) {
        self.session.waits(id, chain);
    }

    fn outage(&self) -> Option<Outage> {
        self.session.outage()
    }

    fn in_flight(&self, to: &str) -> usize {
        self.session.in_flight(to)
    }

    fn next_id(&self) -> RequestId {
        self.session.next_id()
    }

    fn scope(&self) -> Option<Arc<dyn RefScope>> {
        self.session.scope()
    }

    fn peer(&self) -> Option<Home> {
        self.session.peer()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.session.close();
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("url", &self.url)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
