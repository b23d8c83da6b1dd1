//! How actors end.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::urn::Urn;

/// Where an actor is in its life. It only ever moves on, but for a restart,
/// which leads back to [`Running`](Self::Running).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum State {
    /// Being created, or in `#[on(start)]`.
    Starting = 0,
    /// Takes messages.
    Running = 1,
    /// Between two incarnations: what is sent waits for the next.
    Restarting = 2,
    /// Serves what is left, or is in `#[on(stop)]`.
    Stopping = 3,
    /// Ended: its state is dropped and its name is free.
    Stopped = 4,
}

/// Why an actor ended, or one incarnation of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum StopReason {
    /// The actor was told `stop`, or stopped itself: what was queued before
    /// was served.
    Stopped,
    /// The actor was told `stop_now`: what was queued was not served.
    StoppedNow,
    /// The actor was killed, or its runtime went away.
    Killed,
    /// The actor was anonymous, and its last reference is gone.
    Unreferenced,
    /// The system shut down.
    Shutdown,
    /// The actor is in another process, and has not ended: a reference from here
    /// cannot end it.
    OutOfReach,
    /// The actor did not start: `#[on(create)]` or `#[on(start)]` failed with this.
    StartFailed(Box<Fault>),
    /// `#[on(error)]` said stop; or it wanted a message later, in a tokio
    /// runtime without timers.
    Failed(Box<Fault>),
    /// A handler or a hook panicked; or an orderly end was under way, and the
    /// state panicked as it was dropped. After a failure, the first one is the
    /// reason; after a kill, the kill is.
    Panicked(Box<Fault>),
    /// The parent ended, and children end with it.
    Parent,
    /// The supervisor starts the actor again, with a sibling that failed. Only an
    /// incarnation ends so, never an actor.
    Recycled,
    /// A child failed, and nothing was left to be done for it.
    Escalated(Box<Escalation>),
    /// A child that was marked as significant has ended.
    ChildEnded(Urn),
}

/// A child whose failure became its supervisor's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Escalation {
    /// The child.
    pub child: Urn,
    /// Reason of the failure.
    pub reason: StopReason,
}

impl StopReason {
    /// Tells whether the actor ended because something went wrong inside.
    pub const fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::StartFailed(_) | Self::Failed(_) | Self::Panicked(_) | Self::Escalated(_)
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
            Self::OutOfReach => f.write_str("not ended: it is in another process"),
            Self::StartFailed(fault) => write!(f, "failed to start: {fault}"),
            Self::Failed(fault) => write!(f, "failed: {fault}"),
            Self::Panicked(fault) => write!(f, "panicked: {fault}"),
            Self::Parent => f.write_str("its parent ended"),
            Self::Recycled => f.write_str("restarted with a sibling that failed"),
            Self::Escalated(escalation) => {
                write!(f, "its child `{}` {}", escalation.child, escalation.reason)
            }
            Self::ChildEnded(child) => write!(f, "its significant child `{child}` ended"),
        }
    }
}

impl std::error::Error for StopReason {}

/// The end of an actor: resolves with its reason once its state is dropped and
/// its name is free.
///
/// The signal that ends the actor was given when this was made; waiting for
/// the end is optional, and any number may wait.
///
/// # Cancel safety
/// Dropping it only ends the waiting.
pub struct Stopping(Pin<Box<dyn Future<Output = StopReason> + Send>>);

impl Stopping {
    pub(crate) fn new(end: Arc<dyn super::Resident>) -> Self {
        Self(Box::pin(async move { end.ending().wait().await }))
    }

    /// An end that there is nothing to wait for.
    pub(crate) fn over(reason: StopReason) -> Self {
        Self(Box::pin(std::future::ready(reason)))
    }
}

impl Future for Stopping {
    type Output = StopReason;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<StopReason> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for Stopping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stopping").finish_non_exhaustive()
    }
}
