//! A server that fails is started again, and not for ever.

use std::{os::unix::process::ExitStatusExt as _, time::Duration};

use crate::servers::*;
use conclib_redis::{RedisConfig, RedisDaemon, RedisEnd, RedisState, StartRedisError, start_redis};
use nix::sys::signal::Signal;
use support::processes::*;

fn run_id(state: &RedisState) -> String {
    match state {
        RedisState::Ready { run_id, .. } => run_id.clone(),
        other => panic!("{other:?}"),
    }
}

#[support::test]
async fn a_server_that_is_killed_comes_back_at_the_same_url() {
    for config in [ephemeral(), ephemeral().port(0)] {
        let redis = start_redis(&config).await.expect("ready");
        let (server, url) = (Process::of(redis.pid()), redis.url().to_owned());
        let before = run_id(&redis.state().borrow());

        send(server.pid, Signal::SIGKILL);

        let next = ready_again(&redis, &server).await;
        assert!(!server.exists() && next.lives());
        assert_eq!(redis.url(), url);
        assert_ne!(run_id(&redis.state().borrow()), before);
        assert_eq!(Client::of(&url).await.ask("PING").await, "+PONG");
    }
}

#[support::test]
async fn the_end_of_a_server_is_told_before_its_restart() {
    let redis = start_redis(&ephemeral()).await.expect("ready");
    send(redis.pid(), Signal::SIGKILL);
    let told = state(&redis, |state| !matches!(state, RedisState::Ready { .. })).await;
    assert!(
        matches!(told, RedisState::Restarting { status } if status.signal() == Some(9)),
        "{told:?}"
    );
}

#[support::test]
async fn a_server_that_always_fails_is_given_up_with_its_last_output() {
    let serve = "echo >> $here/tries; [ -e $here/broken ] && { echo disk on fire >&2; exit 1; }; exec redis-server \"$@\"";
    let fake = Fake::serving(serve);
    let mut redis = start_redis(&ephemeral().binary(fake.binary()))
        .await
        .expect("ready");
    std::fs::write(fake.dir.path().join("broken"), "").expect("ours");

    send(redis.pid(), Signal::SIGKILL);

    let end = redis.exited().await;
    assert!(
        matches!(&end, RedisEnd::GaveUp(error) if matches!(**error, StartRedisError::Exited { .. })),
        "{end:?}"
    );
    assert!(end.to_string().starts_with("failed too often"), "{end}");
    assert!(end.to_string().ends_with("disk on fire"), "{end}");
    let tries = std::fs::read_to_string(fake.dir.path().join("tries")).expect("tried");
    assert_eq!(tries.lines().count(), 1 + 5);
    redis.shutdown().await.expect("fine");
    assert!(matches!(redis.exited().await, RedisEnd::GaveUp(_)));
}

#[support::test]
async fn a_server_that_is_frozen_for_a_moment_is_left_alone() {
    let redis = start_redis(&ephemeral()).await.expect("ready");
    let server = Process::of(redis.pid());
    freeze(&redis).await;
    send(server.pid, Signal::SIGCONT);
    state(&redis, |state| matches!(state, RedisState::Ready { .. })).await;
    assert!(redis.pid() == server.pid && server.lives());
}

#[support::test]
async fn a_server_that_hangs_is_killed_and_started_again() {
    let redis = start_redis(&ephemeral()).await.expect("ready");
    let server = Process::of(redis.pid());
    freeze(&redis).await;
    skip(Duration::from_secs(60)).await;
    ready_again(&redis, &server).await;
    assert!(!server.exists(), "reaped");
}

/// Stops a server, and returns when that was noticed.
async fn freeze(redis: &RedisDaemon) {
    send(redis.pid(), Signal::SIGSTOP);
    tokio::time::pause();
    state(redis, |state| {
        matches!(state, RedisState::Unresponsive { .. })
    })
    .await;
    tokio::time::resume();
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_started_again_after_a_shutdown_or_a_drop() {
    for round in 0..6 {
        let mut redis = start_redis(&RedisConfig::new()).await.expect("ready");
        let directory = redis.directory().to_str().expect("plain").to_owned();
        send(redis.pid(), Signal::SIGKILL);
        // The task may be at any step of the next start.
        state(&redis, |state| {
            round < 3 || matches!(state, RedisState::Restarting { .. })
        })
        .await;
        for _ in 0..round * 40 {
            tokio::task::yield_now().await;
        }
        let exited = redis.exited();
        if round % 2 == 0 {
            redis.shutdown().await.expect("ours");
        }
        drop(redis);
        exited.await;
        eventually("nothing is left", || marked(&directory).is_empty()).await;
    }
}
