//! Change of the key while all processes run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use conclib::prelude::*;
use conclib::spi::{Broker, Remote};
use conclib_net::AuthKey;
use conclib_redis::{RedisBroker, RedisClient, RedisStats};
use support::processes::eventually;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::durable::history::History as Turns;
use super::durable::scribe::{self, Scribe, ScribeNote};
use super::history::History;
use super::load::Load;
use super::worker::{Worker, WorkerWork};
use super::{PATIENCE, actor, ask, soon};
use crate::server;

/// Namespace whose processes change their key.
struct Scene {
    url: String,
    history: History,
    turns: Turns,
    _directory: TempDir,
}

impl Scene {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let (socket, namespace) = (server::socket(), server::namespace());
        Self {
            url: format!("redis+unix://{socket}?ns={namespace}"),
            history: History::default(),
            turns: Turns::new(&directory.path().join("turns")),
            _directory: directory,
        }
    }

    async fn client(&self, key: &AuthKey) -> Arc<RedisClient> {
        let url = self.url.parse().unwrap();
        RedisClient::connect(url, Some(key.clone())).await.unwrap()
    }

    /// Serves a worker and a scribe.
    async fn serve(&self, key: &AuthKey) -> Served {
        let system = System::new("served");
        system.spawn(Worker::new(&self.history)).unwrap();
        let turns = self.turns.clone();
        scribe::spawn(&system, move || Scribe::new(&turns));
        let url = self.url.parse().unwrap();
        let broker = RedisBroker::open(url, Some(key.clone()), system.inlet());
        let broker = Arc::new(broker.await.unwrap());
        system.attach(broker.clone() as Arc<dyn Broker>).unwrap();
        Served { system, broker }
    }

    /// Asks the worker and the scribe without a pause, as the sender of that number.
    async fn asker(&self, key: &AuthKey, sender: u64) -> Asker {
        let client = self.client(key).await;
        let load = Load::start(&client, &self.history, 4, PATIENCE);
        let is_stopped = Arc::new(AtomicBool::new(false));
        let durable = tokio::spawn({
            let (client, is_stopped) = (client.clone(), is_stopped.clone());
            async move {
                let mut number = 0;
                while !is_stopped.load(Ordering::Relaxed) {
                    number += 1;
                    assert_eq!(note(&client, sender, number).await.unwrap(), number);
                }
                number
            }
        });
        Asker {
            client,
            load,
            is_stopped,
            durable,
        }
    }
}

fn note(client: &RedisClient, sender: u64, number: u64) -> Call<Remote, ScribeNote> {
    let note = ScribeNote { sender, number };
    let call = Call::new(actor(client, "scribe"), note);
    call.durable().timeout(PATIENCE)
}

struct Served {
    system: System,
    broker: Arc<RedisBroker>,
}

impl Served {
    /// Shuts the system down, which closes the broker once all turns are over.
    async fn close(self) -> RedisStats {
        self.system.shutdown().await;
        self.broker.stats()
    }
}

struct Asker {
    client: Arc<RedisClient>,
    load: Load,
    is_stopped: Arc<AtomicBool>,
    durable: JoinHandle<u64>,
}

impl Asker {
    /// Returns the number of durable messages, all of which were answered.
    async fn close(self) -> (u64, RedisStats) {
        self.is_stopped.store(true, Ordering::Relaxed);
        self.load.stop().await;
        let durable = soon(self.durable).await.unwrap();
        self.client.close().await;
        (durable, self.client.stats())
    }
}

