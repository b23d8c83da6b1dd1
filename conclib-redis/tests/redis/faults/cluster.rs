//! Three masters that share the names by their slots.

use std::time::Duration;

use conclib::prelude::*;
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::durable;
use super::history::History;
use super::load::Load;
use super::masters::Cluster;
use super::worker::{Worker, WorkerEcho, WorkerWork};
use super::{ask, client, serve};

/// Senders of durable messages, and messages of each.
const SENDERS: u64 = 2;
const MESSAGES: u64 = 4_000;

#[support::test]
async fn asks_and_durable_messages_go_on_after_a_master_is_replaced_by_its_replica() {
    let mut cluster = Cluster::start(1).await;
    let url = cluster.url();
    let (system, history) = (System::new("cluster"), History::default());
    system.spawn(Worker::new(&history)).unwrap();
    let directory = TempDir::new().unwrap();
    let stored = durable::history::History::new(&directory.path().join("history"));
    let noted = stored.clone();
    durable::scribe::spawn(&system, move || durable::scribe::Scribe::new(&noted));
    let broker = serve(&system, &url).await;
    let client = client(&url).await;
    let load = Load::start(&client, &history, 16, Duration::from_secs(2));
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let (client, stored) = (client.clone(), stored.clone());
        let patience = super::PATIENCE;
        senders.spawn(durable::load::send(
            client, stored, sender, MESSAGES, 64, patience,
        ));
    }
    history.more_done(200).await;
    stored.reaches(MESSAGES as usize / 2).await;
    let acknowledged = stored.acknowledged();
    let master = cluster.replicated_master_of("scribe").await;
    cluster.replace(master).await;
    history.more_done(200).await;
    super::soon(senders.join_all()).await;
    load.stop().await;
    history.check();
    let (told, lost) = (client.stats().lost, broker.stats().lost);
    let (counts, missing) = stored.check_with_losses();
    assert_eq!(counts.not_delivered, 0, "{counts:?}");
    assert!(client.stats().reconnects > 0, "no fault was noticed");
    // A replica has each message that it has confirmed before its master was killed.
    let replicated = acknowledged.iter().filter(|id| missing.contains(id));
    assert_eq!(replicated.count(), 0, "replicated messages are lost");
    assert!(
        missing.len() as u64 <= told,
        "{missing:?} are lost; told are {told}, and {lost} by the owner"
    );
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn asks_are_answered_over_a_cluster_of_three_masters() {
    let cluster = Cluster::start(0).await;
    let (system, history) = (System::new("cluster"), History::default());
    system.spawn(Worker::new(&history)).unwrap();
    serve(&system, &cluster.url()).await;
    // The inboxes of so many clients are on all three.
    for id in 0..20 {
        let client = client(&cluster.url()).await;
        assert_eq!(ask(&client, "worker", WorkerWork { id }).await, Ok(id));
        let bytes = vec![7; 300_000];
        let echo = ask(
            &client,
            "worker",
            WorkerEcho {
                bytes: bytes.clone(),
            },
        )
        .await;
        assert_eq!(echo, Ok(bytes));
        client.close().await;
    }
    system.shutdown().await;
    let mut used = 0;
    for server in &cluster.servers {
        let info = server.text("INFO commandstats").await;
        used += usize::from(info.contains("cmdstat_spublish"));
    }
    assert_eq!(used, 3, "the channels are not on all masters");
}
