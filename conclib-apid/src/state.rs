use std::{fmt, process::ExitStatus, sync::Arc};

use conclib_process::{Ending, WaitError};

use crate::error::StartApiError;

/// What a web server does at the moment, as [`ApiDaemon::state`](crate::ApiDaemon::state) tells it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ApiState {
    /// It has answered its health check, and runs.
    Healthy {
        /// Its process id.
        pid: u32,
    },
    /// It has exited and is being started again: after the pause that its policy says, and until it is healthy.
    Restarting {
        /// How the last one exited that was healthy.
        status: ExitStatus,
    },
    /// It serves no more, and is not started again.
    Ended(ApiEnd),
}

/// Why a web server serves no more. The `Display` is half a sentence: "exited with signal: 9 (SIGKILL)".
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ApiEnd {
    /// It exited by itself; no restart was asked for, or it has had all that its policy allows.
    Exited(ExitStatus),
    /// It exited by itself and could not be started again. The error is that of the last try.
    NotRestarted(Arc<StartApiError>),
    /// It was ended by [`shutdown`](crate::ApiDaemon::shutdown).
    ShutDown(Ending),
    /// Its [`ApiDaemon`](crate::ApiDaemon) was dropped, which kills it.
    Dropped,
    /// The system does not tell how it ended.
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
