//! Places where an actor runs.

use serde::{Deserialize, Serialize};

/// Place where an actor runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Place {
    /// Task of the tokio runtime in which the actor was spawned.
    Task,
    /// Thread of its own.
    Thread,
    /// Process of its own, or another host: another crate runs the actor.
    Process,
}
