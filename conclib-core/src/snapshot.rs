//! What a system looks like from inside, at one moment.

use serde::{Deserialize, Serialize};

use crate::actor::State;
use crate::urn::Urn;

/// A system at one moment: [`System::snapshot`](crate::System::snapshot).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SystemSnapshot {
    /// Its name.
    pub name: String,
    /// The process it is in.
    pub pid: u32,
    /// Its actors, oldest first.
    pub actors: Vec<ActorSnapshot>,
    /// Messages that were accepted and not handled, since it was made.
    pub dead_letters: u64,
}

/// An actor at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ActorSnapshot {
    /// Its name.
    pub urn: Urn,
    /// The path of its type.
    pub type_name: String,
    /// Where it is in its life.
    pub state: State,
    /// How many messages wait.
    pub depth: usize,
    /// How many may wait.
    pub capacity: usize,
    /// How many turns it has had, failed ones too.
    pub handled: u64,
    /// How many of them ended in an error or a panic.
    pub failed: u64,
    /// The wire name of the message whose turn runs.
    pub busy_with: Option<String>,
    /// The last error that nobody asked about.
    pub last_error: Option<String>,
    /// The wire names of the messages that come by themselves.
    pub ticks: Vec<String>,
}
