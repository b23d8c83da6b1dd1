//! Lookup of a recipient for a message type, on an actor whose own type is not known.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use super::actor::{Actor, Handler};
use super::any_actor::AnyActor as _;
use super::cell::ActorCell;
use super::foreign::ForeignCell;
use super::recipient::Recipient;
use crate::message::Message;

/// Lookup of a recipient for one message type: `#[actor] impl` offers each message type
/// that the actor handles.
#[doc(hidden)]
pub struct RecipientLookup<A: Actor> {
    at: At<A>,
    message: TypeId,
    found: Option<Box<dyn Any>>,
}

/// Actor on which the recipient is looked for.
enum At<A: Actor> {
    Here(Arc<ActorCell<A>>),
    Foreign(Arc<ForeignCell>),
}

impl<A: Actor> RecipientLookup<A> {
    pub(super) fn here(cell: Arc<ActorCell<A>>, message: TypeId) -> Option<Box<dyn Any>> {
        Self::run(At::Here(cell), message)
    }

    pub(super) fn foreign(cell: Arc<ForeignCell>, message: TypeId) -> Option<Box<dyn Any>> {
        Self::run(At::Foreign(cell), message)
    }

    fn run(at: At<A>, message: TypeId) -> Option<Box<dyn Any>> {
        let found = None;
        let mut lookup = Self { at, message, found };
        A::offer(&mut lookup);
        lookup.found
    }

    /// Offers a message type that the actor handles; keeps a recipient if this is the
    /// type that is looked for.
    pub fn offer<M: Message>(&mut self)
    where
        A: Handler<M>,
    {
        if TypeId::of::<M>() != self.message {
            return;
        }
        // An anonymous actor without a reference is about to end, and gives no
        // recipient.
        let recipient: Recipient<M> = match &self.at {
            At::Here(cell) if cell.try_acquire() => Recipient::acquired(cell.clone()),
            At::Foreign(cell) if cell.try_acquire() => Recipient::acquired_foreign(cell.clone()),
            _ => return,
        };
        self.found = Some(Box::new(recipient));
    }
}

impl<A: Actor> fmt::Debug for RecipientLookup<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecipientLookup").finish_non_exhaustive()
    }
}
