use std::path::{Path, PathBuf};

/// Settings of a server that [`start_redis`](crate::start_redis) starts.
///
/// By default the server keeps its data on disk ([`Profile::Durable`]) in a directory that is removed with it, and listens
/// only on a unix socket in that directory.
///
/// # Examples
///
/// ```
/// use conclib_redis::{Profile, RedisConfig};
///
/// let config = RedisConfig::new()
///     .directory("/var/lib/my-app/redis")
///     .profile(Profile::Strict)
///     .max_memory(512 << 20);
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a config does nothing until it is given to `start_redis`"]
pub struct RedisConfig {
    pub(crate) profile: Profile,
    pub(crate) port: Option<u16>,
    pub(crate) directory: Option<PathBuf>,
    pub(crate) binary: Option<PathBuf>,
    pub(crate) max_memory: Option<u64>,
}

/// Durability of the data of a server.
///
/// # Examples
///
/// ```
/// use conclib_redis::{Profile, RedisConfig};
///
/// let for_a_cache = RedisConfig::new().profile(Profile::Ephemeral);
/// let for_orders = RedisConfig::new().profile(Profile::Strict);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// Nothing is written to disk: a restart begins with an empty server.
    Ephemeral,
    /// Every change is appended to a file, which is forced to disk once a second. A host that loses power loses about the last
    /// second. A server that is killed usually loses nothing, and up to two seconds while the disk is busy.
    #[default]
    Durable,
    /// Every change is on disk before the server acknowledges it.
    Strict,
}

impl RedisConfig {
    /// Makes the default settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the durability of the data; by default [`Profile::Durable`].
    pub fn profile(self, profile: Profile) -> Self {
        Self { profile, ..self }
    }

    /// Makes the server listen at this port of 127.0.0.1 instead of a unix socket; 0 picks a free port.
    ///
    /// A port can be reached by every user of the host, who then needs the password.
    pub fn port(self, port: u16) -> Self {
        Self {
            port: Some(port),
            ..self
        }
    }

    /// Sets the directory of the data; by default a private one that is removed with the server.
    ///
    /// The directory is made with mode 0700 if it does not exist; an existing one must belong to this user alone. It also
    /// holds the unix socket `redis.sock`, the [file with the URL](crate::RedisDaemon::url_file), whose password the next server
    /// of the directory has too, and a lock, so that at most one server at a time uses it.
    pub fn directory(self, directory: impl AsRef<Path>) -> Self {
        Self {
            directory: Some(directory.as_ref().into()),
            ..self
        }
    }

    /// Sets the server program. By default it is the value of the environment variable `CONCLIB_REDIS_SERVER` if that is set,
    /// else `valkey-server` or `redis-server` in `PATH`.
    pub fn binary(self, binary: impl AsRef<Path>) -> Self {
        Self {
            binary: Some(binary.as_ref().into()),
            ..self
        }
    }

    /// Limits the memory for data to this many bytes; by default there is no limit.
    ///
    /// A full server refuses writes; nothing is evicted.
    pub fn max_memory(self, bytes: u64) -> Self {
        Self {
            max_memory: Some(bytes),
            ..self
        }
    }
}
