//! Troubles of a server: killed connections, a full memory, other passwords, replicas, loading.

use std::time::Duration;

use conclib::prelude::*;
use conclib_redis::{RedisClient, RedisError, RedisUrl};
use support::free_port;
use support::processes::eventually;

use super::history::History;
use super::load::Load;
use super::raw::Reply;
use super::relay::Relay;
use super::server::OwnServer;
use super::worker::{Worker, WorkerName, WorkerWork};
use super::{ask, client, serve};

#[support::test]
async fn killed_connections_and_flushed_data_are_overcome() {
    let server = OwnServer::start(&[]).await;
    let (system, history) = (System::new("troubled"), History::default());
    system.spawn(Worker::new(&history)).unwrap();
    let broker = serve(&system, &server.url()).await;
    let client = client(&server.url()).await;
    let load = Load::start(&client, &history, 16, Duration::from_secs(5));
    for command in [
        "CLIENT KILL TYPE pubsub",
        "CLIENT KILL SKIPME yes",
        "CLIENT KILL TYPE normal",
        "FLUSHALL",
        "SCRIPT FLUSH",
        "FUNCTION FLUSH",
    ] {
        history.more_done(200).await;
        let before = (client.stats().reconnects, broker.stats().reconnects);
        let answer = server.run(command).await;
        if answer == Reply::Integer(2) {
            let both = || {
                let now = (client.stats().reconnects, broker.stats().reconnects);
                now.0 > before.0 && now.1 > before.1
            };
            eventually("both connect again", both).await;
        }
    }
    history.more_done(200).await;
    load.stop().await;
    assert!(client.stats().reconnects >= 2 && broker.stats().reconnects >= 2);
    client.close().await;
    system.shutdown().await;
    history.check();
}

