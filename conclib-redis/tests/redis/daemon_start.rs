//! A server that is started answers, or the error says what to do.

use std::{
    fs::{self, Permissions},
    net::TcpListener,
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
    path::Path,
    time::Duration,
};

use crate::servers::*;
use conclib_redis::{
    RedisConfig, RedisDaemon, RedisState, SpawnError, StartRedisError, start_redis,
};
use fred::prelude::{Builder, ClientLike as _, Config};
use support::processes::*;

async fn fails(config: &RedisConfig) -> (StartRedisError, String) {
    let error = start_redis(config).await.map(drop).unwrap_err();
    let text = error.to_string();
    (error, text)
}

/// Asks by the client that the broker is built on.
async fn answers(redis: &RedisDaemon) {
    let config = Config::from_url(redis.url()).expect("a URL");
    let client = Builder::from_config(config).build().expect("a client");
    client.init().await.expect("it listens");
    let answer: String = client.ping(None).await.expect("permitted");
    assert_eq!(answer, "PONG");
    client.quit().await.expect("open");
}

fn mode(path: &Path) -> u32 {
    path.metadata().expect("it exists").permissions().mode() & 0o777
}

#[support::test]
async fn a_server_that_is_started_answers_at_its_url() {
    answers(&start_redis(&RedisConfig::new()).await.expect("ready")).await;
}

#[support::test]
async fn the_socket_is_for_this_user_alone() {
    let redis = start_redis(&ephemeral()).await.expect("ready");
    let socket = redis.directory().join("redis.sock");
    assert!(
        redis
            .url_without_password()
            .ends_with(socket.to_str().expect("plain"))
    );
    let file = socket.metadata().expect("it exists");
    assert!(file.file_type().is_socket());
    assert_eq!((mode(redis.directory()), mode(&socket)), (0o700, 0o600));
    assert_eq!(mode(&redis.directory().join("redis.conf")), 0o600);
}

#[support::test]
async fn port_0_picks_a_free_port() {
    let first = start_redis(&ephemeral().port(0)).await.expect("ready");
    let second = start_redis(&ephemeral().port(0)).await.expect("ready");
    assert_ne!(first.url_without_password(), second.url_without_password());
    assert!(
        first
            .url_without_password()
            .starts_with("redis://conclib@127.0.0.1:")
    );
    for redis in [&first, &second] {
        answers(redis).await;
    }
}

#[support::test]
async fn another_port_is_picked_if_the_free_one_was_lost_in_a_race() {
    let serve =
        "[ -e $here/lost ] || { touch $here/lost; echo bind: Address already in use; exit 1; }
        exec redis-server \"$@\"";
    let fake = Fake::serving(serve);
    let config = ephemeral().port(0).binary(fake.binary());
    answers(&start_redis(&config).await.expect("ready")).await;
    assert!(fake.has("lost"));
}

#[support::test]
async fn a_port_in_use_is_named() {
    let foreign = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = foreign.local_addr().expect("bound").port();
    let (error, text) = fails(&ephemeral().port(taken)).await;
    assert!(
        matches!(error, StartRedisError::PortInUse { port } if port == taken),
        "{text}"
    );
    assert!(
        text.contains("choose another port, or 0 for a free one"),
        "{text}"
    );
}

#[support::test]
async fn a_missing_binary_is_an_error_with_the_fix() {
    let (error, text) = fails(&RedisConfig::new().binary("/no/such/server")).await;
    assert!(matches!(error, StartRedisError::BinaryNotFound { .. }));
    assert!(text.contains("`/no/such/server`"), "{text}");
    assert!(text.contains("apt-get install redis-server"), "{text}");
}

/// Not a test: a process with another environment.
#[support::test]
async fn with_environment() {
    if role().is_some() {
        let started = start_redis(&ephemeral()).await;
        tell(
            "result",
            started.map_or_else(|error| error.to_string(), |redis| format!("{redis:?}")),
        );
    }
}

#[support::test]
fn the_binary_is_looked_for_by_its_variable_and_in_path() {
    let test = support::test_name!(with_environment);
    let result = |env: &[(&str, &Path)]| Owner::start(&test, "starts", env).tells("result");

    let text = result(&[("PATH", Path::new("/no/such"))]);
    assert!(
        text.contains("`/no/such/valkey-server`, `/no/such/redis-server`"),
        "{text}"
    );

    let text = result(&[("CONCLIB_REDIS_SERVER", Path::new("/no/such/server"))]);
    assert!(text.contains("`/no/such/server`"), "{text}");

    let fake = Fake::serving("exec redis-server \"$@\"");
    let text = result(&[("CONCLIB_REDIS_SERVER", &fake.binary())]);
    assert!(
        text.contains(&format!("binary: {:?}", fake.binary())),
        "{text}"
    );
}

#[support::test]
async fn an_old_version_is_an_error_with_both_versions() {
    let old = Fake::new("echo Redis server v=6.2.20 sha=0", "exit 1");
    let (error, text) = fails(&RedisConfig::new().binary(old.binary())).await;
    assert!(matches!(error, StartRedisError::TooOld { .. }));
    assert!(
        text.contains("has version 6.2.20, and 7.0 or later is needed"),
        "{text}"
    );
}

#[support::test]
async fn a_program_that_is_no_redis_server_is_not_started() {
    let other = Fake::new("echo who are you", "touch $here/started");
    let (error, text) = fails(&RedisConfig::new().binary(other.binary())).await;
    assert!(matches!(error, StartRedisError::NotRedis { .. }));
    assert!(
        text.ends_with("who are you") && !other.has("started"),
        "{text}"
    );
}

