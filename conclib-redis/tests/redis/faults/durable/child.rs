//! Processes beside the test: this program again, in one of the roles of
//! [`child_of_a_durable_role`].

use std::env;
use std::path::Path;

use conclib::prelude::*;
use conclib_process::{ChildCommand, OwnedChild};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::watch;

use super::history::History;
use super::load::send;
use super::scribe::{self, Scribe};
use super::{LONG, client, serve};

const ROLE: &str = "CONCLIB_REDIS_DURABLE_ROLE";
const URL: &str = "CONCLIB_REDIS_DURABLE_URL";
const FILE: &str = "CONCLIB_REDIS_DURABLE_FILE";

/// Not a test: the child process. A plain run passes without doing anything unless a test starts it.
#[test]
fn child_of_a_durable_role() {
    let (Ok(role), Ok(url), Ok(file)) = (env::var(ROLE), env::var(URL), env::var(FILE)) else {
        return;
    };
    let history = History::new(Path::new(&file));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        match &*role {
            "serve" => serve_for_ever(&url, &history).await,
            "send" => send_for_ever(&url, &history).await,
            _ => panic!("no such role: {role}"),
        }
    });
}

/// Serves a scribe, which waits for ever where it waits.
async fn serve_for_ever(url: &str, history: &History) {
    let (system, history) = (System::new("child"), history.clone());
    let (_closed, gate) = watch::channel(false);
    scribe::spawn(&system, move || {
        let mut scribe = Scribe::new(&history);
        scribe.gate = Some(gate.clone());
        scribe
    });
    let _broker = serve(&system, url).await;
    std::future::pending::<()>().await;
}

/// Sends without an end, and notes the messages that are acknowledged in a file beside the history.
async fn send_for_ever(url: &str, history: &History) {
    let client = client(url).await;
    send(client, history.clone(), 1, u64::MAX, 64, LONG).await;
}

/// Starts a process in a role, which ends with its test.
pub fn start(role: &str, url: &str, history: &Path) -> OwnedChild {
    ChildCommand::new(env::current_exe().unwrap())
        .args(["--exact", &support::test_name!(child_of_a_durable_role)])
        .args(["--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .env(URL, url)
        .env(FILE, history)
        .spawn()
        .unwrap()
}

pub fn signal(child: &OwnedChild, signal: Signal) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
}
