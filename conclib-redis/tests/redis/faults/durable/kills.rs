//! Servers that are killed under durable load.

use std::time::Duration;

use tokio::task::JoinSet;

use super::load::send;
use super::{KEEPS, Scene, client, in_soak};

const SENDERS: u64 = 4;

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
    for kill in 1..=kills {
        scene
            .history
            .reaches(messages as usize * kill / (kills + 1))
            .await;
        scene.server.kill().await;
        scene.server.restart().await;
    }
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
