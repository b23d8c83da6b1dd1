use std::{fmt, process::ExitStatus, sync::Arc};

use conclib_process::{Ending, WaitError};

use crate::error::StartApiError;

/// Current state of a web server, as
/// [`ApiDaemon::state`](crate::ApiDaemon::state) returns it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ApiState {
    /// The server has answered its health check, and runs.
    Healthy {
        /// Process id of the server.
        pid: u32,
    },
    /// The server has exited and is being started again: waits for the pause of
    /// its policy, and then to be healthy.
    Restarting {
        /// Exit status of the last process that was healthy.
        status: ExitStatus,
    },
    /// The server has ended, and is not started again.
    Ended(ApiEnd),
}

/// Reason why a web server has ended. The `Display` is half a sentence: "exited
/// with signal: 9 (SIGKILL)".
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ApiEnd {
    /// The server exited by itself, and either had no restart policy or failed
    /// more often than its policy allows.
    Exited(ExitStatus),
    /// The server exited by itself and could not be started again. The error is
    /// that of the last attempt.
    NotRestarted(Arc<StartApiError>),
    /// The server was ended by [`shutdown`](crate::ApiDaemon::shutdown).
    ShutDown(Ending),
    /// The [`ApiDaemon`](crate::ApiDaemon) was dropped, which kills the server.
    Dropped,
    /// The operating system does not tell how the server ended.
    Lost(Arc<WaitError>),
}

impl fmt::Display for ApiEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "exited with {status}"),
            Self::NotRestarted(error) => write!(f, "could not be started again: {error}"),
            Self::ShutDown(ending) => write!(f, "was shut down, with {}", ending.status()),
            Self::Dropped => write!(f, "was killed, as its daemon was dropped"),
            Self::Lost(error) => write!(f, "ended: {error}"),
        }
    }
}
