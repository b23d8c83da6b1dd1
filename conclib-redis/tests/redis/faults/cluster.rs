//! Three masters that share the channels by their slots.

use std::process::Stdio;

use conclib::prelude::*;

use super::history::History;
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
    async fn start() -> Self {
        let (mut servers, mut nodes) = (Vec::new(), Vec::new());
        for _ in 0..3 {
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
            ])
            .await;
            servers.push(server);
            nodes.push(format!("127.0.0.1:{port}"));
        }
        let made = tokio::process::Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(&nodes)
            .arg("--cluster-yes")
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
        cluster
    }
}

#[support::test]
async fn asks_are_answered_over_a_cluster_of_three_masters() {
    let cluster = Cluster::start().await;
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
