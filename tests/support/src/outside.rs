//! Support for tests of proxies: a system served over a unix socket or TCP, and
//! its actors.

use std::future::IntoFuture;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};

use conclib::error::{OpenError, ServeError};
use conclib::future::{Connect, Serve};
use conclib::prelude::*;
use conclib::{AuthKey, PrivateDir};
use tokio::sync::mpsc;
use tokio::task::yield_now;

use crate::{Keeper, Log, NoGood, gate};

/// Transport for requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Road {
    Unix,
    Tcp,
}

/// Generates two tests from each body: one for each transport. With `alone;`
/// first, each of them has a process of its own.
#[macro_export]
macro_rules! on_every_road {
    (alone; $($test:ident),* $(,)?) => {
        $crate::on_every_road! {
            @ test(alone, flavor = "multi_thread", worker_threads = 2); $($test)*
        }
    };
    (@ $attribute:meta; $($test:ident)*) => {
        $crate::on_every_road! { @ over_unix Unix $attribute; $($test)* }
        $crate::on_every_road! { @ over_tcp Tcp $attribute; $($test)* }
    };
    (@ $module:ident $road:ident $attribute:meta; $($test:ident)*) => {
        mod $module {
            use ::support::test;
            $(
                #[$attribute]
                async fn $test() -> conclib::Result {
                    super::$test(::support::outside::Road::$road).await
                }
            )*
        }
    };
    ($($test:ident),* $(,)?) => {
        $crate::on_every_road! {
            @ test(flavor = "multi_thread", worker_threads = 2); $($test)*
        }
    };
}

pub use on_every_road;

/// Address of a proxy, and how clients connect. It outlives the proxy.
pub struct Place {
    url: String,
    key: Option<AuthKey>,
    /// Path of the socket, for a unix socket.
    pub socket: Option<PathBuf>,
    _dir: Option<PrivateDir>,
}

impl Place {
    pub fn new(road: Road) -> conclib::Result<Self> {
        match road {
            Road::Unix => {
                let dir = PrivateDir::new()?;
                let socket = dir.join("proxy.sock");
                Ok(Self {
                    url: format!("unix://{}", socket.display()),
                    key: None,
                    socket: Some(socket),
                    _dir: Some(dir),
                })
            }
            Road::Tcp => {
                // Loopback address that no other test uses, in this process or
                // in a concurrent one: so a port that is closed for a moment is
                // still free.
                static NEXT: AtomicU8 = AtomicU8::new(1);
                let [.., high, low] = std::process::id().to_be_bytes();
                let own = NEXT.fetch_add(1, Ordering::Relaxed);
                Ok(Self {
                    url: format!("tcp://127.{high}.{low}.{own}:0"),
                    key: Some(AuthKey::random()?),
                    socket: None,
                    _dir: None,
                })
            }
        }
    }

    /// Serves a system here. A later proxy gets the same port.
    pub async fn serve(&mut self, system: &System) -> conclib::Result<Proxy> {
        self.serve_with(system, |serve| serve).await
    }

    /// Serves a system here, with further settings.
    pub async fn serve_with(
        &mut self,
        system: &System,
        set: impl Fn(Serve) -> Serve,
    ) -> conclib::Result<Proxy> {
        let proxy = loop {
            match set(self.serving(system)).await {
                // No server is here, but a process that another test just
                // started has inherited the open socket, until it runs its
                // program.
                Err(ServeError::Open(OpenError::InUse { .. })) => yield_now().await,
                served => break served?,
            }
        };
        proxy.url().clone_into(&mut self.url);
        Ok(proxy)
    }

    /// Serves a system here, if no other server does.
    pub async fn try_serve(&self, system: &System) -> Result<Proxy, ServeError> {
        self.serving(system).await
    }

    fn serving(&self, system: &System) -> Serve {
        let serve = Proxy::serve(system, &*self.url);
        match &self.key {
            Some(key) => serve.key(key.clone()),
            None => serve,
        }
    }

    pub async fn client(&self) -> conclib::Result<ProxyClient> {
        Ok(self.connect().await?)
    }

    /// Client that is about to connect, as an owned future.
    pub fn connect(&self) -> <Connect as IntoFuture>::IntoFuture {
        self.connecting().into_future()
    }

    /// Client that is about to connect, for further settings.
    pub fn connecting(&self) -> Connect {
        let connect = ProxyClient::connect(&*self.url);
        match &self.key {
            Some(key) => connect.key(key.clone()),
            None => connect,
        }
    }

    pub fn key(&self) -> Option<&AuthKey> {
        self.key.as_ref()
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sets the URL of a server that was started elsewhere.
    pub fn set_url(&mut self, url: String) {
        self.url = url;
    }

    /// The address as text, for another process.
    pub fn to_env(&self) -> String {
        let key = self.key.as_ref().map(AuthKey::to_hex);
        format!("{} {}", self.url, key.unwrap_or_default())
    }

    pub fn from_env(text: &str) -> Option<Self> {
        let (url, key) = text.split_once(' ')?;
        Some(Self {
            url: url.to_owned(),
            key: AuthKey::from_hex(key).ok(),
            socket: url.strip_prefix("unix://").map(PathBuf::from),
            _dir: None,
        })
    }

    /// Tests if the socket file exists.
    pub fn has_file(&self) -> bool {
        self.socket.as_ref().is_some_and(|socket| socket.exists())
    }
}

/// Served system with a desk and a bell in it.
pub struct House {
    pub place: Place,
    pub proxy: Proxy,
    pub system: System,
    pub desk: ActorRef<Desk>,
    pub watch: Watch,
}

impl House {
    pub async fn open(road: Road) -> conclib::Result<Self> {
        Self::open_at(Place::new(road)?).await
    }

