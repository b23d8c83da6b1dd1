//! Lookup of a recipient for a message type, on an actor whose own type is not known.

use std::any::{Any, TypeId};
use std::fmt;

use super::actor::{Actor, Handler};
use super::reference::ActorRef;
use crate::message::Message;

/// Lookup of a recipient for one message type: `#[actor] impl` offers each message type
/// that the actor handles.
#[doc(hidden)]
pub struct RecipientLookup<A: Actor> {
    actor: ActorRef<A>,
    message: TypeId,
    found: Option<Box<dyn Any>>,
}

impl<A: Actor> RecipientLookup<A> {
    pub(crate) fn run(actor: ActorRef<A>, message: TypeId) -> Option<Box<dyn Any>> {
        let mut lookup = Self {
            actor,
            message,
            found: None,
        };
        A::offer(&mut lookup);
        lookup.found
    }

    /// Offers a message type that the actor handles; keeps a recipient if this is the
    /// type that is looked for.
    pub fn offer<M: Message>(&mut self)
    where
        A: Handler<M>,
    {
        if TypeId::of::<M>() == self.message {
            self.found = Some(Box::new(self.actor.recipient::<M>()));
        }
    }
}

impl<A: Actor> fmt::Debug for RecipientLookup<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecipientLookup").finish_non_exhaustive()
    }
}
