//! Processes that are killed with requests in flight, and many that ask at once.

use std::time::{Duration, Instant};

use conclib::prelude::*;

use super::child::{kill_hard, start, succeeds};
use super::history::History;
use super::worker::{Worker, WorkerCounted, WorkerName, WorkerWait, WorkerWork};
use super::{actor, ask, client, serve};
use crate::server;

fn url() -> String {
    format!(
        "redis+unix://{}?ns={}",
        server::socket(),
        server::namespace()
    )
}

/// Asks until a proxy has the worker.
async fn found(client: &conclib_redis::RedisClient) -> String {
    loop {
        match ask(client, "worker", WorkerName {}).await {
            Ok(name) => return name,
            Err(AskError::NoProxy { .. } | AskError::NoSuchActor { .. }) => {}
            Err(AskError::Disconnected { .. }) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[support::test]
async fn asks_end_when_the_process_of_the_proxy_is_killed() {
    let url = url();
    let proxy = start("serve first", &url);
    let client = client(&url).await;
    assert_eq!(found(&client).await, "first");
    let waiting: Vec<_> = (0..100)
        .map(|id| Call::new(actor(&client, "worker"), WorkerWait { id }))
        .map(|ask| tokio::spawn(ask.timeout(Duration::from_secs(25)).into_future()))
        .collect();
    // The name comes behind them in the mailbox: they are there once it is asked for.
    let behind = ask(&client, "worker", WorkerName {}).reply().await.unwrap();
    kill_hard(proxy).await;
    let killed = Instant::now();
    for waits in waiting {
        let end = super::soon(waits).await.unwrap().unwrap_err();
        assert_eq!(end.delivery(), Delivery::MayHaveRun);
        assert!(matches!(end, AskError::Disconnected { .. }), "{end:?}");
    }
    assert!(behind.await.is_err());
    assert!(killed.elapsed() < Duration::from_secs(20));
    // Another process takes its place.
    let other = start("serve second", &url);
    assert_eq!(super::soon(found(&client)).await, "second");
    kill_hard(other).await;
    client.close().await;
}

#[support::test]
async fn a_killed_client_leaves_no_request_and_no_peer_behind() {
    let url = url();
    let (system, history) = (System::new("serves"), History::default());
    let (open, gate) = tokio::sync::watch::channel(false);
    let mut worker = Worker::new(&history);
    worker.gate = Some(gate);
    system.spawn(worker).unwrap();
    let broker = serve(&system, &url).await;
    let dying = start("wait 50", &url);
    let waiting = || {
        system
            .snapshot()
            .actors
            .iter()
            .map(|actor| actor.depth)
            .sum::<usize>()
    };
    support::processes::eventually("49 requests wait", || waiting() == 49).await;
    kill_hard(dying).await;
    // The worker is stuck in a turn meanwhile, and serves the next client after it.
    open.send_replace(true);
    let client = client(&url).await;
    assert_eq!(
        ask(&client, "worker", WorkerWork { id: 1000 }).await,
        Ok(1000)
    );
    client.close().await;
    let peers = || broker.stats().peers;
    support::processes::eventually("the peers are gone", || peers() == 0).await;
    system.shutdown().await;
}

#[support::test]
async fn four_processes_ask_2000_times_each_and_every_answer_is_its_own() {
    let url = url();
    let (system, history) = (System::new("four"), History::default());
    system.spawn(Worker::new(&history)).unwrap();
    system.actor(Worker::default()).urn("good").spawn().unwrap();
    serve(&system, &url).await;
    let children: Vec<_> = (0..4u64)
        .map(|n| start(&format!("ask {}", n * 10_000), &url))
        .collect();
    for child in children {
        succeeds(child).await;
    }
    let client = client(&url).await;
    assert_eq!(ask(&client, "good", WorkerCounted {}).await, Ok(8000));
    client.close().await;
    system.shutdown().await;
}
