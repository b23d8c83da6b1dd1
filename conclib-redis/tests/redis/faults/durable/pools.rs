//! Pools whose name is in several systems.

use conclib::prelude::*;
use conclib_redis::RedisBroker;
use support::processes::eventually;
use tokio::sync::watch;

use super::history::History;
use super::scribe::{Scribe, ScribeWait};
use super::{Scene, actor, client};

/// Pool of four scribes in a system of its own, whose turns wait for the gate.
struct Crew {
    history: History,
    broker: RedisBroker,
    _pool: Pool<Scribe>,
    _system: System,
}

impl Crew {
    async fn new(scene: &Scene, name: &str, gate: &watch::Receiver<bool>) -> Self {
        let history = History::new(&scene.directory.path().join(name));
        let (system, noted, gate) = (System::new(name), history.clone(), gate.clone());
        let make = move || {
            let mut scribe = Scribe::new(&noted);
            scribe.gate = Some(gate.clone());
            scribe
        };
        let pool = system.pool(make).size(4).urn("scribe").spawn().unwrap();
        let broker = RedisBroker::open(scene.url().parse().unwrap(), None, system.inlet()).await;
        Self {
            history,
            broker: broker.unwrap(),
            _pool: pool,
            _system: system,
        }
    }
}

#[support::test]
async fn a_pool_handles_durable_messages_at_once_and_another_system_takes_over_the_rest() {
    let scene = Scene::new(&[]).await;
    let (open, gate) = watch::channel(false);
    let mut crews = vec![
        Crew::new(&scene, "first", &gate).await,
        Crew::new(&scene, "second", &gate).await,
    ];
    let client = client(&scene.url()).await;
    for number in 1..=8 {
        let wait = ScribeWait { sender: 1, number };
        let wait = Call::new(actor(&client, "scribe"), wait).durable();
        wait.tell().await.unwrap();
    }
    let begun = |crew: &Crew| crew.history.begun().len();
    eventually("four turns begin", || {
        crews.iter().any(|crew| begun(crew) == 4)
    })
    .await;
    let owner = crews.iter().position(|crew| begun(crew) == 4).unwrap();
    let owner = crews.remove(owner);
    let other = crews.remove(0);
    assert_eq!(begun(&other), 0, "two systems have the mailbox");
    // The end of a process: without a word.
    let Crew { broker, .. } = owner;
    drop(broker);
    open.send_replace(true);
    eventually("the other one handles all", || begun(&other) == 8).await;
    let mut begun = other.history.begun();
    begun.sort_by_key(|turn| turn.number);
    assert!(begun.iter().map(|turn| turn.number).eq(1..=8), "{begun:?}");
    // Turns that were cut short say so by their attempt.
    assert!(begun[..4].iter().all(|turn| turn.attempt == 2), "{begun:?}");
    client.close().await;
    conclib::spi::Broker::close(&other.broker).await;
}
