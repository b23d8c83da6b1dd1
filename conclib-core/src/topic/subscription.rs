//! Guard of a subscription.

use std::fmt;
use std::sync::Arc;

use super::slot::Subscriber;
use crate::message::Message;

/// Subscription to a [`Topic`](super::Topic). A drop unsubscribes; [`detach`](Self::detach) lets
/// the subscription last until the actor ends.
///
/// A subscription keeps neither the actor nor the topic alive, so an actor may keep its own
/// subscription in its state.
#[must_use = "dropped, it unsubscribes: keep it, or `.detach()` it"]
pub struct Subscription(Option<Arc<dyn SlotHandle>>);

/// Slot of a topic of any message type.
trait SlotHandle: Send + Sync {
    fn leave(self: Arc<Self>);
    fn is_gone(&self) -> bool;
    fn total(&self) -> u64;
}

impl<M: Message> SlotHandle for Subscriber<M> {
    fn leave(self: Arc<Self>) {
        Subscriber::leave(&self);
    }

    fn is_gone(&self) -> bool {
        self.is_gone()
    }

    fn total(&self) -> u64 {
        self.total()
    }
}

impl Subscription {
    pub(super) fn new<M: Message>(slot: Arc<Subscriber<M>>) -> Self {
        Self(Some(slot))
    }

    /// Leaves the actor subscribed until it ends, or until the topic is gone.
    pub fn detach(mut self) {
        self.0 = None;
    }

    /// Returns true while subscribed: the actor takes messages, and the topic exists.
    pub fn is_active(&self) -> bool {
        self.0.as_ref().is_some_and(|place| !place.is_gone())
    }

    /// Returns the number of messages that the subscriber has missed, reported or not.
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
