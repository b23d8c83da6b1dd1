use std::{fmt, process::ExitStatus, sync::Arc};

use conclib_process::Ending;

use super::error::StartRedisError;

/// Current state of a Redis server, as [`RedisDaemon::state`](crate::RedisDaemon::state) returns it.
///
/// # Examples
///
/// ```
/// use conclib_redis::{RedisConfig, RedisState, start_redis};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let redis = start_redis(&RedisConfig::new()).await?;
/// let mut state = redis.state();
/// assert!(matches!(*state.borrow_and_update(), RedisState::Ready { pid, .. } if pid == redis.pid()));
///
/// tokio::spawn(async move {
///     while state.changed().await.is_ok() {
///         println!("{:?}", *state.borrow_and_update());
///     }
/// });
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum RedisState {
    /// The server answers.
    Ready {
        /// Process id of the server.
        pid: u32,
        /// Id that the server has made up at its start: another id means that it was started again.
        run_id: String,
    },
    /// The server runs and has not answered for three seconds. It is killed and started again when it has not answered for
    /// a minute.
    Unresponsive {
        /// Process id of the server.
        pid: u32,
    },
    /// The server has exited and is being started again.
    Restarting {
        /// Exit status of the last process that was ready.
        status: ExitStatus,
    },
    /// The server has ended, and is not started again.
    Ended(RedisEnd),
}

/// Reason why a Redis server has ended for good. The `Display` is half a sentence: "was shut down, with exit status: 0".
///
/// # Examples
///
/// ```
/// use conclib_redis::RedisDaemon;
///
/// /// Logs when the server is given up.
/// fn report(redis: &RedisDaemon) {
///     let exited = redis.exited();
///     tokio::spawn(async move { eprintln!("the server {}", exited.await) });
/// }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum RedisEnd {
    /// The server exited by itself more often than it is started again. The error is that of the last attempt.
    GaveUp(Arc<StartRedisError>),
    /// The server was ended by [`shutdown`](crate::RedisDaemon::shutdown).
    ShutDown(Ending),
    /// The [`RedisDaemon`](crate::RedisDaemon) was dropped, which kills the server.
    Dropped,
}

impl fmt::Display for RedisEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GaveUp(error) => write!(f, "failed too often and is not started again: {error}"),
            Self::ShutDown(ending) => write!(f, "was shut down, with {}", ending.status()),
            Self::Dropped => write!(f, "was killed, as its daemon was dropped"),
        }
    }
}
