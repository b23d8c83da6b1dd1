//! Topics: publish and subscribe, with every lost message reported.

mod lagged;
mod notice;
mod publishing;
mod registry;
mod slot;
mod subscription;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::message::Message;
use crate::node::{ActorRef, Handler, Recipient};
use notice::LagSink;
use slot::Subscriber;

pub use lagged::Lagged;
pub use publishing::Publishing;
pub use subscription::Subscription;

/// Publish-subscribe topic: a message type and its current subscribers. Clones are the same topic;
/// [`System::topic`](crate::system::System::topic) finds one by name.
///
/// A subscriber gets the messages of one publisher in their order. The kind of subscription decides
/// the fate of a message for a subscriber that is slower than the topic:
///
/// | | a full mailbox | reported by |
/// |---|---|---|
/// | [`subscribe`](Self::subscribe) | misses the message | [`Lagged`], the event, the count |
/// | [`subscribe_lossy`](Self::subscribe_lossy) | misses the message | the event, the count |
/// | [`subscribe_waiting`](Self::subscribe_waiting) | `publish(…).await` waits | |
///
/// The event is [`Event::Missed`](crate::events::Event::Missed), the count [`missed`](Self::missed). An
/// actor whose own overflow policy drops messages is never full: its losses are dead letters.
///
/// A topic keeps no actor alive, and an actor that ends is unsubscribed.
///
/// ```
/// use conclib::prelude::*;
///
/// #[message]
/// #[derive(Clone)]
/// struct Price(u64);
///
/// # #[actor]
/// # #[derive(Default)]
/// # struct Screen(Option<u64>);
/// #
/// # #[actor]
/// # impl Screen {
/// #     #[handler]
/// #     fn price(&mut self, Price(cents): Price) { self.0 = Some(cents); }
/// #
/// #     #[message]
/// #     fn shown(&self) -> Option<u64> { self.0 }
/// # }
/// #
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let screen = system.spawn(Screen::default())?;
/// let prices = system.topic::<Price>("prices")?;
/// let subscription = prices.subscribe_waiting(&screen);
/// prices.publish(Price(7)).await;
/// assert_eq!(screen.shown().await?, Some(7));
/// drop(subscription);
/// assert_eq!(prices.subscribers(), 0);
/// # Ok(())
/// # }
/// ```
pub struct Topic<M: Message>(Arc<Inner<M>>);

struct Inner<M: Message> {
    name: Arc<str>,
    /// Subscribers, oldest first. A publisher takes a clone of the list along; a subscription made
    /// meanwhile changes a copy.
    slots: Mutex<Arc<Vec<Arc<Subscriber<M>>>>>,
    missed: AtomicU64,
}

impl<M: Message> Topic<M> {
    /// Makes a topic that is in no system's registry. The name is for people: [`Lagged`], events
    /// and logs show it.
    pub fn new(name: impl AsRef<str>) -> Self {
        Self(Arc::new(Inner {
            name: name.as_ref().into(),
            slots: Mutex::default(),
            missed: AtomicU64::new(0),
        }))
    }

    /// Returns the name of the topic.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Subscribes an actor for which publishers never wait. The actor misses the messages for which
    /// its mailbox has no room; a [`Lagged`] tells their number as soon as there is room again,
    /// before any newer message.
    ///
    /// An actor that is subscribed twice gets every message twice.
    pub fn subscribe<A: Handler<M> + Handler<Lagged>>(&self, actor: &ActorRef<A>) -> Subscription {
        let notice = actor.cell().cloned().map(|cell| LagSink::Heard(cell));
        self.enter(&actor.recipient(), notice, false)
    }

