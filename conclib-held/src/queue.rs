//! Queue with waiting askers at both ends.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conclib_core::{Context, Deferred};
use conclib_macros::actor;
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, watch};

use crate::element::Element;
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

struct Items<T> {
    queue: Mutex<VecDeque<T>>,
    /// Number of items above the bound, which came back when others had their places.
    surplus: AtomicUsize,
    /// Permits, as many as there are items.
    filled: Semaphore,
    /// Permits, as many as there are free places. `None` for a queue without a bound.
    room: Option<Semaphore>,
    /// Number of items that were put, and that nobody is done with.
    undone: watch::Sender<usize>,
}

/// Error of [`try_put`](QueueCalls::try_put): the queue has no free place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("the queue is full")]
pub struct Full;

/// Error of [`done`](QueueCalls::done): it was called more often than items were put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("`done` was called more often than items were put")]
pub struct TooManyDone;

impl<T> Items<T> {
    fn queue(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn put(&self, item: T) {
        if let Some(room) = &self.room {
            // Nothing closes the semaphore.
            room.acquire().await.into_iter().for_each(|it| it.forget());
        }
        self.add(item);
    }

    fn add(&self, item: T) {
        self.undone.send_modify(|undone| *undone += 1);
        self.queue().push_back(item);
        self.filled.add_permits(1);
    }

    async fn get(&self) -> T {
        loop {
            let filled = self.filled.acquire().await;
            filled.into_iter().for_each(|it| it.forget());
            if let Some(item) = self.remove() {
                return item;
            }
        }
    }

    fn remove(&self) -> Option<T> {
        let item = self.queue().pop_front()?;
        if let Some(room) = &self.room {
            let one_less = |surplus: usize| surplus.checked_sub(1);
            let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
            if self.surplus.fetch_update(set, fetch, one_less).is_err() {
                room.add_permits(1);
            }
        }
        Some(item)
    }

    /// Puts an item back that was not taken after all.
    fn put_back(&self, item: T) {
        if let Some(room) = &self.room
            && room.forget_permits(1) == 0
        {
            // Its place is taken by now.
            self.surplus.fetch_add(1, Ordering::Relaxed);
        }
        self.queue().push_front(item);
        self.filled.add_permits(1);
    }
}

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
        Self::with(Some(Semaphore::new(capacity.max(1))))
    }

    fn with(room: Option<Semaphore>) -> Self {
        Self {
            items: Arc::new(Items {
                queue: Mutex::default(),
                surplus: AtomicUsize::new(0),
                filled: Semaphore::new(0),
                room,
                undone: watch::Sender::new(0),
            }),
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
            .field("len", &self.items.queue().len())
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
        if let Some(room) = &self.items.room {
            room.try_acquire().map_err(|_| Full)?.forget();
        }
        self.items.add(item);
        Ok(())
    }

    /// Takes the first item, and waits for one before.
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
        let Ok(filled) = self.items.filled.try_acquire() else {
            return Deferred::ready(None);
        };
        filled.forget();
        let back = self.items.clone();
        let (reply, deferred) = ctx.defer();
        reply.send_or(self.items.remove(), move |item| {
            item.into_iter().for_each(|item| back.put_back(item));
        });
        deferred
    }

    /// Returns the number of items in the queue.
    #[message]
    fn len(&mut self) -> usize {
        self.items.queue().len()
    }

    /// Tells that the work on an item that was taken is done.
    #[message]
    fn done(&mut self) -> Result<(), TooManyDone> {
        let is_one = |undone: &mut usize| {
            let one_less = undone.checked_sub(1);
            *undone = one_less.unwrap_or(0);
            one_less.is_some()
        };
        match self.items.undone.send_if_modified(is_one) {
            true => Ok(()),
            false => Err(TooManyDone),
        }
    }

    /// Waits until all items that were put are done.
    #[message]
    async fn join(&mut self, ctx: &mut Context<Self>) -> Deferred<()> {
        let mut undone = self.items.undone.subscribe();
        let wait = async move {
            // Fails only when the object has ended, and this wait with it.
            let _ = undone.wait_for(|undone| *undone == 0).await;
        };
        self.waits.answer(ctx, wait, drop).await
    }
}
