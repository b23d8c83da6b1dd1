//! Errors of spawning, looking up and starting an actor.

use std::error::Error;
use std::fmt;

use conclib_wire::{CycleStep, StopReason, Urn, UrnError};

use super::ask::write_cycle;

/// Reason for which an actor could not be spawned. Nothing is left behind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// Another actor has the name.
    #[error(
        "the name `{urn}` is taken in the system `{system}`: stop that actor first, or pick another with `.urn(…)`"
    )]
    UrnTaken {
        /// The name.
        urn: Urn,
        /// The system in which it is taken.
        system: String,
    },
    /// The name is not a valid URN.
    #[error(transparent)]
    Urn(#[from] UrnError),
    /// No tokio runtime is entered on the current thread.
    #[error(
        "no tokio runtime is here to run an actor or a ticker in: call this from `#[conclib::main]`, from a task, or after `Runtime::enter`"
    )]
    NoRuntime,
    /// The current tokio runtime has no timers.
    #[error(
        "the tokio runtime here has no timers: call `enable_time` or `enable_all` on its builder (ticks, idle hooks, restarts, children and tickers need them)"
    )]
    NoTimers,
    /// The parent has ended or is ending, or is in another process: it takes no
    /// children.
    #[error("`{urn}` is ending, or is in another process, and takes no children")]
    ParentEnded {
        /// The parent.
        urn: Urn,
    },
    /// A thread for the actor could not be started.
    #[error("no thread could be started for the actor: {detail}")]
    Thread {
        /// Error text of the operating system.
        detail: String,
    },
    /// No process could be prepared for the actor.
    #[error("no process could be prepared for the actor: {detail}")]
    Process {
        /// Error text of the operating system.
        detail: String,
    },
    /// The pool was stopped, and takes no new workers.
    #[error("the pool `{urn}` was stopped and takes no new workers")]
    PoolStopped {
        /// The pool.
        urn: Urn,
    },
    /// The system is shutting down or has shut down.
    #[error("the system `{system}` is shutting down and takes no new actors")]
    ShuttingDown {
        /// The system.
        system: String,
    },
}

/// Reason for which a lookup returned no reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// No actor has that name.
    #[error("no actor `{urn}` lives in the system `{system}`")]
    NoSuchActor {
        /// Name that was looked up, which may not even be a valid URN.
        urn: String,
        /// Name of the system that was searched.
        system: String,
    },
    /// The actor of that name has another type.
    #[error("the actor `{urn}` is a `{found}`, not a `{expected}`")]
    TypeMismatch {
        /// Name that was looked up.
        urn: Urn,
        /// Type that was asked for.
        expected: &'static str,
        /// Type of the actor.
        found: &'static str,
    },
}

/// Reason for which an actor did not start: its `#[on(create)]` or `#[on(start)]` failed or
/// panicked, or the actor was ended before.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum StartError {
    /// The actor ended before it had started.
    Ended {
        /// The actor.
        urn: Urn,
        /// Reason of the end.
        reason: StopReason,
    },
    /// Waiting for the start would deadlock: the actor failed, and its start waits for the decision
    /// of an `#[on(child)]` of the caller, or of an actor that waits for the caller.
    Cycle {
        /// The actor.
        urn: Urn,
        /// Actors that would wait for each other; begins and ends with the caller.
        path: Box<[CycleStep]>,
    },
}

impl StartError {
    /// Returns the name of the actor that did not start.
    pub const fn urn(&self) -> &Urn {
        match self {
            Self::Ended { urn, .. } | Self::Cycle { urn, .. } => urn,
        }
    }

    /// Returns the reason for the end, if the actor has ended.
    pub const fn reason(&self) -> Option<&StopReason> {
        match self {
            Self::Ended { reason, .. } => Some(reason),
            Self::Cycle { .. } => None,
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended { urn, reason } => write!(f, "`{urn}` did not start: {reason}"),
            Self::Cycle { urn, path } => {
                write!(f, "waiting for the start of `{urn}` ")?;
                write_cycle(f, path)?;
                f.write_str(": let the turn end, and hear of the start by a message")
            }
        }
    }
}

impl Error for StartError {}
