//! Clients and proxies on a slow, chopped, cut or silent path to the server.

use std::time::Duration;

use conclib::prelude::*;
use support::processes::eventually;

use super::history::History;
use super::load::Load;
use super::relay::{Condition, Relay};
use super::server::OwnServer;
use super::worker::{Worker, WorkerEcho, WorkerName, WorkerWork};
use super::{PATIENCE, actor, ask, client, in_soak, serve, soon};
use crate::server;

#[support::test]
async fn an_answer_is_not_lost_to_a_late_subscription() {
    let relay = Relay::to(server::socket()).await;
    relay.set(Condition::LateSubscriptions);
    let namespace = server::namespace();
    let url = format!("{}?ns={namespace}", relay.url());
    let (system, history) = (System::new("late"), History::default());
    system.spawn(Worker::new(&history)).unwrap();
    serve(&system, &url).await;
    for id in 0..10 {
        let client = client(&url).await;
        assert_eq!(ask(&client, "worker", WorkerWork { id }).await, Ok(id));
        client.close().await;
    }
    assert!(
        relay.faults() >= 12,
        "{} subscriptions were late",
        relay.faults()
    );
    system.shutdown().await;
}

#[support::test]
async fn bytes_that_come_in_small_pieces_are_the_same_bytes() {
    let relay = Relay::to(server::socket()).await;
    relay.set(Condition::Chopped);
    let url = format!("{}?ns={}", relay.url(), server::namespace());
    let (system, history) = (System::new("chopped"), History::default());
    system.spawn(Worker::new(&history)).unwrap();
    serve(&system, &url).await;
    let client = client(&url).await;
    for len in [0, 1, 1000, 20_000] {
        let bytes: Vec<u8> = (0..len).map(|n: u32| n as u8).collect();
        let echo = ask(
            &client,
            "worker",
            WorkerEcho {
                bytes: bytes.clone(),
            },
        )
        .await;
        assert_eq!(echo, Ok(bytes));
    }
    assert!(relay.faults() > 10);
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn each_ask_has_one_true_outcome_when_connections_are_reset_under_load() {
    let server = OwnServer::start(&[]).await;
    let (to_client, to_proxy) = (
        Relay::to(&server.socket()).await,
        Relay::to(&server.socket()).await,
    );
    let (system, history) = (System::new("reset"), History::default());
    system.spawn(Worker::new(&history)).unwrap();
    let broker = serve(&system, &to_proxy.url()).await;
    let client = client(&to_client.url()).await;
    let load = Load::start(&client, &history, 32, Duration::from_secs(2));
    let resets = in_soak(10, 100);
    for n in 0..resets {
        history.more_done(100).await;
        let relay = if n % 2 == 0 { &to_client } else { &to_proxy };
        let before = relay.faults();
        relay.reset();
        eventually("the connection was cut", || relay.faults() > before).await;
    }
    history.more_done(100).await;
    load.stop().await;
    assert!(client.stats().reconnects >= resets / 2 && broker.stats().reconnects >= resets / 2);
    client.close().await;
    system.shutdown().await;
    let counts = history.check();
    assert!(counts.failed() > 0, "{counts:?}");
}

#[support::test]
async fn asks_end_by_their_deadlines_on_a_silent_path_and_it_is_left_for_another() {
    let server = OwnServer::start(&[]).await;
    let relay = Relay::to(&server.socket()).await;
    let (system, history) = (System::new("silent"), History::default());
    system.spawn(Worker::new(&history)).unwrap();
    serve(&system, &server.url()).await;
    let client = client(&relay.url()).await;
    let near = super::client(&server.url()).await;
    let load = Load::start(&client, &history, 16, Duration::from_secs(1));
    history.more_done(100).await;
    relay.set(Condition::Silent);
    // A path that is silent for longer than a connection may be.
    eventually("the connection is given up", || {
        client.outlet().outage().is_some()
    })
    .await;
    assert!(history.counts().failed() >= 16);
    // The others go on.
    assert_eq!(ask(&near, "worker", WorkerName {}).await, Ok(String::new()));
    relay.set(Condition::Good);
    history.more_done(100).await;
    load.stop().await;
    soon(client.close()).await;
    near.close().await;
    system.shutdown().await;
    history.check();
}

#[support::test]
async fn a_silent_path_is_left_also_by_a_client_that_only_sends_durable_messages() {
    let server = OwnServer::start(&[]).await;
    let relay = Relay::to(&server.socket()).await;
    let client = client(&relay.url()).await;
    let tell = |id| {
        let work = Call::new(actor(&client, "worker"), WorkerWork { id }).durable();
        work.timeout(PATIENCE).tell().into_future()
    };
    tell(1).await.unwrap();
    relay.set(Condition::Silent);
    let told = tokio::spawn(tell(2));
    eventually("the connection is given up", || {
        client.outlet().outage().is_some()
    })
    .await;
    relay.set(Condition::Good);
    told.await.unwrap().unwrap();
    assert_eq!(client.stats().lost, 0);
    client.close().await;
}
