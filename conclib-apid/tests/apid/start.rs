//! A server is started when it is healthy, and not a moment before.

use std::{
    error::Error as _,
    net::{TcpListener, TcpStream},
    time::{Duration, Instant},
};

use crate::server::*;
use conclib_apid::{ApiCommand, HealthUrlError, SpawnError, StartApiError, Unhealthy, start_api};
use support::processes::*;

#[support::test]
async fn a_healthy_server_is_started() {
    let address = address();
    let mut api = start_api(server("healthy", address))
        .await
        .expect("healthy");
    assert_eq!(api.health_url(), url(address));
    assert!(Process::of(api.id()).lives());
    assert_eq!(said_number(&api, "serving").await, api.id());
    api.shutdown().await.expect("ours");
}

#[support::test]
async fn a_server_may_need_some_questions() {
    let api = start_api(server("healthy at the third question", address()))
        .await
        .expect("healthy");
    assert!(Process::of(api.id()).lives());
}

#[support::test]
async fn a_server_may_come_late() {
    let address = address();
    let api = start_api(server_behind("sleep 0.3; exec \"$@\"", "healthy", address))
        .await
        .expect("healthy");
    assert!(Process::of(api.id()).lives());
}

#[support::test]
async fn a_program_that_exits_is_noticed_at_once() {
    let start = Instant::now();
    let command = ApiCommand::new("false")
        .timeout(TIMEOUT)
        .health(url(address()));
    // Any task may do it.
    let start_it = tokio::spawn(start_api(command));
    let error = start_it.await.expect("no panic").expect_err("exits");
    assert!(
        matches!(&error, StartApiError::Exited { status, tail, .. } if status.code() == Some(1) && tail.is_empty())
    );
    assert_eq!(
        error.to_string(),
        "`false` exited before it was healthy, with exit status: 1, without any output"
    );
    assert!(start.elapsed() < TIMEOUT / 2);
}

