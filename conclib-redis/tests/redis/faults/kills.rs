//! Servers that are killed or frozen under load.

use std::time::Duration;

use conclib::prelude::*;

use super::history::History;
use super::load::Load;
use super::server::OwnServer;
use super::worker::{Worker, WorkerName};
use super::{ask, client, in_soak, serve};

#[support::test]
async fn each_ask_has_one_true_outcome_when_the_server_is_killed_under_load() {
    let mut server = OwnServer::start(&[]).await;
    let (system, history) = (System::new("kills"), History::default());
    system.spawn(Worker::new(&history)).unwrap();
    let broker = serve(&system, &server.url()).await;
    let client = client(&server.url()).await;
    let load = Load::start(&client, &history, 64, Duration::from_secs(2));
    let (kills, replies) = in_soak((3, 500), (20, 2_500));
    for _ in 0..kills {
        history.more_done(replies).await;
        let before = history.counts();
        server.kill().await;
        server.restart().await;
        history.more_done(1).await;
        assert!(
            history.counts().failed() > before.failed(),
            "nothing was lost"
        );
    }
    history.more_done(replies).await;
    let asks = load.stop().await;
    assert!(client.stats().reconnects >= kills && broker.stats().reconnects >= kills);
    client.close().await;
    system.shutdown().await;
    let counts = history.check();
    assert_eq!(counts.ended(), asks, "made, and never ended: {counts:?}");
    assert!(asks > in_soak(2_000, 50_000), "{asks}");
    println!("{kills} kills: {counts:?} of {asks} asks");
}

#[support::test]
async fn asks_end_by_their_deadlines_while_the_server_is_frozen() {
    let server = OwnServer::start(&[]).await;
    let (system, history) = (System::new("frozen"), History::default());
    system.spawn(Worker::new(&history)).unwrap();
    serve(&system, &server.url()).await;
    let client = client(&server.url()).await;
    let load = Load::start(&client, &history, 16, Duration::from_secs(1));
    history.more_done(100).await;
    server.freeze().await;
    // The pause is the fault.
    tokio::time::sleep(Duration::from_secs(in_soak(3, 30))).await;
    let frozen = history.counts();
    server.thaw();
    assert!(frozen.failed() >= 16, "nothing has failed: {frozen:?}");
    history.more_done(100).await;
    let asks = load.stop().await;
    assert_eq!(
        ask(&client, "worker", WorkerName {}).await,
        Ok(String::new())
    );
    client.close().await;
    system.shutdown().await;
    assert_eq!(history.check().ended(), asks);
}
