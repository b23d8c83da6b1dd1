//! States of an actor.

use serde::{Deserialize, Serialize};

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
