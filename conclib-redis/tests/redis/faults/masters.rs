//! Cluster of three masters.

use std::process::Stdio;

use super::raw::{Raw, Reply};
use super::server::OwnServer;

/// Servers of a cluster.
pub struct Cluster {
    pub servers: Vec<OwnServer>,
    /// Hosts and ports of all, as in a URL.
    pub nodes: String,
}

impl Cluster {
    /// Starts three masters, with so many replicas for each.
    pub async fn start(replicas: usize) -> Self {
        let (mut servers, mut nodes) = (Vec::new(), Vec::new());
        for _ in 0..3 * (1 + replicas) {
            let [port, bus] = [(); 2].map(|()| support::free_port().to_string());
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
        let cluster = Self {
            servers,
            nodes: nodes.join(","),
        };
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

    pub fn url(&self) -> String {
        format!("redis-cluster://{}", self.nodes)
    }

    /// Returns the place of the master that has the mailbox of a name, after its replica has all
    /// that it has confirmed.
    pub async fn replicated_master_of(&self, urn: &str) -> usize {
        for (at, server) in self.servers.iter().enumerate() {
            let mut raw = server.raw().await;
            // WAIT is for the writes of its own connection.
            let set = format!("SET {{{urn}}}:waited 1");
            if raw.run(&set).await == Reply::Text("OK".into()) {
                assert_eq!(raw.run("WAIT 1 60000").await, Reply::Integer(1));
                return at;
            }
        }
        panic!("no master has {urn}");
    }

    /// Kills a master, and waits until its replica has its place.
    pub async fn replace(&mut self, master: usize) {
        self.servers.remove(master).kill().await;
        for server in &self.servers {
            let mut raw = server.raw().await;
            while !has_three_masters_and_a_dead_one(&mut raw).await {}
        }
    }
}

async fn has_three_masters_and_a_dead_one(raw: &mut Raw) -> bool {
    let nodes = raw.run("CLUSTER NODES").await.text();
    let flags = nodes.lines().filter_map(|node| node.split(' ').nth(2));
    let flags: Vec<Vec<_>> = flags.map(|flags| flags.split(',').collect()).collect();
    let is_dead = |flags: &Vec<&str>| flags.contains(&"fail");
    let masters = flags
        .iter()
        .filter(|node| node.contains(&"master") && !is_dead(node));
    masters.count() == 3 && flags.iter().any(is_dead)
}