    /// Subscribes any actor that handles `M`. Publishers never wait for it, and it gets no notice
    /// of missed messages: only the event and the count report them.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[message]
    /// #[derive(Clone)]
    /// struct Price(u32);
    ///
    /// # #[actor(mailbox = 1)]
    /// # struct Board;
    /// # #[actor]
    /// # impl Board {
    /// #     #[on(start)]
    /// #     async fn warm_up(&mut self) {
    /// #         std::future::pending().await
    /// #     }
    /// #
    /// #     #[handler]
    /// #     fn show(&mut self, _price: Price) {}
    /// # }
    /// #
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let board = system.spawn(Board)?;
    /// let prices = Topic::new("prices");
    /// let subscription = prices.subscribe_lossy(board.recipient());
    /// // The board still warms up, and has a place for one.
    /// prices.publish(Price(1)).await;
    /// prices.publish(Price(2)).await;
    /// assert_eq!(prices.missed(), 1);
    /// drop(subscription);
    /// # Ok(())
    /// # }
    /// ```
    pub fn subscribe_lossy(&self, recipient: impl Into<Recipient<M>>) -> Subscription {
        self.enter_unheard(recipient.into(), false)
    }

    /// Subscribes any actor that handles `M`, and makes `publish(…).await` wait until its mailbox
    /// has room. It misses only messages whose publisher stopped waiting, and those that its
    /// mailbox rejects; the event and the count report them.
    ///
    /// Publishers do not wait for a subscriber in another process.
    pub fn subscribe_waiting(&self, recipient: impl Into<Recipient<M>>) -> Subscription {
        self.enter_unheard(recipient.into(), true)
    }

    fn enter_unheard(&self, recipient: Recipient<M>, waits: bool) -> Subscription {
        let (_, home) = recipient.way();
        self.enter(&recipient, home.map(LagSink::Unheard), waits)
    }

    fn enter(&self, to: &Recipient<M>, notice: Option<LagSink>, waits: bool) -> Subscription {
        let (to, _) = to.way();
        let slot = Subscriber::new(&self.0, to, notice, waits);
        Arc::make_mut(&mut *self.0.lock()).push(slot.clone());
        slot.observe_end();
        Subscription::new(slot)
    }

    /// Sends a message to all subscribers, at once, even if the result is not awaited. Awaiting it
    /// waits for the subscribers of [`subscribe_waiting`](Self::subscribe_waiting) whose mailboxes
    /// have no room.
    ///
    /// An actor may publish to itself: its own mailbox always takes the message.
    pub fn publish(&self, message: M) -> Publishing<M>
    where
        M: Clone,
    {
        let mut message = Some(message);
        self.send(|last| {
            if last {
                message.take()
            } else {
                message.clone()
            }
        })
    }

    /// Sends a message that cannot be cloned, otherwise like [`publish`](Self::publish): calls
    /// `make` for each subscriber that has room.
    pub fn publish_with(&self, mut make: impl FnMut() -> M) -> Publishing<M> {
        self.send(|_| Some(make()))
    }

    fn send(&self, mut next: impl FnMut(bool) -> Option<M>) -> Publishing<M> {
        let slots = self.0.slots();
        let mut publishing = Publishing::over();
        for (at, slot) in slots.iter().enumerate() {
            let last = at + 1 == slots.len();
            if let Some(message) = slot.offer(|| next(last)) {
                publishing.wait(slot, message);
            }
        }
        publishing
    }

    /// Returns the number of subscribers.
    pub fn subscribers(&self) -> usize {
        self.0.lock().len()
    }

    /// Returns the number of messages that all subscribers together have missed.
    pub fn missed(&self) -> u64 {
        self.0.missed.load(Ordering::Relaxed)
    }
}

impl<M: Message> Inner<M> {
    fn slots(&self) -> Arc<Vec<Arc<Subscriber<M>>>> {
        self.lock().clone()
    }

    fn remove(&self, slot: &Arc<Subscriber<M>>) {
        let mut slots = self.lock();
        if let Some(at) = slots.iter().position(|own| Arc::ptr_eq(own, slot)) {
            // The caller has a clone of the slot, so nothing is dropped under the lock.
            Arc::make_mut(&mut *slots).remove(at);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Vec<Arc<Subscriber<M>>>>> {
        // No user code runs under the lock.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M: Message> Drop for Inner<M> {
    fn drop(&mut self) {
        for slot in self.slots().iter() {
            slot.leave();
        }
    }
}

impl<M: Message> Clone for Topic<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: Message> fmt::Debug for Topic<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Topic")
            .field("name", &self.name())
            .field("message", &M::NAME)
            .field("subscribers", &self.subscribers())
            .finish()
    }
}