    /// Opens a system at an address that may have been used before.
    pub async fn open_at(place: Place) -> conclib::Result<Self> {
        Self::open_with(place, |serve| serve).await
    }

    /// Opens a system with further settings of its proxy.
    pub async fn open_with(
        mut place: Place,
        set: impl Fn(Serve) -> Serve,
    ) -> conclib::Result<Self> {
        let system = System::new("house");
        let (desk, watch) = desk();
        let desk = system.spawn(desk)?;
        system.spawn(Bell)?;
        Ok(Self {
            proxy: place.serve_with(&system, set).await?,
            place,
            system,
            desk,
            watch,
        })
    }

    pub async fn client(&self) -> conclib::Result<ProxyClient> {
        self.place.client().await
    }

    /// Number of messages that the desk has handled.
    pub fn handled(&self) -> u64 {
        let desk = self.desk.urn();
        let actors = self.system.snapshot().actors;
        let handled = actors.iter().find(|actor| actor.urn == desk);
        handled.map_or(0, |actor| actor.handled)
    }
}

/// Waits until all earlier messages of this client are queued: a connection
/// keeps the order, and the bell is never busy.
pub async fn settle(client: &ProxyClient) -> conclib::Result {
    client.ask("bell", BellRing {}).await?;
    Ok(())
}

#[actor(urn = "bell")]
pub struct Bell;

#[actor]
impl Bell {
    #[message]
    fn ring(&mut self) {}
}

/// Error that has a source.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is no number")]
struct NoNumber {
    text: String,
    #[source]
    why: std::num::ParseIntError,
}

/// Actor whose messages all travel.
#[actor(urn = "desk")]
pub struct Desk {
    log: Log,
    turns: mpsc::UnboundedSender<Keeper>,
    promises: mpsc::UnboundedSender<ReplyTo<u64, NoGood>>,
}

/// Handle of a test for a desk.
pub struct Watch {
    pub log: Log,
    turns: mpsc::UnboundedReceiver<Keeper>,
    promises: mpsc::UnboundedReceiver<ReplyTo<u64, NoGood>>,
}

impl Watch {
    /// Resolves once a `wait` is in its handler; the handler waits there until
    /// the keeper opens or is dropped.
    pub async fn turn(&mut self) -> conclib::Result<Keeper> {
        let mut keeper = self.turns.recv().await.ok_or("the desk is gone")?;
        keeper.entered().await;
        Ok(keeper)
    }

    /// Deferred reply of a `promise`.
    pub async fn promise(&mut self) -> conclib::Result<ReplyTo<u64, NoGood>> {
        Ok(self.promises.recv().await.ok_or("the desk is gone")?)
    }
}

pub fn desk() -> (Desk, Watch) {
    let log = Log::default();
    let (turns, seen_turns) = mpsc::unbounded_channel();
    let (promises, seen_promises) = mpsc::unbounded_channel();
    let desk = Desk {
        log: log.clone(),
        turns,
        promises,
    };
    let watch = Watch {
        log,
        turns: seen_turns,
        promises: seen_promises,
    };
    (desk, watch)
}

#[actor]
impl Desk {
    #[message]
    fn double(&mut self, n: u64) -> u64 {
        2 * n
    }

    #[message]
    fn note(&mut self, n: u64) {
        self.log.add(n.to_string());
    }

    #[message]
    fn refuse(&mut self, why: String) -> Result<u64, NoGood> {
        Err(NoGood(why))
    }

    /// Fails with an error that has a source.
    #[message]
    fn parse(&mut self, text: String) -> conclib::Result<u64> {
        let parsed = text.parse();
        Ok(parsed.map_err(|why| NoNumber { text, why })?)
    }

    #[message]
    async fn explode(&mut self, text: String) -> u64 {
        yield_now().await;
        panic!("{text}");
    }

    /// Stays in its handler until the test lets it continue.
    #[message]
    async fn wait(&mut self, n: u64) -> u64 {
        let (gate, keeper) = gate();
        self.log.add(format!("begin {n}"));
        // The error is ignored: without a test handle no turn is held.
        let _ = self.turns.send(keeper);
        gate.pass().await;
        self.log.add(format!("end {n}"));
        n
    }

    /// Answered later by the test.
    #[message]
    fn promise(&mut self, ctx: &mut Context<Self>) -> Deferred<u64, NoGood> {
        let (reply, deferred) = ctx.defer();
        let _ = self.promises.send(reply);
        deferred
    }

    /// Reply of so many bytes.
    #[message]
    fn fill(&mut self, bytes: usize) -> String {
        "x".repeat(bytes)
    }

    #[message]
    fn origin(&mut self, ctx: &mut Context<Self>) -> String {
        ctx.origin().to_string()
    }
}