#[support::test]
async fn a_key_is_changed_in_three_steps_under_load() {
    let scene = Scene::new();
    let (old, new) = (AuthKey::random().unwrap(), AuthKey::random().unwrap());
    let steps = [
        old.clone().accepting(&new),
        new.clone().accepting(&old),
        new,
    ];
    let mut served = scene.serve(&old).await;
    let mut askers = [scene.asker(&old, 1).await, scene.asker(&old, 2).await];
    let (mut stored, mut sender) = (0, 2);
    let mut by_second_key = Vec::new();
    for step in &steps {
        let mut by_second = 0;
        let mut closed = |stats: RedisStats| {
            assert_eq!((stats.forged, stats.reconnects), (0, 0), "{stats:?}");
            by_second += stats.by_second_key;
        };
        for place in 0..=2 {
            scene.history.more_done(100).await;
            let failed = scene.history.counts().failed();
            match askers.get_mut(place) {
                Some(asker) => {
                    sender += 1;
                    let next = scene.asker(step, sender).await;
                    let (durable, stats) = std::mem::replace(asker, next).close().await;
                    stored += durable;
                    closed(stats);
                    assert_eq!(scene.history.counts().failed(), failed);
                }
                // A system that ends refuses asks, and handles none of them.
                None => {
                    let next = scene.serve(step).await;
                    closed(std::mem::replace(&mut served, next).close().await);
                }
            }
        }
        scene.history.more_done(100).await;
        by_second_key.push(by_second);
    }
    for asker in askers {
        let (durable, stats) = asker.close().await;
        stored += durable;
        assert_eq!((stats.forged, stats.by_second_key), (0, 0));
    }
    let stats = served.close().await;
    assert_eq!((stats.forged, stats.by_second_key), (0, 0));
    let counts = scene.history.check();
    assert_eq!(counts.may_have_run, 0, "{counts:?}");
    let turns = scene.turns.check();
    assert_eq!((turns.again, scene.turns.begun().len() as u64), (0, stored));
    // Processes of the first step get packets of the second one, and those get some of the first.
    assert_eq!(by_second_key[0], 0, "{by_second_key:?}");
    assert!(
        by_second_key[1..].iter().all(|count| *count > 0),
        "{by_second_key:?}"
    );
}

#[support::test]
async fn durable_messages_of_the_former_key_are_handled_while_it_is_accepted() {
    let scene = Scene::new();
    let (old, new) = (AuthKey::random().unwrap(), AuthKey::random().unwrap());
    let client = scene.client(&old).await;
    for number in 1..=10 {
        note(&client, 1, number).tell().await.unwrap();
    }
    client.close().await;
    let served = scene.serve(&new.clone().accepting(&old)).await;
    let client = scene.client(&new).await;
    assert_eq!(note(&client, 2, 1).await.unwrap(), 1);
    let stats = served.close().await;
    assert_eq!((stats.forged, stats.by_second_key), (0, 10));
    assert_eq!(scene.turns.begun().len(), 11);

    // A message that is left when the old key is given up can be put back with it.
    let late = scene.client(&old).await;
    note(&late, 1, 11).tell().await.unwrap();
    late.close().await;
    let served = scene.serve(&new).await;
    assert_eq!(note(&client, 2, 2).await.unwrap(), 2);
    let letters = client.dead_letters().list("scribe", 10).await.unwrap();
    assert_eq!((letters.len(), served.close().await.forged), (1, 1));
    let id = &letters[0].id;
    assert!(client.dead_letters().retry("scribe", id).await.unwrap());
    let served = scene.serve(&new.accepting(&old)).await;
    assert_eq!(note(&client, 2, 3).await.unwrap(), 3);
    assert_eq!(served.close().await.by_second_key, 1);
    client.close().await;
    let numbers: Vec<_> = scene.turns.begun().iter().map(|turn| turn.number).collect();
    assert_eq!(numbers[10..], [1, 2, 11, 3]);
}

#[support::test]
async fn a_third_key_is_refused_and_counted() {
    let scene = Scene::new();
    let [old, new, third] = [(); 3].map(|()| AuthKey::random().unwrap());
    let served = scene.serve(&new.clone().accepting(&old)).await;
    let stranger = scene.client(&third).await;
    let asked = ask(&stranger, "worker", WorkerWork { id: 1 });
    let refused = asked.timeout(Duration::from_millis(200)).await;
    assert!(refused.is_err(), "{refused:?}");
    eventually("it is counted", || served.broker.stats().forged > 0).await;
    let forged = served.broker.stats().forged;
    note(&stranger, 1, 1).tell().await.unwrap();
    let buried = || served.broker.stats().forged > forged;
    eventually("the stored one is counted", buried).await;
    for (key, id) in [(&new, 2), (&old.accepting(&new), 3)] {
        let client = scene.client(key).await;
        assert_eq!(ask(&client, "worker", WorkerWork { id }).await, Ok(id));
        assert_eq!(note(&client, id, id).await.unwrap(), id);
        client.close().await;
    }
    stranger.close().await;
    let stats = served.close().await;
    assert!(stats.by_second_key > 0, "{stats:?}");
    assert_eq!(scene.history.executions(), 2);
    assert_eq!(scene.turns.begun().len(), 2);
}
