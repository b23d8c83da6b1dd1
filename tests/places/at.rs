//! Runs one body for an actor in each place: its asker has an `ActorRef`, and does not know the place.

use std::sync::atomic::{AtomicU32, Ordering};

use conclib::prelude::*;
use conclib::traits::{Declared, TaskActor, Travels};
use conclib::{AuthKey, PrivateDir};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::actors::{Worker, WorkerCalls as _};

/// Generates a test for each place from each body. Bodies take an [`At`]; those behind `one_system:`
/// take a [`Place`](conclib::Place), and run in the three places that one system has.
macro_rules! on_every_place {
    (one_system: $($test:ident),* $(,)?) => {
        $crate::at::on_every_place! { @ task ::conclib::Place::Task; $($test)* }
        $crate::at::on_every_place! { @ thread ::conclib::Place::Thread; $($test)* }
        $crate::at::on_every_place! { @ process ::conclib::Place::Process; $($test)* }
    };
    (@ $module:ident $at:expr; $($test:ident)*) => {
        mod $module {
            $(
                #[::support::test]
                async fn $test() -> ::conclib::Result {
                    super::$test($at).await
                }
            )*
        }
    };
    ($($test:ident),* $(,)?) => {
        $crate::at::on_every_place! { @ task $crate::at::At::task(); $($test)* }
        $crate::at::on_every_place! { @ thread $crate::at::At::thread(); $($test)* }
        $crate::at::on_every_place! { @ process $crate::at::At::process(); $($test)* }
        $crate::at::on_every_place! { @ over_unix $crate::at::At::over_unix().await?; $($test)* }
        $crate::at::on_every_place! { @ over_tcp $crate::at::At::over_tcp().await?; $($test)* }
    };
}
pub(crate) use on_every_place;

/// Place of the actors of a test.
enum Side {
    Task,
    Thread,
    Process,
    /// Another system, behind a socket.
    Away(Away),
}

struct Away {
    system: System,
    client: ProxyClient,
    _proxy: Proxy,
    _dir: PrivateDir,
}

/// System of an asker, and the place where its test has actors.
pub struct At {
    pub system: System,
    side: Side,
    spawned: AtomicU32,
}

impl At {
    fn of(side: Side) -> Self {
        Self {
            system: System::new("test"),
            side,
            spawned: AtomicU32::new(0),
        }
    }

    pub fn task() -> Self {
        Self::of(Side::Task)
    }

    pub fn thread() -> Self {
        Self::of(Side::Thread)
    }

    pub fn process() -> Self {
        Self::of(Side::Process)
    }

    pub async fn over_unix() -> conclib::Result<Self> {
        let dir = PrivateDir::new()?;
        let url = format!("unix://{}", dir.join("at.sock").display());
        Self::away(url, dir).await
    }

    pub async fn over_tcp() -> conclib::Result<Self> {
        Self::away("tcp://127.0.0.1:0".into(), PrivateDir::new()?).await
    }

    async fn away(url: String, dir: PrivateDir) -> conclib::Result<Self> {
        let (system, key) = (System::new("away"), AuthKey::random()?);
        let proxy = Proxy::serve(&system, url).key(key.clone()).await?;
        let client = ProxyClient::connect(proxy.url()).key(key).await?;
        let at = Self::of(Side::Away(Away {
            system,
            client: client.clone(),
            _proxy: proxy,
            _dir: dir,
        }));
        client.serve(&at.system);
        Ok(at)
    }

    /// Spawns an actor with a name.
    pub async fn spawn<A>(&self, actor: A) -> conclib::Result<ActorRef<A>>
    where
        A: TaskActor + Declared + Travels + Serialize + DeserializeOwned + Send,
    {
        self.spawn_bounded(actor, 1024).await
    }

    /// Spawns an actor that refuses the messages beyond the capacity of its mailbox.
    pub async fn spawn_bounded<A>(&self, actor: A, mailbox: usize) -> conclib::Result<ActorRef<A>>
    where
        A: TaskActor + Declared + Travels + Serialize + DeserializeOwned + Send,
    {
        let name = format!("at-{}", self.spawned.fetch_add(1, Ordering::Relaxed));
        let system = match &self.side {
            Side::Away(away) => &away.system,
            _ => &self.system,
        };
        let actor = system.actor(actor).urn(&name);
        let actor = actor.mailbox(mailbox).overflow(Overflow::Reject);
        Ok(match &self.side {
            Side::Task => actor.spawn()?,
            Side::Thread => actor.on_thread().spawn()?,
            Side::Process => actor.in_process().spawn().await?,
            Side::Away(away) => {
                actor.spawn()?;
                away.client.actor(name)?
            }
        })
    }

    /// Spawns a worker. Its reference came in a message, and so permits to end it.
    pub async fn worker(&self) -> conclib::Result<ActorRef<Worker>> {
        Ok(self.spawn(Worker::default()).await?.me().await?)
    }
}