#[support::test]
async fn a_server_that_exits_at_once_is_an_error_with_its_last_output() {
    let broken = Fake::serving("echo no such module >&2; exit 3");
    let (error, text) = fails(&RedisConfig::new().binary(broken.binary())).await;
    assert!(matches!(error, StartRedisError::Exited { status, .. } if status.code() == Some(3)));
    assert!(text.ends_with("its last output:\nno such module"), "{text}");
}

#[support::test]
async fn a_server_that_never_answers_is_ended() {
    let silent = Fake::serving("echo $$ > $here/pid; touch $here/started; exec sleep 600");
    let config = RedisConfig::new().binary(silent.binary());
    let started = async {
        eventually("it runs", || silent.has("started")).await;
        skip(Duration::from_secs(11)).await;
    };
    let ((error, text), ()) = tokio::join!(fails(&config), started);
    assert!(matches!(error, StartRedisError::NotReady { .. }), "{text}");
    assert!(text.contains("no connection"), "{text}");
    let pid = fs::read_to_string(silent.dir.path().join("pid")).expect("written");
    assert!(!Path::new("/proc").join(pid.trim()).exists(), "reaped");
}

/// Answers to each command that it loads its data, until told otherwise.
const LOADING: &str = r#"
use IO::Socket::UNIX;
my ($settings, $here) = @ARGV;
open my $file, '<', $settings or die $!;
my ($socket) = join('', <$file>) =~ /^unixsocket "(.*)"/m;
my $listener = IO::Socket::UNIX->new(Local => $socket, Listen => 8) or die $!;
while (my $client = $listener->accept) {
    $client->autoflush(1);
    while (my $command = <$client>) {
        open my $asked, '>>', "$here/asked"; print $asked 'x'; close $asked;
        my $info = "run_id:abc\r\n";
        if ($command =~ /^AUTH/) { print $client "+OK\r\n" }
        elsif (!-e "$here/loaded") { print $client "-LOADING data\r\n" }
        elsif ($command =~ /^INFO/) { print $client '$', length $info, "\r\n$info\r\n" }
        else { print $client "+PONG\r\n" }
    }
}
"#;

#[support::test]
async fn a_server_that_loads_its_data_has_more_time() {
    let fake = Fake::serving("exec perl $here/loading.pl \"$1\" $here");
    fs::write(fake.dir.path().join("loading.pl"), LOADING).expect("ours");
    // A byte for each command.
    let asked = || fs::metadata(fake.dir.path().join("asked")).map_or(0, |file| file.len());
    let config = ephemeral().binary(fake.binary());
    let loads = async {
        for _ in 0..3 {
            let before = asked();
            eventually("it was asked twice", || asked() > before + 4).await;
            skip(Duration::from_secs(6)).await;
        }
        fs::write(fake.dir.path().join("loaded"), "").expect("ours");
    };
    let (redis, ()) = tokio::join!(start_redis(&config), loads);
    let redis = redis.expect("ready");
    assert!(
        matches!(&*redis.state().borrow(), RedisState::Ready { run_id, .. } if run_id == "abc")
    );
}

#[support::test]
async fn an_unusable_directory_is_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("file");
    fs::write(&file, "").expect("ours");
    let (error, text) = fails(&RedisConfig::new().directory(file.join("data"))).await;
    assert!(matches!(error, StartRedisError::Directory { .. }), "{text}");
    assert!(text.contains("file/data"), "{text}");
}

#[support::test]
async fn a_directory_that_others_may_enter_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).expect("ours");
    let (error, text) = fails(&RedisConfig::new().directory(dir.path())).await;
    assert!(
        matches!(error, StartRedisError::DirectoryNotPrivate { .. }),
        "{text}"
    );
    assert!(text.contains("chmod 700"), "{text}");
    assert_eq!(fs::read_dir(dir.path()).expect("ours").count(), 0);
}

#[support::test]
async fn a_path_that_is_too_long_for_a_socket_is_an_error_unless_there_is_a_port() {
    let dir = tempfile::tempdir().expect("a directory");
    let long = dir.path().join("d".repeat(100));
    let (error, text) = fails(&ephemeral().directory(&long)).await;
    assert!(
        matches!(error, StartRedisError::SocketPathTooLong { limit: 107, .. }),
        "{text}"
    );
    assert!(text.contains("a shorter path, or a port"), "{text}");
    answers(
        &start_redis(&ephemeral().directory(&long).port(0))
            .await
            .expect("ready"),
    )
    .await;
}

#[support::test]
async fn a_directory_with_odd_characters_is_used() {
    let dir = tempfile::tempdir().expect("a directory");
    let odd = dir.path().join("a \"b\" ü\\#%");
    let redis = start_redis(&RedisConfig::new().directory(&odd))
        .await
        .expect("ready");
    assert!(odd.join("redis.sock").exists() && odd.join("appendonlydir").exists());
    assert!(
        redis
            .url_without_password()
            .ends_with("/a%20%22b%22%20%C3%BC%5C%23%25/redis.sock")
    );
}

#[support::test]
async fn the_limit_of_memory_is_that_of_the_settings() {
    let redis = start_redis(&ephemeral().max_memory(123_456_789))
        .await
        .expect("ready");
    let mut client = Client::of(redis.url()).await;
    client.ask("INFO memory").await;
    while !client.line().await.starts_with("maxmemory:123456789") {}
}

#[support::test]
fn outside_of_a_runtime_nothing_is_started() {
    let config = RedisConfig::new();
    let mut start = Box::pin(start_redis(&config));
    let std::task::Poll::Ready(result) = support::poll_once(&mut start) else {
        panic!("it waits");
    };
    assert!(matches!(
        result,
        Err(StartRedisError::Spawn(SpawnError::NoRuntime { .. }))
    ));
}
