//! Replicas that lag behind their masters and take their places.

use conclib::prelude::*;
use conclib_redis::RedisClient;
use support::processes::eventually;

use super::super::raw::{Raw, Reply};
use super::super::relay::Relay;
use super::super::server::OwnServer;
use super::load::note;
use super::scribe::ScribeWait;
use super::{Scene, actor, client};

/// Master of a scene, its replica, and a relay to the master for each of two ends.
struct Pair {
    scene: Scene,
    replica: OwnServer,
    raw: Raw,
    relays: [Relay; 2],
}

impl Pair {
    async fn new() -> Self {
        let port = support::free_port().to_string();
        let scene = Scene::new(&["--bind", "127.0.0.1", "--port", &port]).await;
        let replica = OwnServer::start(&["--replicaof", "127.0.0.1", &port]).await;
        let mut raw = replica.raw().await;
        let mut is_synced = false;
        while !is_synced {
            let info = raw.run("INFO replication").await.text();
            is_synced = info.contains("link_status:up");
        }
        let relays = [
            Relay::to(&scene.server.socket()).await,
            Relay::to(&scene.server.socket()).await,
        ];
        Self {
            scene,
            replica,
            raw,
            relays,
        }
    }

    /// Ends the replication, once the replica has all that the master has confirmed.
    async fn part(&mut self) {
        let mut master = self.scene.server.raw().await;
        // WAIT is for the writes of its own connection.
        assert_eq!(master.run("SET waited 1").await.text(), "OK");
        assert_eq!(master.run("WAIT 1 60000").await, Reply::Integer(1));
        assert_eq!(self.raw.run("REPLICAOF NO ONE").await.text(), "OK");
    }

    /// Puts the replica in the place of its master.
    async fn fail_over(&mut self) {
        self.scene.server.kill().await;
        for relay in &self.relays {
            relay.switch(&self.replica.path().join("r.sock"));
        }
    }
}

fn wait(client: &RedisClient, number: u64) -> Call<conclib::spi::Remote, ScribeWait> {
    Call::new(actor(client, "scribe"), ScribeWait { sender: 1, number }).durable()
}

#[support::test]
async fn a_replica_that_lags_and_is_promoted_is_told_as_a_loss() {
    let mut pair = Pair::new().await;
    let (system, broker) = pair.scene.scribe(&pair.relays[0].url()).await;
    let mut events = system.events();
    let client = client(&pair.relays[1].url()).await;
    for number in 1..=20 {
        assert_eq!(note(&client, number).await.unwrap(), number);
    }
    pair.part().await;
    for number in 21..=40 {
        assert_eq!(note(&client, number).await.unwrap(), number);
    }
    pair.fail_over().await;
    let asked = note(&client, 41).timeout(super::super::PATIENCE).await;
    assert_eq!(asked.unwrap(), 41);
    assert_eq!(client.stats().lost, 20, "the sender has not told all");
    assert!(broker.stats().lost > 0, "the owner has told nothing");
    let told = loop {
        if let Event::PossibleDataLoss { urn, lost } = events.next().await.unwrap() {
            break (urn, lost);
        }
    };
    assert_eq!(told.0.as_str(), "scribe");
    assert!(told.1 > 0);
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn messages_whose_removal_was_not_replicated_come_again_with_another_attempt() {
    let mut pair = Pair::new().await;
    let (system, broker, open) = pair.scene.gated(&pair.relays[0].url()).await;
    let client = client(&pair.relays[1].url()).await;
    for number in 1..=5 {
        wait(&client, number).tell().await.unwrap();
    }
    let history = pair.scene.history.clone();
    eventually("the first turn begins", || history.begun().len() == 1).await;
    pair.part().await;
    open.send_replace(true);
    while pair.scene.waiting().await > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(history.begun().len(), 5);
    pair.fail_over().await;
    eventually("all come again", || history.begun().len() == 10).await;
    assert!(broker.stats().lost > 0, "the owner has told nothing");
    assert_eq!(history.check().again, 5);
    client.close().await;
    system.shutdown().await;
}
