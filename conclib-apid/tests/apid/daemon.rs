//! A running server ends when it is shut down, and when its owner ends.

use std::{
    net::{SocketAddr, TcpStream},
    os::unix::process::ExitStatusExt as _,
    time::{Duration, Instant},
};

use crate::server::*;
use conclib_apid::{
    ApiCommand, ApiDaemon, ApiEnd, ApiState, Ending, Health, StartApiError, start_api,
};
use conclib_core::{Backoff, Restart};
use support::processes::*;

/// Not a test: the owner that is killed. A plain run passes without doing anything unless a test starts it.
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
    assert!(matches!(api.exited().await, ApiEnd::ShutDown(told) if told == ending));
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
async fn a_server_that_dies_is_reaped_at_once_and_all_that_wait_are_told() {
    let mut api = start_api(server("healthy", address()))
        .await
        .expect("healthy");
    let server = Process::of(api.id());
    let waiting = [api.exited(), api.exited()].map(tokio::spawn);
    // A dropped waiter does not affect the others.
    drop(api.exited());
    kill(api.id());
    for told in waiting {
        let end = told.await.expect("no panic");
        assert!(matches!(end, ApiEnd::Exited(status) if status.signal() == Some(9)));
        assert_eq!(end.to_string(), "exited with signal: 9 (SIGKILL)");
    }
    assert!(!server.exists(), "reaped, although nothing asked for it");
    let ending = api.shutdown().await.expect("ours");
    assert!(matches!(ending, Ending::Earlier(_)), "{ending:?}");
    assert!(matches!(api.exited().await, ApiEnd::Exited(_)));
}

#[support::test]
async fn the_drop_of_a_daemon_is_told() {
    let api = start_api(server("healthy", address()))
        .await
        .expect("healthy");
    let exited = api.exited();
    drop(api);
    assert!(matches!(exited.await, ApiEnd::Dropped));
}

#[support::test]
async fn a_shutdown_that_is_given_up_leaves_the_server_owned() {
    let command = server_behind("trap '' TERM; exec \"$@\"", "healthy", address());
    let mut api = start_api(command.restart(at_once()))
        .await
        .expect("healthy");
    let server = Process::of(api.id());
    let given_up = tokio::time::timeout(Duration::from_millis(50), api.shutdown()).await;
    assert!(given_up.is_err() && server.lives());
    drop(api);
    assert!(!server.exists(), "reaped");
}

/// Restarts without a pause, twice.
fn at_once() -> Restart {
    Restart::on_failure()
        .max(2, Duration::from_secs(600))
        .backoff(Backoff::none())
}

fn kill(pid: u32) {
    let kill = std::process::Command::new("sh")
        .args(["-c", &format!("kill -9 {pid}")])
        .status();
    assert!(kill.expect("sh").success());
}

/// Waits for a server that is healthy, and not `before`.
async fn healthy_again(api: &ApiDaemon, before: &Process) -> Process {
    let mut states = api.state();
    let healthy =
        states.wait_for(|state| matches!(state, ApiState::Healthy { pid } if *pid != before.pid));
    let _ = tokio::time::timeout(DEADLINE, healthy)
        .await
        .expect("healthy again");
    Process::of(api.id())
}

#[support::test]
async fn a_server_that_dies_is_started_again_as_it_was_until_it_has_died_too_often() {
    let address = address();
    let command = server_behind(WITH_WORKER, "healthy", address).restart(at_once());
    let mut api = start_api(command).await.expect("healthy");
    let mut server = Process::of(api.id());
    for _ in 0..2 {
        let worker = Process::of(said_number(&api, "worker").await);
        kill(server.pid);
        let next = healthy_again(&api, &server).await;
        assert!(!server.exists() && !worker.lives(), "nothing is left of it");
        assert!(next.lives() && TcpStream::connect(address).is_ok());
        server = next;
    }
    kill(server.pid);
    let end = api.exited().await;
    assert!(matches!(end, ApiEnd::Exited(status) if status.signal() == Some(9)));
    assert!(!server.exists(), "reaped");
    assert!(matches!(
        api.shutdown().await.expect("ours"),
        Ending::Earlier(_)
    ));
    assert!(TcpStream::connect(address).is_err());
}

