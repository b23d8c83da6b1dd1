//! The guard of one subscriber's place.

use std::fmt;
use std::sync::Arc;

use super::slot::Slot;
use crate::message::Message;

/// A place among the subscribers of a [`Topic`](super::Topic). Dropping it
/// unsubscribes; [`detach`](Self::detach) leaves it until the actor ends.
///
/// It keeps neither the actor nor the topic alive, so an actor may keep its
/// own subscription in its state.
#[must_use = "dropped, it unsubscribes: keep it, or `.detach()` it"]
pub struct Subscription(Option<Arc<dyn Place>>);

/// A slot of a topic of whatever message.
trait Place: Send + Sync {
    fn leave(self: Arc<Self>);
    fn is_gone(&self) -> bool;
    fn total(&self) -> u64;
}

impl<M: Message> Place for Slot<M> {
    fn leave(self: Arc<Self>) {
        Slot::leave(&self);
    }

    fn is_gone(&self) -> bool {
        self.is_gone()
    }

    fn total(&self) -> u64 {
        self.total()
    }
}

impl Subscription {
    pub(super) fn new<M: Message>(slot: Arc<Slot<M>>) -> Self {
        Self(Some(slot))
    }

    /// Leaves the actor subscribed until it ends, or the topic is gone.
    pub fn detach(mut self) {
        self.0 = None;
    }

    /// Whether it is still subscribed: its actor takes messages and its topic
    /// is there.
    pub fn is_active(&self) -> bool {
        self.0.as_ref().is_some_and(|place| !place.is_gone())
    }

    /// How many messages it has missed, whether it was told of them or not.
    pub fn missed(&self) -> u64 {
        self.0.as_ref().map_or(0, |place| place.total())
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(place) = self.0.take() {
            place.leave();
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("is_active", &self.is_active())
            .field("missed", &self.missed())
            .finish()
    }
}
