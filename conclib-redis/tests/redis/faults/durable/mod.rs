//! Faults under durable messages.

mod answers;
mod child;
mod failovers;
pub mod history;
mod kills;
mod letters;
mod limits;
pub mod load;
mod losses;
mod moves;
mod owners;
mod pools;
pub mod scribe;

use std::sync::Arc;
use std::time::Duration;

use conclib::prelude::*;
use conclib_redis::RedisBroker;
use tempfile::TempDir;
use tokio::sync::watch;

use self::history::History;
use self::scribe::Scribe;
use super::server::OwnServer;
use super::{actor, client, in_soak, serve};

/// Longest time of a whole phase.
const LONG: Duration = Duration::from_secs(600);

/// Arguments of a server that keeps what it confirms, if only its process dies. With `everysec` a
/// server confirms before it writes while the disk is busy, for up to two seconds.
const KEEPS: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

/// Server, and a history whose file is in a directory of its own.
struct Scene {
    server: OwnServer,
    history: History,
    directory: TempDir,
}

impl Scene {
    async fn new(arguments: &[&str]) -> Self {
        let directory = TempDir::new().unwrap();
        Self {
            server: OwnServer::start(arguments).await,
            history: History::new(&directory.path().join("history")),
            directory,
        }
    }

    fn url(&self) -> String {
        self.server.url()
    }

    /// Serves a scribe.
    async fn scribe(&self, url: &str) -> (System, Arc<RedisBroker>) {
        let (system, history) = (System::new("scribes"), self.history.clone());
        scribe::spawn(&system, move || Scribe::new(&history));
        let broker = serve(&system, url).await;
        (system, broker)
    }

    /// Serves a scribe whose waiting turns go on once the sender is told so, or is dropped.
    async fn gated(&self, url: &str) -> (System, Arc<RedisBroker>, watch::Sender<bool>) {
        let (open, gate) = watch::channel(false);
        let (system, history) = (System::new("gated"), self.history.clone());
        scribe::spawn(&system, move || {
            let mut scribe = Scribe::new(&history);
            scribe.gate = Some(gate.clone());
            scribe
        });
        let broker = serve(&system, url).await;
        (system, broker, open)
    }

    fn key(&self, name: &str) -> String {
        format!("conclib:default:box:{{scribe}}:{name}")
    }

    /// Returns the number of messages in the mailbox.
    async fn waiting(&self) -> i64 {
        let command = format!("XLEN {}", self.key("mail"));
        self.server.run(&command).await.integer()
    }

    /// Returns the number of changes of the mailbox.
    async fn commits(&self) -> u64 {
        let command = format!("HGET {} commits", self.key("meta"));
        self.server.text(&command).await.parse().unwrap()
    }

    async fn keys(&self) -> Vec<String> {
        let keys = self.server.run("KEYS *").await.list();
        let mut keys: Vec<_> = keys.into_iter().map(super::raw::Reply::text).collect();
        keys.sort();
        keys
    }
}
