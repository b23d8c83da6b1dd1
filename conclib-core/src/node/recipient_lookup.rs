//! Lookup of a recipient for a message type, on an actor whose own type is not known.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use super::actor::{Actor, Handler};
use super::cell::ActorCell;
use super::recipient::Recipient;
use crate::message::Message;

/// Lookup of a recipient for one message type: `#[actor] impl` offers each message type
/// that the actor handles.
#[doc(hidden)]
pub struct RecipientLookup<A: Actor> {
    cell: Arc<ActorCell<A>>,
    message: TypeId,
    found: Option<Box<dyn Any>>,
}

impl<A: Actor> RecipientLookup<A> {
    pub(crate) fn run(cell: Arc<ActorCell<A>>, message: TypeId) -> Option<Box<dyn Any>> {
        let mut seek = Self {
            cell,
            message,
            found: None,
        };
        A::offer(&mut seek);
        seek.found
    }

    /// Offers a message type that the actor handles; keeps a recipient if this is the
    /// type that is looked for.
    pub fn offer<M: Message>(&mut self)
    where
        A: Handler<M>,
    {
        // An anonymous actor without a reference is about to end, and gives no
        // recipient.
        if TypeId::of::<M>() == self.message && self.cell.try_acquire() {
            let recipient: Recipient<M> = Recipient::acquired(self.cell.clone());
            self.found = Some(Box::new(recipient));
        }
    }
}

impl<A: Actor> fmt::Debug for RecipientLookup<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seek").finish_non_exhaustive()
    }
}
