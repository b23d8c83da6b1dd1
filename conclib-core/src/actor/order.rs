//! In which order a mailbox gives its messages out. It is known when the actor
//! is compiled, so the choice is never made for a message.

use std::collections::VecDeque;

use super::lanes::Lanes;
use super::{Declared, Messages};

/// The messages that wait in a mailbox. A newcomer comes with its priority:
/// lower is sooner.
pub(crate) trait Items<T>: Default {
    /// Whether the loop may take out all there is at once: whether nothing
    /// that comes later can have its turn before.
    const BATCHES: bool;

    fn len(&self) -> usize;
    fn push(&mut self, priority: u8, item: T);
    /// Puts `item` in, and takes out what has to go for it.
    fn replace(&mut self, priority: u8, item: T) -> Option<T>;
    /// What has its turn next.
    fn pop(&mut self) -> Option<T>;
    /// Everything, behind what `batch` has.
    fn take_all(&mut self, batch: &mut VecDeque<T>);
}

/// As they come.
impl<T> Items<T> for VecDeque<T> {
    const BATCHES: bool = true;

    #[inline(always)]
    fn len(&self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn push(&mut self, _: u8, item: T) {
        self.push_back(item);
    }

    #[inline(always)]
    fn replace(&mut self, _: u8, item: T) -> Option<T> {
        let oldest = self.pop_front();
        self.push_back(item);
        oldest
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        self.pop_front()
    }

    #[inline(always)]
    fn take_all(&mut self, batch: &mut VecDeque<T>) {
        if batch.is_empty() {
            std::mem::swap(self, batch);
        } else {
            batch.append(self);
        }
    }
}

/// As they come, or by priority where the actor has `#[actor(priority)]`.
pub(crate) struct Ordered<T> {
    fifo: VecDeque<T>,
    /// There only if priorities count; then `fifo` stays empty.
    lanes: Option<Box<Lanes<T>>>,
}

impl<T: Messages> Default for Ordered<T> {
    fn default() -> Self {
        Self {
            fifo: VecDeque::new(),
            lanes: T::PRIORITISED.then(Box::default),
        }
    }
}

/// The same call of whichever there is. The constant goes first, so that
/// nothing is left of the question in an actor without priorities.
macro_rules! either {
    ($self:ident.$call:ident($($arg:ident),*)) => {
        match &mut $self.lanes {
            Some(lanes) if T::PRIORITISED => lanes.$call($($arg),*),
            _ => Items::$call(&mut $self.fifo, $($arg),*),
        }
    };
}

impl<T: Messages> Items<T> for Ordered<T> {
    const BATCHES: bool = !T::PRIORITISED;

    #[inline(always)]
    fn len(&self) -> usize {
        match &self.lanes {
            Some(lanes) if T::PRIORITISED => lanes.len(),
            _ => Items::len(&self.fifo),
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

/// An actor that serves the more urgent message first. `#[actor(priority)]`
/// above its struct makes it one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` serves its messages in the order they come, so a call of it has no priority",
    label = "write `#[actor(priority)]` above the struct of `{Self}`"
)]
pub trait Prioritised: Declared {}

/// Whether an actor is [`Prioritised`]: `<Ranks<A>>::PRIORITISED` is true if it
/// is, else that of [`Unranked`], where both are in scope. A bound instead
/// would be one more mistake where an actor's struct has no `#[actor]`.
#[doc(hidden)]
pub struct Ranks<A>(std::marker::PhantomData<A>);

impl<A: Prioritised> Ranks<A> {
    /// Whether the more urgent message comes first.
    pub const PRIORITISED: bool = true;
}

/// Fallback of [`Ranks`].
#[doc(hidden)]
pub trait Unranked {
    /// Whether the more urgent message comes first.
    const PRIORITISED: bool = false;
}

impl<A> Unranked for Ranks<A> {}
