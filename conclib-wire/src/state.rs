//! States of an actor.

use serde::{Deserialize, Serialize};

/// Lifecycle state of an actor. A state is only followed by a later one, except that a
/// restart leads back to [`Running`](Self::Running).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum State {
    /// The actor is being created, or is in `#[on(start)]`.
    Starting = 0,
    /// The actor handles messages.
    Running = 1,
    /// The actor is between two incarnations: messages wait for the next one.
    Restarting = 2,
    /// The actor handles the messages that are left, or is in `#[on(stop)]`.
    Stopping = 3,
    /// The actor has ended: its state is dropped and its name is free.
    Stopped = 4,
}