#[support::test]
async fn the_error_shows_the_last_output() {
    let script = "seq 1 20; echo cannot open the database >&2; exit 3";
    let command = ApiCommand::new("sh")
        .args(["-c", script])
        .health(url(address()));
    let error = start_api(command).await.expect_err("exits");
    let StartApiError::Exited { status, tail, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(status.code(), Some(3));
    assert_eq!(tail.lines().len(), 21);
    assert!(
        error.to_string().contains("cannot open the database"),
        "{error}"
    );
    assert!(error.to_string().lines().count() <= 11, "{error}");
}

#[support::test]
async fn a_server_that_is_never_healthy_is_ended_in_time() {
    let limit = Duration::from_millis(1500);
    let start = Instant::now();
    let command = server("503 Service Unavailable", address()).timeout(limit);
    let error = start_api(command).await.expect_err("never healthy");

    assert!(start.elapsed() >= limit);
    let StartApiError::NotHealthy {
        last: Unhealthy::Status(503),
        timeout,
        tail,
        ..
    } = &error
    else {
        panic!("{error:?}")
    };
    assert_eq!(*timeout, limit);
    let serving = tail
        .lines()
        .find_map(|line| line.strip_prefix("serving "))
        .expect("it served");
    assert!(
        !std::path::Path::new("/proc").join(serving).exists(),
        "reaped"
    );
    assert!(error.to_string().contains("status 503"), "{error}");
    assert!(error.source().is_some());
}

#[support::test]
async fn only_200_is_healthy() {
    let statuses = [
        ("201 Created", 201),
        ("204 No Content", 204),
        ("301 Moved", 301),
        ("404 Not Found", 404),
    ];
    // Each of them takes its time to be given up, so all at once.
    let asked = statuses.map(|(status, code)| (tokio::spawn(last_answer(status)), code));
    for (last, code) in asked {
        let last = last.await.expect("no panic");
        assert!(
            matches!(last, Unhealthy::Status(seen) if seen == code),
            "{code}: {last:?}"
        );
    }
}

#[support::test]
async fn a_program_that_does_not_listen_is_ended_in_time() {
    let command = ApiCommand::new("sh")
        .args(["-c", "echo pid $$; exec sleep 600"])
        .timeout(Duration::from_millis(200));
    let error = start_api(command.health(url(address())))
        .await
        .expect_err("never healthy");
    let StartApiError::NotHealthy {
        last: Unhealthy::Unreachable(_),
        tail,
        ..
    } = &error
    else {
        panic!("{error:?}")
    };
    let pid = tail
        .lines()
        .find_map(|line| line.strip_prefix("pid "))
        .expect("it ran");
    assert!(!std::path::Path::new("/proc").join(pid).exists(), "reaped");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[support::test]
async fn somebody_else_at_the_address_is_not_taken_for_the_server() {
    let address = address();
    let other = TcpListener::bind(address).expect("free");
    let error = start_api(server("healthy", address))
        .await
        .expect_err("taken");
    assert!(
        matches!(&error, StartApiError::AddressTaken { address: at, .. } if *at == address.to_string()),
        "{error:?}"
    );

    drop(other);
    // A process that another test just started has inherited the open socket, until it
    // runs its program.
    eventually("nobody listens", || TcpStream::connect(address).is_err()).await;
    let _api = start_api(server("healthy", address))
        .await
        .expect("free again");
}

/// Something answers 200, but the child that was to be the server has failed.
#[support::test]
async fn an_answer_counts_only_while_the_child_lives() {
    let address = address();
    // The server starts once the child has exited: then the pipe has no writer.
    let script = r#"
        pipe=$(mktemp -u) && mkfifo "$pipe"
        { exec 3>&-; read -r _ <"$pipe"; "$@"; } &
        exec 3>"$pipe"
        rm "$pipe"
        exit 98
    "#;
    let error = start_api(server_behind(script, "healthy", address))
        .await
        .expect_err("the child exits");
    assert!(
        matches!(&error, StartApiError::Exited { status, .. } if status.code() == Some(98)),
        "{error:?}"
    );
    assert!(
        TcpStream::connect(address).is_err(),
        "what it left behind is gone too"
    );
}

#[support::test]
async fn what_cannot_be_started_says_so() {
    let error = start_api(ApiCommand::new("no-such-server").health(url(address())))
        .await
        .expect_err("there is none");
    assert!(
        matches!(error, StartApiError::Spawn(SpawnError::NotFound { .. })),
        "{error:?}"
    );
}

#[support::test]
async fn a_wrong_url_starts_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let command = ApiCommand::new("touch")
        .arg(dir.path().join("started"))
        .health("https://localhost/healthz");
    let error = start_api(command).await.expect_err("not http");
    assert!(
        matches!(
            &error,
            StartApiError::HealthUrl {
                source: HealthUrlError::NotHttp,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(!dir.path().join("started").exists());
}

/// Polled by hand, because there is no runtime.
#[support::test]
fn outside_of_a_runtime_it_is_an_error() {
    let mut start = Box::pin(start_api(ApiCommand::new("true").health(url(address()))));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let result = start.as_mut().poll(&mut context);
    assert!(
        matches!(
            &result,
            std::task::Poll::Ready(Err(StartApiError::Spawn(SpawnError::NoRuntime { .. })))
        ),
        "{result:?}"
    );
}

#[support::test]
async fn a_dropped_start_leaves_nothing() {
    let address = address();
    let marker = address.to_string();
    let waiting = start_api(server("silent", address));
    let seen = async {
        eventually("the server listens", || TcpStream::connect(address).is_ok()).await;
        marked(&marker)
    };
    let pids = tokio::select! {
        result = waiting => panic!("it does not answer: {result:?}"),
        pids = seen => pids,
    };
    assert!(!pids.is_empty());
    assert!(TcpStream::connect(address).is_err());
    assert!(marked(&marker).is_empty());
}

#[support::test]
async fn no_password_of_a_health_url_is_shown() {
    for url in [
        "http://user:swordfish@localhost/healthz",
        "https://user:swordfish@localhost/healthz",
        "http://user:swordfish@local host/",
        "http://user:swordfish@localhost:0/",
    ] {
        let command = ApiCommand::new("my-web-server").health(url);
        let mut shown = format!("{command:?}");
        let error = start_api(command).await.expect_err("not to be asked");
        assert!(
            matches!(&error, StartApiError::HealthUrl { program, .. } if program == "my-web-server")
        );
        shown += &format!(" {error} {error:?} {:?}", error.source());
        assert!(!shown.contains("swordfish"), "{shown}");
    }
}

#[support::test]
async fn no_query_of_a_health_url_is_shown() {
    let url = format!("{}?token=swordfish", url(address()));
    let command = ApiCommand::new("sleep").arg("600");
    let command = command.timeout(Duration::from_millis(1)).health(url);
    let mut shown = format!("{command:?}");
    let error = start_api(command).await.expect_err("never healthy");
    assert!(
        matches!(error, StartApiError::NotHealthy { .. }),
        "{error:?}"
    );
    shown += &format!(" {error} {error:?}");
    assert!(!shown.contains("swordfish"), "{shown}");
}

#[support::test]
async fn the_environment_is_that_of_the_command() {
    let command = || {
        let said = "echo own=$OWN inherited=${CARGO_MANIFEST_DIR+yes}; exit 3";
        let command = ApiCommand::new("/bin/sh").args(["-c", said]);
        command.env("OWN", "1").health(url(address()))
    };
    for (command, said) in [
        (command(), "own=1 inherited=yes"),
        (command().env_remove("OWN"), "own= inherited=yes"),
        (
            command().env_remove("CARGO_MANIFEST_DIR"),
            "own=1 inherited=",
        ),
        (command().env_clear(), "own= inherited="),
    ] {
        let error = start_api(command).await.expect_err("it exits");
        assert!(error.to_string().ends_with(said), "{error}");
    }
}

#[support::test]
async fn debug_shows_none_of_the_output() {
    let script = "echo the password is swordfish; exec \"$@\"";
    let mut api = start_api(server_behind(script, "healthy", address()))
        .await
        .expect("healthy");
    eventually("it has said it", || {
        api.tail().lines().any(|line| line.ends_with("swordfish"))
    })
    .await;
    let mut shown = format!("{api:?}");
    api.shutdown().await.expect("ours");
    shown += &format!("{api:?}");
    let command = ApiCommand::new("sh").args(["-c", "echo $PASSWORD; exit 3"]);
    let command = command.env("PASSWORD", "swordfish").health(url(address()));
    let error = start_api(command).await.expect_err("it exits");
    assert!(error.to_string().ends_with("swordfish"));
    shown += &format!("{error:?}");
    assert!(!shown.contains("swordfish"), "{shown}");
}
