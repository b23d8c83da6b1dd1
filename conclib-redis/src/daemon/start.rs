use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    os::unix::ffi::OsStrExt as _,
    path::Path,
    sync::Arc,
};

use conclib_process::{ChildCommand, PrivateDir, SpawnError};
use tokio::runtime::Handle;

use super::{
    binary::Binary,
    config::RedisConfig,
    directory::{DataDirectory, write_private},
    error::RedisError,
    handle::{RedisDaemon, Urls},
    holes::warn_of_holes,
    log::log_line,
    secret::Secret,
    server::Server,
    settings::{Settings, socket_in},
};

/// Longest path of a unix socket: 108 bytes with a zero byte at the end.
const SOCKET_PATH: usize = 107;

/// Number of free ports that are tried before the error is returned.
const PORTS: usize = 5;

/// Starts a redis-server or valkey-server, and returns once it answers.
///
/// The server belongs to the caller alone: it listens only on this host, and every client needs the password in
/// [`RedisDaemon::url`]. A server that runs already is never used, changed or stopped; to use one, pass its URL on.
///
/// # Errors
///
/// Each variant of [`RedisError`] says what happened and what to do, with the last lines of the server's output where there
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
pub async fn start_redis(config: &RedisConfig) -> Result<RedisDaemon, RedisError> {
    if Handle::try_current().is_err() {
        let program = "redis-server".into();
        return Err(SpawnError::NoRuntime { program }.into());
    }
    let binary = Binary::find(config.binary.as_deref()).await?;
    warn_of_holes(&binary);
    let private = PrivateDir::new()?;
    let data = match &config.directory {
        Some(directory) => Some(DataDirectory::open(directory).await?),
        None => None,
    };
    let password = match &data {
        Some(data) => data.password.clone(),
        None => Secret::random()?,
    };
    let data_path = data.as_ref().map_or(private.path(), |data| &data.path);
    let supervisor_password = Secret::random()?;
    let socket = match config.port {
        None => socket_in(data_path),
        // Only the supervisor uses it.
        Some(_) => socket_in(private.path()),
    };
    if socket.as_os_str().as_bytes().len() > SOCKET_PATH {
        return Err(RedisError::SocketPathTooLong {
            path: socket,
            limit: SOCKET_PATH,
        });
    }

    let settings_file = private.join("redis.conf");
    let mut command = ChildCommand::new(&binary.path)
        .arg(&settings_file)
        .log(log_line);
    if let Some(data) = &data {
        command = command.stdin(data.lock()?);
    }
    let mut ports = 0..PORTS;
    let (server, ready, urls) = loop {
        let settings = Settings {
            config,
            port: port(config)?,
            socket: &socket,
            data: data_path,
            password: &password,
            supervisor_password: &supervisor_password,
        };
        write(&settings_file, &settings)?;
        let server = Server::new(
            command.clone(),
            &socket,
            settings.port,
            supervisor_password.clone(),
        );
        match server.start().await {
            Ok(ready) => {
                let (full, public) = (settings.url(Some(&password)), settings.url(None));
                break (server, ready, Urls { full, public });
            }
            // Another program was given the free port in between.
            Err(RedisError::PortInUse { .. })
                if config.port == Some(0) && ports.next().is_some() => {}
            Err(error) => return Err(error),
        }
    };
    Ok(RedisDaemon::new(
        Arc::new(server),
        ready,
        urls,
        data,
        private,
    ))
}

/// Returns the port to listen at, a free one if the settings say 0.
fn port(config: &RedisConfig) -> Result<Option<u16>, RedisError> {
    let free = || -> io::Result<u16> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        Ok(listener.local_addr()?.port())
    };
    match config.port {
        Some(0) => Ok(Some(free().map_err(RedisError::NoFreePort)?)),
        port => Ok(port),
    }
}

fn write(path: &Path, settings: &Settings<'_>) -> Result<(), RedisError> {
    write_private(path, settings.text().as_bytes()).map_err(|source| RedisError::Directory {
        path: path.into(),
        source,
    })
}
