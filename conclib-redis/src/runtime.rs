//! Runtime of a connection to Redis.

use conclib_core::__private::timed_runtime;
use conclib_core::SpawnError;
use tokio::runtime::Handle;

use crate::error::RedisError;

/// Returns the current runtime, which has to have timers.
pub(crate) fn current() -> Result<Handle, RedisError> {
    timed_runtime().map_err(|error| match error {
        SpawnError::NoTimers => RedisError::NoTimers,
        _ => RedisError::NoRuntime,
    })
}
