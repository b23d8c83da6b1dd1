//! Order in which a mailbox gives its messages out. The order is known when the actor
//! is compiled, so no choice is made for each message.

use std::collections::VecDeque;

use super::actor::{Declared, Messages};
use crate::mailbox::{MessageQueue, PriorityQueue};

/// Queue that is first in, first out, or by priority if the actor has
/// `#[actor(priority)]`.
pub(crate) struct Ordered<T> {
    fifo: VecDeque<T>,
    /// Present only if priorities count; then `fifo` stays empty.
    lanes: Option<Box<PriorityQueue<T>>>,
}

impl<T: Messages> Default for Ordered<T> {
    fn default() -> Self {
        Self {
            fifo: VecDeque::new(),
            lanes: T::PRIORITISED.then(Box::default),
        }
    }
}

/// Makes the same call on `lanes` or on `fifo`. The condition on the constant lets the
/// compiler remove the branch from an actor without priorities.
macro_rules! either {
    ($self:ident.$call:ident($($arg:ident),*)) => {
        match &mut $self.lanes {
            Some(lanes) if T::PRIORITISED => lanes.$call($($arg),*),
            _ => MessageQueue::$call(&mut $self.fifo, $($arg),*),
        }
    };
}

impl<T: Messages> MessageQueue<T> for Ordered<T> {
    const BATCHES: bool = !T::PRIORITISED;

    #[inline(always)]
    fn len(&self) -> usize {
        match &self.lanes {
            Some(lanes) if T::PRIORITISED => lanes.len(),
            _ => MessageQueue::len(&self.fifo),
        }
    }

    #[inline(always)]
    fn push(&mut self, priority: u8, item: T) {
        either!(self.push(priority, item));
    }

    #[inline(always)]
    fn replace(&mut self, priority: u8, item: T) -> Option<T> {
        either!(self.replace(priority, item))
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        either!(self.pop())
    }

    #[inline(always)]
    fn take_all(&mut self, batch: &mut VecDeque<T>) {
        either!(self.take_all(batch));
    }
}

/// An actor that handles the more urgent message first. `#[actor(priority)]` above the
/// struct implements this.
#[diagnostic::on_unimplemented(
    message = "`{Self}` serves its messages in the order they come, so a call of it has no priority",
    label = "write `#[actor(priority)]` above the struct of `{Self}`"
)]
pub trait Prioritised: Declared {}

/// Compile-time test for [`Prioritised`]: with [`Unranked`] in scope,
/// `<HasPriority<A>>::PRIORITISED` is true if `A` is prioritised, and false otherwise. A
/// trait bound instead would add a second error where an actor's struct has no
/// `#[actor]`.
#[doc(hidden)]
pub struct HasPriority<A>(std::marker::PhantomData<A>);

impl<A: Prioritised> HasPriority<A> {
    /// True if more urgent messages are handled first.
    pub const PRIORITISED: bool = true;
}

/// Fallback of [`HasPriority`].
#[doc(hidden)]
pub trait Unranked {
    /// True if more urgent messages are handled first.
    const PRIORITISED: bool = false;
}

impl<A> Unranked for HasPriority<A> {}
