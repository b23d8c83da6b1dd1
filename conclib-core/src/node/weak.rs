//! A reference that does not keep its actor alive.

use std::fmt;
use std::sync::Arc;

use conclib_wire::Urn;

use super::actor::Actor;
use super::cell::ActorCell;
use super::reference::ActorRef;
use crate::named::Named;

/// An address that does not keep its actor alive.
pub struct WeakRef<A: Actor>(Arc<ActorCell<A>>);

impl<A: Actor> WeakRef<A> {
    pub(crate) fn new(cell: Arc<ActorCell<A>>) -> Self {
        Self(cell)
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
    ///     let weak = greeter.downgrade().expect("it lives here");
    ///     assert_eq!(weak.upgrade(), Some(greeter.clone()));
    ///     greeter.stop().await;
    ///     assert_eq!(weak.upgrade(), None);
    ///     Ok(())
    /// }
    /// ```
    pub fn upgrade(&self) -> Option<ActorRef<A>> {
        self.0
            .try_acquire()
            .then(|| ActorRef::local(self.0.clone()))
    }

    /// Returns the name of the actor.
    pub fn urn(&self) -> Urn {
        self.0.urn()
    }
}

impl<A: Actor> Clone for WeakRef<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<A: Actor> fmt::Debug for WeakRef<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WeakRef({})", self.urn())
    }
}

impl<A: Actor> ActorRef<A> {
    /// Returns a reference that does not keep the actor alive. `None` for an actor in
    /// another process, which no reference from here keeps alive.
    pub fn downgrade(&self) -> Option<WeakRef<A>> {
        self.cell().map(|cell| WeakRef::new(cell.clone()))
    }
}
