//! A running server ends when it is told to, and when its owner does.

use std::{net::TcpStream, os::unix::process::ExitStatusExt as _, time::Duration};

use crate::server::*;
use conclib_apid::{Ending, start_api};
use support::processes::*;

/// Not a test: the owner that is killed. It passes without doing anything unless a test starts it.
#[support::test]
async fn child_owner() {
    if role().is_some() {
        let address = address();
        let api = start_api(server_behind(WITH_WORKER, "healthy", address))
            .await
            .expect("healthy");
        tell("api", api.id());
        tell("worker", said_number(&api, "worker").await);
        tell("address", address);
        stay().await;
    }
}

const WITH_WORKER: &str = "sleep 600 & echo worker $!; exec \"$@\"";

#[support::test]
async fn a_shutdown_ends_the_server_and_its_workers() {
    let address = address();
    let mut api = start_api(server_behind(WITH_WORKER, "healthy", address))
        .await
        .expect("healthy");
    let (server, worker) = (
        Process::of(api.id()),
        Process::of(said_number(&api, "worker").await),
    );

    let ending = api.shutdown().await.expect("ours");

    assert!(
        matches!(ending, Ending::InGrace(status) if status.signal() == Some(15)),
        "{ending:?}"
    );
    assert!(!server.exists(), "reaped");
    eventually("the worker is gone", || !worker.lives()).await;
    assert!(TcpStream::connect(address).is_err());
    assert_eq!(api.shutdown().await.expect("again"), ending);
    assert_eq!(api.wait().await.expect("ours"), ending.status());
}

#[support::test]
async fn a_server_that_ignores_sigterm_is_killed_after_its_grace() {
    let command = server_behind("trap '' TERM; exec \"$@\"", "healthy", address())
        .grace(Duration::from_millis(50));
    let mut api = start_api(command).await.expect("healthy");
    let ending = api.shutdown().await.expect("ours");
    assert!(matches!(ending, Ending::Killed(_)), "{ending:?}");
}

#[support::test]
async fn a_drop_ends_the_server() {
    let address = address();
    let api = start_api(server("healthy", address))
        .await
        .expect("healthy");
    let server = Process::of(api.id());
    drop(api);
    assert!(!server.exists(), "reaped");
    let _api = start_api(self::server("healthy", address))
        .await
        .expect("the address is free at once");
}

#[support::test]
async fn a_panic_ends_the_server() {
    let api = start_api(server("healthy", address()))
        .await
        .expect("healthy");
    let server = Process::of(api.id());
    let task = tokio::spawn(async move {
        let _api = api;
        panic!("on purpose");
    });
    assert!(task.await.expect_err("it panicked").is_panic());
    assert!(!server.exists(), "reaped");
}

#[support::test]
async fn the_exit_of_a_server_can_be_waited_for() {
    let mut api = start_api(server("healthy", address()))
        .await
        .expect("healthy");
    let kill = format!("kill -9 {}", api.id());
    let killed = std::process::Command::new("sh")
        .args(["-c", &kill])
        .status();
    assert!(killed.expect("sh").success());
    assert_eq!(api.wait().await.expect("ours").signal(), Some(9));
    let ending = api.shutdown().await.expect("ours");
    assert!(matches!(ending, Ending::Earlier(_)), "{ending:?}");
}

#[support::test]
fn kill_9_of_the_owner_leaves_no_server() {
    let mut owner = Owner::start(&support::test_name!(child_owner), "holds a server", &[]);
    let (server, worker) = (owner.tells_process("api"), owner.tells_process("worker"));
    let address = owner.tells("address");
    let guard = guard_of(server.pid);
    assert!(TcpStream::connect(&address).is_ok());

    owner.kill();

    eventually_now("all are gone", || {
        !server.lives() && !worker.lives() && !guard.lives()
    });
    assert!(TcpStream::connect(&address).is_err());
}
