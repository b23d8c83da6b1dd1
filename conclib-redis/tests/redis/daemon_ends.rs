//! A server ends when it is shut down, and when its owner ends; its data stays where it was told to.

use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process,
    time::Duration,
};

use crate::servers::*;
use conclib_redis::{Ending, Profile, RedisConfig, RedisEnd, StartRedisError, start_redis};
use nix::sys::signal::Signal;
use support::processes::*;
use tokio::net::UnixStream;

#[support::test]
async fn a_shutdown_ends_the_server_and_a_second_one_is_fine() {
    let mut redis = start_redis(&RedisConfig::new()).await.expect("ready");
    let server = Process::of(redis.pid());
    let directory = redis.directory().to_owned();
    let socket = directory.join("redis.sock");
    let exited = redis.exited();

    let ending = redis.shutdown().await.expect("ours");

    assert!(
        matches!(ending, Ending::InGrace(status) if status.success()),
        "{ending:?}"
    );
    assert!(!server.exists(), "reaped");
    assert!(UnixStream::connect(&socket).await.is_err());
    assert_eq!(redis.shutdown().await.expect("again"), ending);
    assert!(matches!(exited.await, RedisEnd::ShutDown(told) if told == ending));
    drop(redis);
    assert!(!directory.exists());
}

#[support::test]
async fn a_drop_ends_the_server_and_removes_its_directory() {
    let redis = start_redis(&RedisConfig::new()).await.expect("ready");
    let (server, directory) = (Process::of(redis.pid()), redis.directory().to_owned());
    let exited = redis.exited();
    drop(redis);
    assert!(!server.exists(), "reaped");
    assert!(!directory.exists());
    assert!(matches!(exited.await, RedisEnd::Dropped));
}

#[support::test]
async fn a_panic_ends_the_server() {
    let redis = start_redis(&ephemeral()).await.expect("ready");
    let server = Process::of(redis.pid());
    let task = tokio::spawn(async move {
        let _redis = redis;
        panic!("on purpose");
    });
    assert!(task.await.expect_err("it panicked").is_panic());
    assert!(!server.exists(), "reaped");
}

/// Not a test: the owner that is killed.
#[support::test]
async fn child_owner() {
    if role().is_some() {
        let directory = std::env::var_os("DIRECTORY").expect("set by the test");
        let redis = start_redis(&RedisConfig::new().directory(directory))
            .await
            .expect("ready");
        tell("redis", redis.pid());
        tell("url", redis.url());
        stay().await;
    }
}

#[support::test]
async fn kill_9_of_the_owner_leaves_no_server_and_the_next_one_has_its_data() {
    let dir = data_dir();
    let mut owner = Owner::start(
        &support::test_name!(child_owner),
        "holds a server",
        &[("DIRECTORY", dir.path())],
    );
    let server = owner.tells_process("redis");
    let url = owner.tells("url");
    assert_eq!(Client::of(&url).await.ask("SET order 7").await, "+OK");
    let guard = guard_of(server.pid);

    owner.kill();

    // Waits for the lock, which the server holds until it has ended.
    let redis = start_redis(&RedisConfig::new().directory(dir.path()))
        .await
        .expect("ready");
    assert!(!server.lives());
    eventually("the guard is gone", || !guard.lives()).await;
    assert_eq!(redis.url(), url, "the password is kept beside the data");
    assert_eq!(
        Client::of(&url).await.get("order").await.as_deref(),
        Some("7")
    );
}

async fn order_after_kill_9(profile: Profile) -> Option<String> {
    let redis = start_redis(&RedisConfig::new().profile(profile))
        .await
        .expect("ready");
    let server = Process::of(redis.pid());
    // A server writes the changes of a script as a transaction, which it loads in another way.
    let script = "redis.call('SET', 'order', '7') return redis.call('SET', 'receipt', '7')";
    let eval = format!("EVAL \"{script}\" 0");
    assert_eq!(Client::of(redis.url()).await.ask(&eval).await, "+OK");
    send(server.pid, Signal::SIGKILL);
    ready_again(&redis, &server).await;
    Client::of(redis.url()).await.get("order").await
}

