//! Processes beside the test: this program again, in one of the roles of [`child_of_a_role`].

use std::env;

use conclib::prelude::*;
use conclib_process::{ChildCommand, OwnedChild};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::history::History;
use super::worker::{Worker, WorkerCount, WorkerWait, WorkerWork};
use super::{ask, client, serve};

const ROLE: &str = "CONCLIB_REDIS_TEST_ROLE";
const URL: &str = "CONCLIB_REDIS_TEST_URL";

/// Not a test: the child process. A plain run passes without doing anything unless a test starts it.
#[test]
fn child_of_a_role() {
    let (Ok(role), Ok(url)) = (env::var(ROLE), env::var(URL)) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        match role.split_once(' ') {
            Some(("serve", name)) => serve_for_ever(&url, name).await,
            Some(("ask", first)) => ask_2000_times(&url, first.parse().unwrap()).await,
            Some(("wait", count)) => wait_for_ever(&url, count.parse().unwrap()).await,
            _ => panic!("no such role: {role}"),
        }
    });
}

/// Serves a worker of that name, which waits for ever where it waits.
async fn serve_for_ever(url: &str, name: &str) {
    let system = System::new("child");
    let (_closed, gate) = tokio::sync::watch::channel(false);
    let mut worker = Worker::new(&History::default());
    worker.name = name.into();
    worker.gate = Some(gate);
    system.spawn(worker).unwrap();
    serve(&system, url).await;
    std::future::pending::<()>().await;
}

/// Asks the worker with 2,000 ids from `first` on, and tells `good` of each right answer.
async fn ask_2000_times(url: &str, first: u64) {
    let client = client(url).await;
    let mut askers = tokio::task::JoinSet::new();
    for asker in 0..50 {
        let client = client.clone();
        askers.spawn(async move {
            for id in (first + asker * 40)..(first + asker * 40 + 40) {
                assert_eq!(ask(&client, "worker", WorkerWork { id }).await, Ok(id));
                ask(&client, "good", WorkerCount {}).await.unwrap();
            }
        });
    }
    askers.join_all().await;
    client.close().await;
}

/// Has so many asks under way that are never answered.
async fn wait_for_ever(url: &str, count: u64) {
    let client = client(url).await;
    let mut askers = tokio::task::JoinSet::new();
    for id in 0..count {
        let client = client.clone();
        askers.spawn(async move { ask(&client, "worker", WorkerWait { id }).await });
    }
    std::future::pending::<()>().await;
}

/// Starts a process in a role, which ends with its test.
pub fn start(role: &str, url: &str) -> OwnedChild {
    ChildCommand::new(env::current_exe().unwrap())
        .args(["--exact", &support::test_name!(child_of_a_role)])
        .args(["--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .env(URL, url)
        .spawn()
        .unwrap()
}

/// Kills a process with SIGKILL.
pub async fn kill_hard(mut child: OwnedChild) {
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    kill(pid, Signal::SIGKILL).unwrap();
    assert!(!child.wait().await.unwrap().success());
}

/// Asserts that a process succeeds.
pub async fn succeeds(mut child: OwnedChild) {
    let status = super::soon(child.wait()).await.unwrap();
    assert!(status.success(), "{status}: {}", child.tail());
}
