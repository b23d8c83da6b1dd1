//! A reference that does not keep its actor alive.

use std::fmt;
use std::sync::Arc;

use conclib_wire::{StopReason, Urn};

use super::actor::Actor;
use super::any_actor::AnyActor;
use super::cell::ActorCell;
use super::foreign::ForeignCell;
use super::reference::ActorRef;
use crate::named::Named;
use crate::remote::Remote;

/// An address that does not keep its actor alive.
///
/// A weak reference to an actor that no system of this process owns does not know whether that
/// actor lives: its [`upgrade`](Self::upgrade) always returns a reference, which does not keep
/// the actor alive, and a message to an actor that has ended fails.
pub struct WeakRef<A: Actor>(Location<A>);

enum Location<A: Actor> {
    Here(Arc<ActorCell<A>>),
    /// Actor that another crate runs for a system of this process.
    Foreign(Arc<ForeignCell>),
    /// Actor in another process, without a share in its life.
    Away(Arc<Remote>),
}

impl<A: Actor> WeakRef<A> {
    pub(crate) fn new(cell: Arc<ActorCell<A>>) -> Self {
        Self(Location::Here(cell))
    }

    /// Creates a reference to an actor in another process.
    pub(crate) fn away(remote: Arc<Remote>) -> Self {
        Self(Location::Away(remote))
    }

    /// Creates a reference to an actor that another crate runs.
    pub(crate) fn foreign(cell: Arc<ForeignCell>) -> Self {
        Self(Location::Foreign(cell))
    }

    /// Returns the actor, or the target of an actor in another process.
    pub(crate) fn resident_or_away(&self) -> Result<Arc<dyn AnyActor>, &Arc<Remote>> {
        match &self.0 {
            Location::Here(cell) => Ok(cell.clone()),
            Location::Foreign(cell) => Ok(cell.clone()),
            Location::Away(remote) => Err(remote),
        }
    }

    /// Returns a strong reference. `None` once the actor has ended, and for an
    /// anonymous actor that has no reference: such an actor is ending, unless one of
    /// its own turns makes another reference.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor(urn = "greeter")]
    /// struct Greeter;
    ///
    /// #[actor]
    /// impl Greeter {}
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     let greeter = system.spawn(Greeter)?;
    ///     let weak = greeter.downgrade();
    ///     assert_eq!(weak.upgrade(), Some(greeter.clone()));
    ///     greeter.stop().await;
    ///     assert_eq!(weak.upgrade(), None);
    ///     Ok(())
    /// }
    /// ```
    pub fn upgrade(&self) -> Option<ActorRef<A>> {
        match &self.0 {
            Location::Here(cell) => cell.try_acquire().then(|| ActorRef::local(cell.clone())),
            Location::Foreign(cell) => cell.try_acquire().then(|| ActorRef::foreign(cell.clone())),
            Location::Away(remote) => Some(ActorRef::away(remote.clone())),
        }
    }

    /// Waits for the end of the actor, like [`ActorRef::stopped`].
    ///
    /// # Cancel safety
    /// Dropping the future only ends the waiting.
    pub async fn stopped(&self) -> StopReason {
        match &self.0 {
            Location::Here(cell) => cell.lifecycle.wait().await,
            Location::Foreign(cell) => cell.lifecycle().wait().await,
            Location::Away(remote) => remote.stopped().await,
        }
    }

    /// Returns the name of the actor.
    pub fn urn(&self) -> Urn {
        match &self.0 {
            Location::Here(cell) => cell.urn(),
            Location::Foreign(cell) => cell.urn(),
            Location::Away(remote) => remote.urn(),
        }
    }
}

impl<A: Actor> Clone for WeakRef<A> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Location::Here(cell) => Location::Here(cell.clone()),
            Location::Foreign(cell) => Location::Foreign(cell.clone()),
            Location::Away(remote) => Location::Away(remote.clone()),
        })
    }
}

impl<A: Actor> fmt::Debug for WeakRef<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WeakRef({})", self.urn())
    }
}

impl<A: Actor> ActorRef<A> {
    /// Returns a reference that does not keep the actor alive.
    pub fn downgrade(&self) -> WeakRef<A> {
        match (self.located(), self.as_foreign()) {
            (Ok(cell), _) => WeakRef::new(cell.clone()),
            (Err(_), Some(cell)) => WeakRef::foreign(cell.clone()),
            (Err(remote), None) => WeakRef::away(Arc::new(remote.weak())),
        }
    }
}
