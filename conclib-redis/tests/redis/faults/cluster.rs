//! Three masters that share the channels by their slots.

use std::process::Stdio;
use std::time::Duration;

use conclib::prelude::*;

use super::history::History;
use super::load::Load;
use super::server::OwnServer;
use super::trouble::free_port;
use super::worker::{Worker, WorkerEcho, WorkerWork};
use super::{ask, client, serve};

/// Servers of a cluster.
struct Cluster {
    servers: Vec<OwnServer>,
    url: String,
}

impl Cluster {
    /// Starts three masters, with so many replicas for each.
    async fn start(replicas: usize) -> Self {
        let (mut servers, mut nodes) = (Vec::new(), Vec::new());
        for _ in 0..3 * (1 + replicas) {
            let (port, bus) = (free_port(), free_port());
            let server = OwnServer::start(&[
                "--bind",
                "127.0.0.1",
                "--port",
                &port,
                "--cluster-port",
                &bus,
                "--cluster-enabled",
                "yes",
                "--cluster-node-timeout",
                "2000",
                "--repl-diskless-sync-delay",
                "0",
            ])
            .await;
            servers.push(server);
            nodes.push(format!("127.0.0.1:{port}"));
        }
        let made = tokio::process::Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(&nodes)
            .args(["--cluster-replicas", &replicas.to_string(), "--cluster-yes"])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let made = super::soon(made).await.unwrap();
        assert!(made.status.success(), "{made:?}");
        let url = format!("redis-cluster://{}", nodes.join(","));
        let cluster = Self { servers, url };
        for server in &cluster.servers {
            let mut raw = server.raw().await;
            while !raw
                .run("CLUSTER INFO")
                .await
                .text()
                .contains("cluster_state:ok")
            {}
        }
        // The replicas have the data of their masters from now on.
        let mut linked = 0;
        while linked < 3 * replicas {
            linked = 0;
            for server in &cluster.servers {
                let info = server.text("INFO replication").await;
                linked += usize::from(info.contains("master_link_status:up"));
            }
        }
        cluster
    }

    /// Kills a master, and waits until its replica has its place.
    async fn kill_a_master(&mut self) {
        let mut master = None;
        for (at, server) in self.servers.iter().enumerate() {
            let info = server.text("INFO replication").await;
            master = master.or(info.contains("role:master").then_some(at));
        }
        self.servers.remove(master.unwrap()).kill().await;
        for server in &self.servers {
            let mut raw = server.raw().await;
            loop {
                let nodes = raw.run("CLUSTER NODES").await.text();
                let flags = nodes.lines().filter_map(|node| node.split(' ').nth(2));
                let flags: Vec<Vec<_>> = flags.map(|flags| flags.split(',').collect()).collect();
                let is_dead = |flags: &Vec<&str>| flags.contains(&"fail");
                let masters = flags
                    .iter()
                    .filter(|node| node.contains(&"master") && !is_dead(node));
                if masters.count() == 3 && flags.iter().any(is_dead) {
                    break;
                }
            }
        }
    }
}

#[support::test]
async fn asks_and_durable_messages_go_on_after_a_master_is_replaced_by_its_replica() {
    let mut cluster = Cluster::start(1).await;
    let (system, history) = (System::new("cluster"), History::default());
    system.spawn(Worker::new(&history)).unwrap();
    let durable = History::default();
    for name in ["a", "b", "c", "d", "e", "f"] {
        let worker = system.actor(Worker::new(&durable)).urn(name);
        worker.spawn().unwrap();
    }
    serve(&system, &cluster.url).await;
    let client = client(&cluster.url).await;
    let load = Load::start(&client, &history, 16, Duration::from_secs(2));
    let mut id = 0;
    let mut send_durable = async || {
        for name in ["a", "b", "c", "d", "e", "f"] {
            id += 1;
            let sent = ask(&client, name, WorkerWork { id }).durable().await;
            assert_eq!(sent, Ok(id));
        }
    };
    send_durable().await;
    history.more_done(1000).await;
    cluster.kill_a_master().await;
    history.more_done(1000).await;
    send_durable().await;
    load.stop().await;
    history.check();
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn asks_are_answered_over_a_cluster_of_three_masters() {
    let cluster = Cluster::start(0).await;
    let (system, history) = (System::new("cluster"), History::default());
    system.spawn(Worker::new(&history)).unwrap();
    serve(&system, &cluster.url).await;
    // The inboxes of so many clients are on all three.
    for id in 0..20 {
        let client = client(&cluster.url).await;
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
