//! Queue with waiting askers at both ends.

use std::fmt;
use std::sync::Arc;

use conclib_core::{Context, Deferred};
use conclib_macros::actor;
use serde::{Deserialize, Serialize};

use crate::element::Element;
use crate::items::Items;
use crate::waits::Waits;

/// Queue: each item is taken once, in the order in which they were put.
///
/// Takers can say when they are [done](QueueCalls::done) with an item; [`join`](QueueCalls::join)
/// waits until all are.
///
/// ```
/// use conclib::held::*;
/// use conclib::prelude::*;
///
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let jobs = system.spawn(Queue::bounded(1))?;
/// let waits = jobs.get().reply().await?;
/// jobs.put("wash".to_owned()).await?;
/// assert_eq!(waits.await?, "wash");
/// jobs.done().await?;
/// jobs.join().await?;
/// # Ok(())
/// # }
/// ```
#[actor(crate = conclib_core)]
pub struct Queue<T> {
    items: Arc<Items<T>>,
    waits: Waits,
}

/// Error of [`try_put`](QueueCalls::try_put): the queue has no free place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("the queue is full")]
pub struct Full;

/// Error of [`done`](QueueCalls::done): it was called more often than items were put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("`done` was called more often than items were put")]
pub struct TooManyDone;

impl<T> Queue<T> {
    /// Creates a queue that takes any number of items.
    #[must_use]
    pub fn new() -> Self {
        Self::with(None)
    }

    /// Creates a queue in which up to `capacity` items wait, at least one; the next
    /// [`put`](QueueCalls::put) waits for a free place.
    #[must_use]
    pub fn bounded(capacity: usize) -> Self {
        Self::with(Some(capacity.max(1)))
    }

    fn with(capacity: Option<usize>) -> Self {
        Self {
            items: Arc::new(Items::new(capacity)),
            waits: Waits::default(),
        }
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("len", &self.items.len())
            .finish_non_exhaustive()
    }
}

#[actor(crate = conclib_core)]
impl<T: Element> Queue<T> {
    /// Puts an item at the end, and waits for a free place before.
    #[message]
    async fn put(&mut self, item: T, ctx: &mut Context<Self>) -> Deferred<()> {
        let items = self.items.clone();
        let wait = async move { items.put(item).await };
        self.waits.answer(ctx, wait, drop).await
    }

    /// Puts an item at the end if there is a free place.
    #[message]
    fn try_put(&mut self, item: T) -> Result<(), Full> {
        self.items.try_put(item).map_err(|_| Full)
    }

    /// Takes the first item, and waits for one before. An item on its way to a process that is
    /// killed is lost.
    #[message]
    async fn get(&mut self, ctx: &mut Context<Self>) -> Deferred<T> {
        let (items, back) = (self.items.clone(), self.items.clone());
        let wait = async move { items.get().await };
        let lost = move |item| back.put_back(item);
        self.waits.answer(ctx, wait, lost).await
    }

    /// Takes the first item if there is one.
    #[message]
    fn try_get(&mut self, ctx: &mut Context<Self>) -> Deferred<Option<T>> {
        let back = self.items.clone();
        let (reply, deferred) = ctx.defer();
        reply.send_or(self.items.try_get(), move |item| {
            item.into_iter().for_each(|item| back.put_back(item));
        });
        deferred
    }

    /// Returns the number of items in the queue.
    #[message]
    fn len(&mut self) -> usize {
        self.items.len()
    }

    /// Tells that the work on an item that was taken is done.
    #[message]
    fn done(&mut self) -> Result<(), TooManyDone> {
        self.items.done().then_some(()).ok_or(TooManyDone)
    }

    /// Waits until all items that were put are done.
    #[message]
    async fn join(&mut self, ctx: &mut Context<Self>) -> Deferred<()> {
        let mut undone = self.items.undone();
        let wait = async move {
            // Fails only when the object has ended, and this wait with it.
            let _ = undone.wait_for(|undone| *undone == 0).await;
        };
        self.waits.answer(ctx, wait, drop).await
    }
}
