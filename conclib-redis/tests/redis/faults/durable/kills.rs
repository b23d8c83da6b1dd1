//! Servers that are killed under durable load.

use std::time::{Duration, Instant};

use conclib::prelude::*;
use conclib_redis::RedisClient;
use tokio::task::JoinSet;

use super::load::send;
use super::scribe::ScribeEcho;
use super::{KEEPS, Scene, actor, client, in_soak};

const SENDERS: u64 = 4;

/// Longest time from the kill of a server to the first answer. An idle machine takes a quarter of a
/// second.
const RECOVERY: Duration = Duration::from_secs(10);

/// Waits until a durable ask is answered that is made now.
async fn answers(client: &RedisClient) {
    let bytes = b"again".to_vec();
    let echo = Call::new(actor(client, "scribe"), ScribeEcho { bytes }).durable();
    let echoed = echo.timeout(super::LONG).await.unwrap();
    assert_eq!(echoed, b"again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_message_is_lost_when_the_server_is_killed_under_load() {
    let mut scene = Scene::new(&KEEPS).await;
    let (system, broker) = scene.scribe(&scene.url()).await;
    let (kills, messages) = in_soak((3, 20_000), (20, 200_000));
    let mut senders = JoinSet::new();
    let mut clients = Vec::new();
    for sender in 0..SENDERS {
        let client = client(&scene.url()).await;
        clients.push(client.clone());
        let (history, count) = (scene.history.clone(), messages / SENDERS);
        senders.spawn(send(
            client,
            history,
            sender,
            count,
            128,
            Duration::from_secs(60),
        ));
    }
    let asker = client(&scene.url()).await;
    let mut recoveries = Vec::new();
    for kill in 1..=kills {
        scene
            .history
            .reaches(messages as usize * kill / (kills + 1))
            .await;
        let killed = Instant::now();
        scene.server.kill().await;
        scene.server.restart().await;
        answers(&asker).await;
        recoveries.push(killed.elapsed());
    }
    asker.close().await;
    println!("from a kill of the server to an answer: {recoveries:?}");
    let slow = recoveries.iter().filter(|lasted| **lasted > RECOVERY);
    assert_eq!(slow.count(), 0, "{recoveries:?}");
    senders.join_all().await;
    let counts = scene.history.check();
    assert_eq!(counts.done as u64, messages, "{counts:?}");
    assert!(broker.stats().reconnects >= kills as u64);
    assert_eq!(broker.stats().lost, 0);
    for client in clients {
        assert!(client.stats().reconnects >= kills as u64);
        assert_eq!(client.stats().lost, 0);
        client.close().await;
    }
    system.shutdown().await;
}