#[support::test]
async fn data_survives_kill_9_of_the_server_as_its_profile_says() {
    assert_eq!(
        order_after_kill_9(Profile::Strict).await.as_deref(),
        Some("7")
    );
    assert_eq!(
        order_after_kill_9(Profile::Durable).await.as_deref(),
        Some("7")
    );
    assert_eq!(order_after_kill_9(Profile::Ephemeral).await, None);
}

#[support::test]
async fn a_directory_is_used_by_one_server_at_a_time() {
    let dir = data_dir();
    let config = RedisConfig::new().directory(dir.path());
    let mut first = start_redis(&config).await.expect("ready");
    let server = Process::of(first.pid());

    let error = start_redis(&config).await.map(drop).unwrap_err();
    assert!(
        matches!(error, StartRedisError::DirectoryLocked { .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("in use by another server"),
        "{error}"
    );
    assert!(server.lives());
    assert_eq!(
        Client::of(first.url()).await.ask("SET order 7").await,
        "+OK"
    );

    first.shutdown().await.expect("ours");
    let second = start_redis(&config).await.expect("free again");
    assert_eq!(
        Client::of(second.url()).await.get("order").await.as_deref(),
        Some("7")
    );
}

/// Server that the daemon did not start.
struct Foreign(process::Child);

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Foreign {
    /// Starts a server, and returns it with its port.
    fn start(dir: &Path) -> (Self, u16) {
        loop {
            let free = TcpListener::bind("127.0.0.1:0").expect("a port");
            let port = free.local_addr().expect("bound").port();
            drop(free);
            let child = process::Command::new("redis-server")
                .args([
                    "--port",
                    &port.to_string(),
                    "--save",
                    "",
                    "--bind",
                    "127.0.0.1",
                ])
                .current_dir(dir)
                .stdout(process::Stdio::piped())
                .spawn();
            let mut foreign = Self(child.expect("installed"));
            let output = BufReader::new(foreign.0.stdout.as_mut().expect("piped"));
            // Another program may have been given the port in between.
            let mut lines = output.lines().map_while(Result::ok);
            if lines.any(|line| line.contains("Ready to accept connections")) {
                return (foreign, port);
            }
        }
    }
}

#[support::test]
async fn a_foreign_server_is_neither_used_nor_stopped() {
    let dir = data_dir();
    let (foreign, port) = Foreign::start(dir.path());
    let process = Process::of(foreign.0.id());

    let error = start_redis(&ephemeral().port(port))
        .await
        .map(drop)
        .unwrap_err();
    assert!(
        matches!(error, StartRedisError::PortInUse { .. }),
        "{error}"
    );
    let mut other = start_redis(&ephemeral().port(0)).await.expect("ready");
    other.shutdown().await.expect("ours");

    assert!(process.lives());
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await;
    drop(stream.expect("it still listens"));
}

#[support::test]
async fn a_server_that_ignores_sigterm_is_killed_after_its_grace() {
    let fake = Fake::serving(
        "trap 'touch $here/caught' TERM; redis-server \"$@\" & while :; do wait; sleep 600; done",
    );
    let mut redis = start_redis(&ephemeral().binary(fake.binary()))
        .await
        .expect("ready");
    let group = group_of(redis.pid());
    let caught = async {
        eventually("it has caught SIGTERM", || fake.has("caught")).await;
        skip(Duration::from_secs(10)).await;
    };
    let (ending, ()) = tokio::join!(redis.shutdown(), caught);
    let ending = ending.expect("ours");
    assert!(
        matches!(ending, Ending::Killed(status) if status.signal() == Some(9)),
        "{ending:?}"
    );
    eventually_now("the whole group is gone", || {
        !group.iter().any(Process::lives)
    });
}
