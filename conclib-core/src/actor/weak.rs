//! A reference that keeps nobody alive.

use std::fmt;
use std::sync::Arc;

use super::cell::Cell;
use super::{Actor, ActorRef};
use crate::named::Named;
use crate::urn::Urn;

/// An address that does not keep its actor alive.
pub struct WeakRef<A: Actor>(Arc<Cell<A>>);

impl<A: Actor> WeakRef<A> {
    pub(crate) fn new(cell: Arc<Cell<A>>) -> Self {
        Self(cell)
    }

    /// A strong reference. `None` for an anonymous actor whose references are
    /// all gone: it is ending or has ended.
    pub fn upgrade(&self) -> Option<ActorRef<A>> {
        self.0
            .try_acquire()
            .then(|| ActorRef::local(self.0.clone()))
    }

    /// Its name.
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
