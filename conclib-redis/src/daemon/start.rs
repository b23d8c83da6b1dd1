use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    sync::Arc,
};

use conclib_process::SpawnError;
use tokio::runtime::Handle;

use super::{
    binary::Binary, config::RedisConfig, error::StartRedisError, handle::RedisDaemon, run::Run,
};

/// Number of free ports that are tried before the error is returned.
const PORTS: usize = 5;

/// Starts a redis-server or valkey-server, and returns once it answers.
///
/// The server belongs to the caller alone: it listens only on this host, and every client needs the password in
/// [`RedisDaemon::url`]. A server that runs already is never used, changed or stopped; to use one, pass its URL on.
///
/// # Errors
///
/// Each variant of [`StartRedisError`] says what happened and what to do, with the last lines of the server's output where there
/// are any. An exit is noticed at once. When an error is returned, the server is gone.
///
/// # Panics
///
/// In a tokio runtime whose I/O or timers are not enabled.
///
/// # Cancel safety
///
/// If the future is dropped, the server is killed.
///
/// # Users of the server
///
/// The password is made at random for each daemon, or once for each [`directory`](RedisConfig::directory); it is in no
/// argument, environment variable or log. The user `conclib` of the URL may use all keys and channels, and all commands except
/// those that change the server, read all of it or empty it (`@dangerous`, such as `CONFIG`, `FLUSHALL` and `KEYS`). The
/// default user is off. A second user, for the supervisor alone, may only `PING` and ask for `INFO`. For a server of your own,
/// this line of its settings makes the same user:
///
/// ```text
/// user conclib on >password ~* &* +@read +@write +@pubsub +@scripting +@transaction +@connection +time -@dangerous +info -function -script|flush -script|kill
/// ```
///
/// # Examples
///
/// ```
/// use conclib_redis::{Profile, RedisConfig, start_redis};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = RedisConfig::new().profile(Profile::Ephemeral).port(0);
/// let mut redis = start_redis(&config).await?;
/// println!("listens at {}", redis.url_without_password());
/// // … it serves until:
/// redis.shutdown().await?;
/// # Ok(())
/// # }
/// ```
pub async fn start_redis(config: &RedisConfig) -> Result<RedisDaemon, StartRedisError> {
    if Handle::try_current().is_err() {
        let program = "redis-server".into();
        return Err(SpawnError::NoRuntime { program }.into());
    }
    let binary = Binary::find(config.binary.as_deref()).await?;
    binary
        .release
        .warn_of_holes(&binary.path.display(), Some(&binary.path));
    let run = Run::new(config).await?;
    let mut attempt = 1;
    loop {
        let port = port(config)?;
        let server = run.server(&binary, config, port)?;
        match server.start().await {
            Ok(ready) => {
                let urls = run.urls(port)?;
                return Ok(RedisDaemon::new(Arc::new(server), ready, urls, run));
            }
            // Another program was given the free port in between.
            Err(StartRedisError::PortInUse { .. }) if config.port == Some(0) && attempt < PORTS => {
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Returns the port to listen at, a free one if the settings say 0.
fn port(config: &RedisConfig) -> Result<Option<u16>, StartRedisError> {
    let free = || -> io::Result<u16> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        Ok(listener.local_addr()?.port())
    };
    match config.port {
        Some(0) => Ok(Some(free().map_err(StartRedisError::NoFreePort)?)),
        port => Ok(port),
    }
}
