//! Reasons for the end of an actor.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::process_exit::ProcessExit;
use crate::urn::Urn;

/// Reason for which an actor ended, or one incarnation of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum StopReason {
    /// The actor was told `stop`, or stopped itself: the messages queued before were
    /// handled.
    Stopped,
    /// The actor was told `stop_now`: the messages that were queued were not handled.
    StoppedNow,
    /// The actor was killed, or its runtime went away.
    Killed,
    /// The actor was anonymous, and its last reference is gone.
    Unreferenced,
    /// The system shut down.
    Shutdown,
    /// The actor is in another process, and has not ended: the connection does not
    /// allow to end it.
    OutOfReach,
    /// The actor did not start: `#[on(create)]` or `#[on(start)]` failed with this
    /// fault.
    StartFailed(Box<Fault>),
    /// `#[on(error)]` said stop; or the actor wanted a message later, in a tokio
    /// runtime without timers.
    Failed(Box<Fault>),
    /// A handler or a hook panicked; or the state panicked as it was dropped at an
    /// orderly end. After a failure, the first one is the reason; after a kill, the
    /// kill is.
    Panicked(Box<Fault>),
    /// The parent ended, and children end with it.
    Parent,
    /// The supervisor restarts the actor with a sibling that failed. Only an
    /// incarnation ends for this reason, never an actor.
    Recycled,
    /// A child failed, and its failure became that of the actor.
    Escalated(Box<Escalation>),
    /// A child that was marked as significant has ended.
    ChildEnded(Urn),
    /// The end is not known: the connection to the actor's process was lost, or has too
    /// many requests under way. The actor may go on there.
    Unreachable,
    /// The system that was asked has no actor of that name: it ended before.
    NoSuchActor,
    /// The process of the actor ended before the actor did.
    ProcessExited(Box<ProcessExit>),
}

/// Failure of a child that became the failure of its supervisor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Escalation {
    /// Name of the child.
    pub child: Urn,
    /// Reason of the failure.
    pub reason: StopReason,
}

impl Escalation {
    #[doc(hidden)]
    #[must_use]
    pub fn new(child: Urn, reason: StopReason) -> Self {
        Self { child, reason }
    }
}

impl StopReason {
    /// Tells whether the actor ended because something went wrong inside.
    pub const fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::StartFailed(_)
                | Self::Failed(_)
                | Self::Panicked(_)
                | Self::Escalated(_)
                | Self::ProcessExited(_)
        )
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("stopped"),
            Self::StoppedNow => f.write_str("stopped at once"),
            Self::Killed => f.write_str("killed"),
            Self::Unreferenced => f.write_str("its last reference is gone"),
            Self::Shutdown => f.write_str("its system shut down"),
            Self::OutOfReach => {
                f.write_str(
                    "not ended: its process allows that only to holders of a reference that was sent in a \
                     message, or by `Proxy::serve(..).control(Control::Any)`",
                )
            }
            Self::StartFailed(fault) => write!(f, "failed to start: {fault}"),
            Self::Failed(fault) => write!(f, "failed: {fault}"),
            Self::Panicked(fault) => write!(f, "panicked: {fault}"),
            Self::Parent => f.write_str("its parent ended"),
            Self::Recycled => f.write_str("restarted with a sibling that failed"),
            Self::Escalated(escalation) => {
                write!(f, "its child `{}` {}", escalation.child, escalation.reason)
            }
            Self::ChildEnded(child) => write!(f, "its significant child `{child}` ended"),
            Self::Unreachable => f.write_str("its process cannot be reached"),
            Self::NoSuchActor => f.write_str("ended before: there is no actor of that name"),
            Self::ProcessExited(exit) => write!(f, "its {exit}"),
        }
    }
}

impl std::error::Error for StopReason {}
