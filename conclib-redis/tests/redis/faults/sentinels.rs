//! Sentinel, and the servers that it watches.

use std::time::Duration;

use conclib::prelude::*;
use conclib_process::{ChildCommand, OwnedChild, PrivateDir};

use super::history::History;
use super::load::Load;
use super::raw::Raw;
use super::server::OwnServer;
use super::worker::Worker;
use super::{ask, client, serve};

/// Master, its replica, and the sentinel that puts the replica in its place.
pub struct Watched {
    master: OwnServer,
    pub replica: OwnServer,
    /// Ports of the replica and of the sentinel.
    second: String,
    pub port: String,
    directory: PrivateDir,
    _sentinel: OwnedChild,
}

impl Watched {
    pub async fn start() -> Self {
        let [first, second, port] = [(); 3].map(|()| support::free_port().to_string());
        let bind = ["--bind", "127.0.0.1", "--repl-diskless-sync-delay", "0"];
        let master = OwnServer::start(&[&bind[..], &["--port", &first]].concat()).await;
        let replica = ["--port", &second, "--replicaof", "127.0.0.1", &first];
        let replica = OwnServer::start(&[&bind[..], &replica].concat()).await;
        let mut raw = replica.raw().await;
        while !raw
            .run("INFO replication")
            .await
            .text()
            .contains("master_link_status:up")
        {}
        let directory = PrivateDir::new().unwrap();
        let (file, socket) = (directory.join("conf"), directory.join("s.sock"));
        let conf = format!(
            "port {port}\nbind 127.0.0.1\nunixsocket {}\ndir {}\n\
             sentinel monitor shop 127.0.0.1 {first} 1\n\
             sentinel down-after-milliseconds shop 500\n",
            socket.display(),
            directory.path().display(),
        );
        std::fs::write(&file, conf).unwrap();
        let sentinel = ChildCommand::new("redis-server")
            .args([&*file.display().to_string(), "--sentinel"])
            .spawn()
            .unwrap();
        let connects = || std::os::unix::net::UnixStream::connect(&socket).is_ok();
        support::processes::eventually("the sentinel listens", connects).await;
        let watched = Self {
            master,
            replica,
            second,
            port,
            directory,
            _sentinel: sentinel,
        };
        let mut raw = watched.sentinel().await;
        while !raw
            .run("SENTINEL REPLICAS shop")
            .await
            .has(&format!("127.0.0.1:{}", watched.second))
        {}
        watched
    }

    pub fn socket(&self) -> String {
        self.directory.join("s.sock").display().to_string()
    }

    async fn sentinel(&self) -> Raw {
        Raw::connect(&self.socket()).await.unwrap()
    }

    pub fn url(&self) -> String {
        format!("redis-sentinel://127.0.0.1:{}/shop", self.port)
    }

    /// Kills the master, and waits until the replica has its place.
    pub async fn replace(&mut self) {
        self.master.kill().await;
        let mut sentinel = self.sentinel().await;
        let command = "SENTINEL GET-MASTER-ADDR-BY-NAME shop";
        while !sentinel.run(command).await.has(&self.second) {}
    }
}

#[support::test]
async fn asks_and_durable_messages_go_on_after_a_sentinel_has_replaced_the_master() {
    let mut watched = Watched::start().await;
    let (system, history) = (System::new("watched"), History::default());
    system.spawn(Worker::new(&history)).unwrap();
    let broker = serve(&system, &watched.url()).await;
    let client = client(&watched.url()).await;
    let load = Load::start(&client, &history, 16, Duration::from_secs(2));
    history.more_done(200).await;
    watched.replace().await;
    history.more_done(200).await;
    load.stop().await;
    assert!(client.stats().reconnects > 0 && broker.stats().reconnects > 0);
    let work = super::worker::WorkerWork { id: 0 };
    let end = ask(&client, "worker", work).durable().await;
    assert_eq!(end, Ok(0));
    history.ended(0, &end);
    client.close().await;
    system.shutdown().await;
    history.check();
}
