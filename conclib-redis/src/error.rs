//! Errors of a connection to a Redis server.

use conclib_net::KeyError;

use crate::url::UrlError;

/// Reason why a system is not served, or a client is not connected, through Redis.
///
/// # Examples
///
/// ```
/// use conclib_redis::{RedisError, RedisUrl};
///
/// let error = RedisError::from("amqp://host".parse::<RedisUrl>().unwrap_err());
/// assert!(matches!(error, RedisError::Url(_)));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisError {
    /// The URL is invalid.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// The authkey cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes: {0}")]
    Random(#[from] std::io::Error),
    /// The call was made outside of a tokio runtime.
    #[error(
        "a Redis server is reached from inside a tokio runtime: call this from `#[conclib::main]` or from a task"
    )]
    NoRuntime,
    /// The tokio runtime here has no timers.
    #[error(
        "a Redis server cannot be reached from a tokio runtime without timers: call `enable_all` on its builder, or `enable_time` and `enable_io`"
    )]
    NoTimers,
    /// The files of a TLS connection cannot be used.
    #[error("no TLS connection: {why}")]
    Tls {
        /// Reason, with the path of the file.
        why: Box<str>,
    },
    /// The server is not there, or refuses the connection.
    #[error(
        "no connection to {url}: {why}; is the server up, and are user, password and certificates right?"
    )]
    Connect {
        /// URL of the server, without its password.
        url: Box<str>,
        /// Reason.
        why: Box<str>,
    },
    /// The Python-compatible channel signs nothing, and there is a key.
    #[error(
        "an authkey is set, and the Python-compatible channel cannot sign its messages: allow that with ?unsigned=allow, or take the key away"
    )]
    Unsigned,
    /// A command failed. It may have had its effect if the connection was lost.
    #[error("a command to the Redis server failed: {why}")]
    Command {
        /// Reason.
        why: Box<str>,
    },
}
