//! Servers to test with, and a client.

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use conclib_redis::{Profile, RedisConfig, RedisDaemon, RedisState};
use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};
use support::processes::*;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::{TcpStream, UnixStream},
};

pub fn ephemeral() -> RedisConfig {
    RedisConfig::new().profile(Profile::Ephemeral)
}

/// Directory that only this user may enter.
pub fn data_dir() -> TempDir {
    let private = Permissions::from_mode(0o700);
    tempfile::Builder::new()
        .permissions(private)
        .tempdir()
        .expect("a directory")
}

/// Lets the clock of the runtime jump.
pub async fn skip(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// Program that behaves as a script says.
pub struct Fake {
    pub dir: TempDir,
}

impl Fake {
    /// Runs `serve` when it is started as a server.
    pub fn serving(serve: &str) -> Self {
        Self::new("echo Redis server v=7.0.15", serve)
    }

    pub fn new(version: &str, serve: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/redis/fake-server.sh");
        std::os::unix::fs::symlink(script, dir.path().join("server")).expect("ours");
        let behaviour = format!(
            "here={}\nversion() {{ {version}; }}\nserve() {{ {serve}; }}\n",
            dir.path().display()
        );
        std::fs::write(dir.path().join("behaviour"), behaviour).expect("ours");
        Self { dir }
    }

    pub fn binary(&self) -> PathBuf {
        self.dir.path().join("server")
    }

    pub fn has(&self, file: &str) -> bool {
        self.dir.path().join(file).exists()
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Client that sends commands as lines of text.
pub struct Client(BufReader<Box<dyn Stream>>);

impl Client {
    /// Connects to the server of a URL, as the user of the URL.
    pub async fn of(url: &str) -> Self {
        let (login, rest) = url
            .split_once("://")
            .and_then(|(_, rest)| rest.split_once('@'))
            .expect("a login");
        let mut client = match rest.strip_prefix("localhost") {
            Some(path) => Self::unix(Path::new(path)).await,
            None => Self(BufReader::new(Box::new(
                TcpStream::connect(rest).await.expect("it listens"),
            ))),
        };
        assert_eq!(
            client
                .ask(&format!("AUTH {}", login.replace(':', " ")))
                .await,
            "+OK"
        );
        client
    }

    pub async fn unix(path: &Path) -> Self {
        let stream = UnixStream::connect(path).await.expect("it listens");
        Self(BufReader::new(Box::new(stream)))
    }

    /// Returns the first line of the answer.
    pub async fn ask(&mut self, command: &str) -> String {
        self.send(command).await;
        self.line().await
    }

    pub async fn send(&mut self, command: &str) {
        let stream = self.0.get_mut();
        let command = format!("{command}\r\n");
        stream.write_all(command.as_bytes()).await.expect("open");
    }

    pub async fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).await.expect("open");
        line.trim_end().to_owned()
    }

    pub async fn get(&mut self, key: &str) -> Option<String> {
        match &*self.ask(&format!("GET {key}")).await {
            "$-1" => None,
            length if length.starts_with('$') => Some(self.line().await),
            other => panic!("{other}"),
        }
    }
}

pub fn send(pid: u32, signal: Signal) {
    signal::kill(Pid::from_raw(pid.cast_signed()), signal).expect("it lives");
}

/// Waits for a state of a server.
pub async fn state(redis: &RedisDaemon, is_so: impl FnMut(&RedisState) -> bool) -> RedisState {
    let mut states = redis.state();
    let state = states.wait_for(is_so).await;
    state.expect("it is watched").clone()
}

/// Waits until a server is ready, and is not the process `before`.
pub async fn ready_again(redis: &RedisDaemon, before: &Process) -> Process {
    state(
        redis,
        |state| matches!(state, RedisState::Ready { pid, .. } if *pid != before.pid),
    )
    .await;
    Process::of(redis.pid())
}
