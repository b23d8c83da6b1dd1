//! State of a system and its actors at one moment.

mod link;
mod table;

use conclib_wire::{State, Urn};
use serde::{Deserialize, Serialize};

use crate::place::Place;

pub(crate) use self::link::Links;
pub use self::link::{Link, LinkSnapshot};

/// Snapshot of a system: [`System::snapshot`](crate::system::System::snapshot).
///
/// Serialisable with serde. `Display` prints the table of [`System::dump`](crate::system::System::dump).
///
/// ```
/// use conclib::prelude::*;
///
/// #[actor(urn = "counter")]
/// #[derive(Default)]
/// struct Counter { n: u64 }
///
/// #[actor]
/// impl Counter {
///     #[message]
///     fn add(&mut self, by: u64) -> u64 { self.n += by; self.n }
/// }
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let system = System::new("docs");
///     let counter = system.spawn(Counter::default())?;
///     counter.add(2).await?;
///     let seen = system.snapshot();
///     assert_eq!((&*seen.name, seen.dead_letters), ("docs", 0));
///     let one = &seen.actors[0];
///     assert_eq!((one.urn.as_str(), one.state), ("counter", State::Running));
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SystemSnapshot {
    /// Name of the system.
    pub name: String,
    /// Id of its process.
    pub pid: u32,
    /// Actors of the system, oldest first.
    pub actors: Vec<ActorSnapshot>,
    /// Number of messages that were accepted and not handled, since the system was made.
    pub dead_letters: u64,
    /// Links to other processes.
    pub links: Vec<LinkSnapshot>,
}

/// Snapshot of an actor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ActorSnapshot {
    /// Name of the actor.
    pub urn: Urn,
    /// Path of the actor's type.
    pub type_name: String,
    /// Place in which the actor runs: task, thread or process.
    pub place: Place,
    /// State in the actor's lifecycle.
    pub state: State,
    /// Number of starts.
    pub generation: u32,
    /// Number of restarts among the starts.
    pub restarts: u32,
    /// Parent of the actor, if it is a child.
    pub parent: Option<Urn>,
    /// Number of its children.
    pub children: usize,
    /// Number of messages in the mailbox.
    pub depth: usize,
    /// Capacity of the mailbox.
    pub capacity: usize,
    /// Number of turns, failed ones included.
    pub handled: u64,
    /// Number of turns that ended in an error or a panic.
    pub failed: u64,
    /// Wire name of the message whose turn runs.
    pub busy_with: Option<String>,
    /// Actors whose answers that turn awaits.
    pub waiting_for: Vec<Urn>,
    /// Last error of a message that was told, not asked.
    pub last_error: Option<String>,
    /// Wire names of the messages that ticks send.
    pub ticks: Vec<String>,
}
