//! A reference that stops its actor when it is dropped.

use std::fmt;
use std::ops::Deref;

use super::actor::Actor;
use super::reference::ActorRef;

/// A reference that stops its actor when it is dropped, named or not: for an
/// actor that belongs to a piece of code. [`ActorRef::scoped`] makes one.
pub struct Scoped<A: Actor>(ActorRef<A>);

impl<A: Actor> Scoped<A> {
    pub(crate) fn new(actor: ActorRef<A>) -> Self {
        Self(actor)
    }
}

impl<A: Actor> Deref for Scoped<A> {
    type Target = ActorRef<A>;

    fn deref(&self) -> &ActorRef<A> {
        &self.0
    }
}

impl<A: Actor> Drop for Scoped<A> {
    fn drop(&mut self) {
        // The signal is given at once; a drop cannot wait for the end.
        drop(self.0.stop());
    }
}

impl<A: Actor> fmt::Debug for Scoped<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scoped({})", self.0)
    }
}

impl<A: Actor> ActorRef<A> {
    /// Turns this reference into a guard whose drop stops the actor, even if the actor
    /// has a name or other references.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor(urn = "helper")]
    /// struct Helper;
    ///
    /// #[actor]
    /// impl Helper {}
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     let helper = system.spawn(Helper)?;
    ///     drop(helper.clone().scoped());
    ///     assert_eq!(helper.stopped().await, Some(StopReason::Stopped));
    ///     Ok(())
    /// }
    /// ```
    pub fn scoped(self) -> Scoped<A> {
        Scoped::new(self)
    }
}