#[support::test]
async fn a_server_is_started_again_after_the_pause_of_its_policy() {
    let pause = Duration::from_millis(400);
    let backoff = Backoff::from(pause).up_to(pause).jitter(0.0);
    let command = server("healthy", address()).restart(at_once().backoff(backoff));
    let api = start_api(command).await.expect("healthy");
    let server = Process::of(api.id());
    let killed = Instant::now();
    kill(server.pid);
    healthy_again(&api, &server).await;
    assert!(killed.elapsed() >= pause);
}

/// Healthy at its first start, and after that as the script says.
fn healthy_once(dir: &std::path::Path, then: &str, address: SocketAddr) -> ApiCommand<Health> {
    let script = format!("[ -e started ] && {{ {then}; }}; touch started; exec \"$@\"");
    server_behind(&script, "healthy", address)
        .current_dir(dir)
        .restart(at_once())
}

#[support::test]
async fn a_server_that_cannot_be_started_again_ends_with_the_reason() {
    let dir = tempfile::tempdir().expect("a directory");
    let then = "echo tried >> tries; echo no such table; exit 3";
    let api = start_api(healthy_once(dir.path(), then, address()))
        .await
        .expect("healthy");
    kill(api.id());
    let end = api.exited().await;
    assert!(
        matches!(&end, ApiEnd::NotRestarted(error)
            if matches!(&**error, StartApiError::Exited { status, .. } if status.code() == Some(3))),
        "{end:?}"
    );
    assert!(end.to_string().ends_with("no such table"), "{end}");
    let tries = std::fs::read_to_string(dir.path().join("tries")).expect("tried");
    assert_eq!(tries.lines().count(), 2);
    assert_eq!(api.tail().lines().last(), Some("no such table"));
}

#[support::test]
async fn a_server_that_is_not_healthy_again_in_time_is_killed() {
    let dir = tempfile::tempdir().expect("a directory");
    let then = "trap '' TERM; echo $$ >> pids; sleep 600";
    let once = at_once().max(1, Duration::from_secs(600));
    let command = healthy_once(dir.path(), then, address()).restart(once);
    // The first start cannot take longer than this.
    let api = start_api(command.timeout(Duration::from_secs(3)))
        .await
        .expect("healthy");
    kill(api.id());
    let end = api.exited().await;
    assert!(
        matches!(&end, ApiEnd::NotRestarted(error) if matches!(**error, StartApiError::NotHealthy { .. })),
        "{end:?}"
    );
    let pids = std::fs::read_to_string(dir.path().join("pids")).expect("started");
    for pid in pids.lines() {
        assert!(!std::path::Path::new("/proc").join(pid).exists(), "reaped");
    }
}

#[support::test]
async fn a_server_that_ends_well_is_not_started_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let script = "trap 'exit 0' TERM; \"$@\" & touch started; wait";
    let command = server_behind(script, "healthy", address()).current_dir(dir.path());
    let api = start_api(command.restart(at_once()))
        .await
        .expect("healthy");
    let term = std::process::Command::new("sh")
        .args(["-c", &format!("kill -TERM {}", api.id())])
        .status();
    assert!(term.expect("sh").success());
    assert!(matches!(api.exited().await, ApiEnd::Exited(status) if status.success()));
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_started_again_after_a_shutdown_or_a_drop() {
    for round in 0..12 {
        let address = address();
        let command = server("healthy", address).restart(at_once());
        let mut api = start_api(command).await.expect("healthy");
        let exited = api.exited();
        kill(api.id());
        // The task may be at any step of the next start.
        for _ in 0..round * 40 {
            tokio::task::yield_now().await;
        }
        if round % 2 == 0 {
            drop(api);
        } else {
            api.shutdown().await.expect("ours");
        }
        assert!(marked(&address.to_string()).is_empty(), "nothing is left");
        tokio::time::timeout(DEADLINE, exited).await.expect("told");
        assert!(marked(&address.to_string()).is_empty(), "nothing comes");
        assert!(TcpStream::connect(address).is_err());
    }
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
