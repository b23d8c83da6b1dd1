//! What a system looks like from inside, at one moment.

mod table;

use serde::{Deserialize, Serialize};

use crate::actor::Place;
use conclib_wire::State;
use conclib_wire::Urn;

/// A system at one moment: [`System::snapshot`](crate::system::System::snapshot).
///
/// It can be written down and read again, elsewhere too. Printed, it is a table
/// for people: [`System::dump`](crate::system::System::dump).
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
    /// Where it runs.
    pub place: Place,
    /// Where it is in its life.
    pub state: State,
    /// How many times it was started.
    pub generation: u32,
    /// How many of those were restarts.
    pub restarts: u32,
    /// Whose child it is.
    pub parent: Option<Urn>,
    /// How many children it has.
    pub children: usize,
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
    /// Whom that turn has asked, and waits for.
    pub waiting_for: Vec<Urn>,
    /// The last error that nobody asked about.
    pub last_error: Option<String>,
    /// The wire names of the messages that come by themselves.
    pub ticks: Vec<String>,
}