#[support::test]
async fn a_full_memory_of_the_server_stops_no_ask() {
    let server = OwnServer::start(&["--maxmemory", "3mb"]).await;
    let (system, history) = (System::new("full"), History::default());
    system.spawn(Worker::new(&history)).unwrap();
    serve(&system, &server.url()).await;
    let mut raw = server.raw().await;
    let value = vec![0; 100_000];
    let mut key = 0u32;
    let full = loop {
        key += 1;
        match raw.command(&[b"SET", &key.to_be_bytes(), &value]).await {
            Reply::Error(full) => break full,
            _ => assert!(key < 1000, "the memory is never full"),
        }
    };
    assert!(full.starts_with("OOM"), "{full}");
    let client = client(&server.url()).await;
    for id in 0..100 {
        assert_eq!(ask(&client, "worker", WorkerWork { id }).await, Ok(id));
    }
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn a_wrong_password_is_a_typed_error_without_a_secret() {
    let server = OwnServer::start(&["--requirepass", "hunter2"]).await;
    let refused = async |url: String| {
        let url: RedisUrl = url.parse().unwrap();
        RedisClient::connect(url, None).await.unwrap_err()
    };
    for url in [
        server.url_as(":swordfish"),
        server.url_as("app:swordfish"),
        server.url(),
    ] {
        let error = refused(url).await;
        assert!(matches!(error, RedisError::Connect { .. }), "{error:?}");
        let text = format!("{error} {error:?}");
        assert!(text.contains("password"), "{text}");
        assert!(
            !text.contains("hunter2") && !text.contains("swordfish"),
            "{text}"
        );
    }
    let client = client(&server.url_as(":hunter2")).await;
    assert!(!format!("{client:?}").contains("hunter2"));
    client.close().await;
}

#[support::test]
async fn a_password_that_changes_is_an_outage_until_it_is_the_old_one_again() {
    let (log, _guard) = support::capture::capture_of("conclib::redis");
    let server = OwnServer::start(&["--requirepass", "hunter2"]).await;
    let url = server.url_as(":hunter2");
    let (system, history) = (System::new("password"), History::default());
    system.spawn(Worker::new(&history)).unwrap();
    let broker = serve(&system, &url).await;
    let client = client(&url).await;
    assert_eq!(ask(&client, "worker", WorkerWork { id: 1 }).await, Ok(1));
    let mut raw = server.raw().await;
    raw.run("AUTH hunter2").await;
    raw.run("ACL SETUSER default resetpass >swordfish").await;
    // A client that has no password waits in vain, too.
    assert_eq!(raw.run("CLIENT KILL TYPE pubsub").await, Reply::Integer(2));
    eventually("the outage has that reason", || {
        let outage = client.outlet().outage();
        outage.is_some_and(|outage| outage.why.contains("WRONGPASS"))
    })
    .await;
    let refused = ask(&client, "worker", WorkerWork { id: 2 });
    let refused = refused.timeout(Duration::from_millis(200)).await;
    let Err(AskError::Unreachable { outage, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(outage.why.contains("WRONGPASS"), "{}", outage.why);
    raw.run("ACL SETUSER default resetpass >hunter2").await;
    // The next try to connect comes within half a second.
    assert_eq!(ask(&client, "worker", WorkerWork { id: 3 }).await, Ok(3));
    assert!(client.stats().reconnects > 0 && broker.stats().reconnects > 0);
    let lines = log.lines().join("\n");
    assert!(lines.contains("connected again"), "{lines}");
    assert!(
        !lines.contains("hunter2") && !lines.contains("swordfish"),
        "{lines}"
    );
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn asks_are_answered_over_a_read_only_replica_and_over_one_that_is_promoted() {
    let port = free_port().to_string();
    let mut primary = OwnServer::start(&["--bind", "127.0.0.1", "--port", &port]).await;
    let replica = OwnServer::start(&["--replicaof", "127.0.0.1", &port]).await;
    let mut raw = replica.raw().await;
    let mut is_synced = false;
    while !is_synced {
        is_synced = raw
            .run("INFO replication")
            .await
            .text()
            .contains("link_status:up");
    }
    let refused = raw.run("SET key value").await.text();
    assert!(refused.starts_with("READONLY"), "{refused}");

    let (system, history) = (System::new("replica"), History::default());
    system.spawn(Worker::new(&history)).unwrap();
    // All of them meet at the replica.
    let there = format!("{}?ns=there", replica.url());
    serve(&system, &there).await;
    let near = client(&there).await;
    assert!(ask(&near, "worker", WorkerName {}).await.is_ok());

    // Each of them goes through a relay to the primary, and then to the replica.
    let relays = [
        Relay::to(&primary.socket()).await,
        Relay::to(&primary.socket()).await,
    ];
    let broker = serve(&system, &relays[0].url()).await;
    let client = client(&relays[1].url()).await;
    let load = Load::start(&client, &history, 16, Duration::from_secs(5));
    history.more_done(200).await;
    primary.kill().await;
    assert_eq!(raw.run("REPLICAOF NO ONE").await.text(), "OK");
    for relay in &relays {
        relay.switch(&replica.path().join("r.sock"));
    }
    history.more_done(200).await;
    load.stop().await;
    assert!(client.stats().reconnects > 0 && broker.stats().reconnects > 0);
    near.close().await;
    client.close().await;
    system.shutdown().await;
    history.check();
}

#[support::test]
async fn a_server_that_is_loading_is_waited_for() {
    let mut server = OwnServer::start(&[
        "--enable-debug-command",
        "yes",
        "--key-load-delay",
        "500",
        "--loading-process-events-interval-bytes",
        "1024",
    ])
    .await;
    let (system, history) = (System::new("loading"), History::default());
    system.spawn(Worker::new(&history)).unwrap();
    serve(&system, &server.url()).await;
    let client = client(&server.url()).await;
    let load = Load::start(&client, &history, 16, Duration::from_secs(5));
    history.more_done(100).await;
    server.run("DEBUG POPULATE 2000 key 100").await;
    assert_eq!(server.text("SAVE").await, "OK");
    server.kill().await;
    server.restart().await;
    let loading = server.text("GET key:1").await;
    assert!(loading.starts_with("LOADING"), "{loading}");
    history.more_done(100).await;
    load.stop().await;
    client.close().await;
    system.shutdown().await;
    history.check();
}
