//! How an actor whose type is not known here is asked for a recipient.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use super::cell::Cell;
use super::recipient::Recipient;
use super::{Actor, Handler};
use crate::message::Message;

/// Somebody who seeks the recipients of one message, at the door of an actor:
/// `#[actor] impl` offers each message that it handles.
#[doc(hidden)]
pub struct Seek<A: Actor> {
    cell: Arc<Cell<A>>,
    message: TypeId,
    found: Option<Box<dyn Any>>,
}

impl<A: Actor> Seek<A> {
    pub(crate) fn run(cell: Arc<Cell<A>>, message: TypeId) -> Option<Box<dyn Any>> {
        let mut seek = Self {
            cell,
            message,
            found: None,
        };
        A::offer(&mut seek);
        seek.found
    }

    /// The actor handles this message.
    pub fn offer<M: Message>(&mut self)
    where
        A: Handler<M>,
    {
        // One that nobody holds any more is about to end.
        if TypeId::of::<M>() == self.message && self.cell.try_acquire() {
            let recipient: Recipient<M> = Recipient::acquired(self.cell.clone());
            self.found = Some(Box::new(recipient));
        }
    }
}

impl<A: Actor> fmt::Debug for Seek<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seek").finish_non_exhaustive()
    }
}
