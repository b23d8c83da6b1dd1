use std::{io, path::PathBuf, process::ExitStatus, time::Duration};

use conclib_process::{PrivateDirError, SpawnError, Tail, WaitError};
use thiserror::Error;

/// Number of the last lines of output that an error text shows; the error itself has all of the tail.
const SHOWN_LINES: usize = 10;

/// Reason why a Redis server could not be started; nothing of it is left running.
///
/// # Examples
///
/// ```
/// use conclib_redis::{RedisConfig, StartRedisError, start_redis};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let config = RedisConfig::new().binary("/opt/no-such-server");
/// let error = start_redis(&config).await.unwrap_err();
///
/// assert!(matches!(error, StartRedisError::BinaryNotFound { .. }));
/// assert!(error.to_string().contains("apt-get install redis-server"));
/// # }
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartRedisError {
    /// No server program was found. Nothing was started.
    #[error(
        "no redis-server was found, looked for {}: install one (`apt-get install redis-server`), or set \
         CONCLIB_REDIS_SERVER to its path",
        list(searched)
    )]
    BinaryNotFound {
        /// Programs that were looked for: paths, or names in a directory of `PATH`.
        searched: Vec<PathBuf>,
    },
    /// The program does not tell the version of a redis-server or valkey-server.
    #[error(
        "`{}` does not tell its version, so it is no redis-server or valkey-server: set CONCLIB_REDIS_SERVER to the path of one{}",
        binary.display(), shown(tail)
    )]
    NotRedis {
        /// The program.
        binary: PathBuf,
        /// The last lines of its output.
        tail: Tail,
    },
    /// The server is older than 7.0.
    #[error("`{}` has version {version}, and 7.0 or later is needed: install a newer redis-server", binary.display())]
    TooOld {
        /// The server program.
        binary: PathBuf,
        /// The version that it tells.
        version: String,
    },
    /// The directory of the data cannot be made, read or written.
    #[error("the data directory `{}` cannot be used: make it a directory that you may write to", path.display())]
    Directory {
        /// The directory, or the file in it.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The directory of the data is a link, or other users may enter it.
    #[error("the data directory `{}` is a link or not for this user alone: run `chown` and `chmod 700` on it, or choose another", path.display())]
    DirectoryNotPrivate {
        /// The directory.
        path: PathBuf,
    },
    /// Another server uses the directory of the data. That server is left alone.
    #[error("the data directory `{}` is in use by another server: stop it or choose another directory", path.display())]
    DirectoryLocked {
        /// The directory.
        path: PathBuf,
    },
    /// The path of the unix socket is longer than the system allows.
    #[error(
        "the path of the unix socket `{}` is longer than {limit} bytes: choose a directory with a shorter path, or a port",
        path.display()
    )]
    SocketPathTooLong {
        /// The path.
        path: PathBuf,
        /// Number of bytes that a path may have.
        limit: usize,
    },
    /// Another program listens at the port.
    #[error(
        "port {port} of 127.0.0.1 is in use: stop the program that listens there, choose another port, or 0 for a free one"
    )]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// No port of 127.0.0.1 is free.
    #[error("no port of 127.0.0.1 is free for a redis-server: close programs that hold many")]
    NoFreePort(#[source] io::Error),
    /// The system gave no random bytes for the passwords.
    #[error("no random bytes for the passwords of a redis-server")]
    Random(#[source] io::Error),
    /// The directory of the run could not be made.
    #[error(transparent)]
    PrivateDir(#[from] PrivateDirError),
    /// The program could not be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// The server exited by itself, before it was ready or later.
    #[error("`{}` exited with {status}{}", binary.display(), shown(tail))]
    Exited {
        /// The server program.
        binary: PathBuf,
        /// The exit status of the server.
        status: ExitStatus,
        /// The last lines of its output.
        tail: Tail,
    },
    /// The server ran and did not answer in time. It was shut down.
    #[error("`{}` was not ready after {limit:?} and was ended; the last answer was: {last}{}", binary.display(), shown(tail))]
    NotReady {
        /// The server program.
        binary: PathBuf,
        /// The time that the server was given.
        limit: Duration,
        /// The result of the last PING.
        last: String,
        /// The last lines of its output.
        tail: Tail,
    },
    /// The end of the server could not be observed.
    #[error(transparent)]
    Wait(#[from] WaitError),
}

fn list(paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths
        .iter()
        .map(|path| format!("`{}`", path.display()))
        .collect();
    paths.join(", ")
}

fn shown(tail: &Tail) -> String {
    let skipped = tail.lines().len().saturating_sub(SHOWN_LINES);
    let lines: Vec<_> = tail.lines().skip(skipped).collect();
    if lines.is_empty() {
        ", without any output".into()
    } else {
        format!("; its last output:\n{}", lines.join("\n"))
    }
}
