//! Permits that are out: a guard, and the actor in the object that stands for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use conclib_core::{Actor, AskError, Context, Deferred, Held};
use conclib_macros::actor;
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::waits::Waits;

/// Right to what a lock or a semaphore protects, given back by [`unlock`](Self::unlock).
///
/// A guard travels like any [`Held`]. Its clones are the same guard. If the last clone is dropped
/// without `unlock`, or the process that has it dies, the lock is released all the same, and if it
/// was exclusive it is poisoned: the next guard says so.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[must_use = "dropping a guard releases the lock, and poisons it"]
pub struct Guard {
    permit: Held<Permit>,
    is_poisoned: bool,
}

impl Guard {
    /// Returns true if the lock was released by the loss of its guard since it was last taken. The
    /// holder may not have finished its work.
    pub fn is_poisoned(&self) -> bool {
        self.is_poisoned
    }

    /// Gives the right back. Other clones of the guard are worth nothing from then on.
    ///
    /// # Errors
    /// Fails if the lock has ended, if its process cannot be reached, or if the guard was given back
    /// before.
    pub async fn unlock(self) -> Result<(), AskError> {
        self.permit.release().await
    }
}

/// Right that a [`Guard`] stands for: an actor that ends with the guard.
#[actor(crate = conclib_core)]
pub struct Permit(Grant);

#[actor(crate = conclib_core)]
impl Permit {
    /// Gives the right back.
    #[message]
    fn release(&mut self, ctx: &mut Context<Self>) {
        self.0.take_back();
        ctx.stop();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        // Nothing is left after a release, and nothing is there before the lock is taken.
        self.0.lose();
    }
}

/// Slot for the permit of a guard.
#[derive(Clone, Default)]
struct Grant(Arc<Mutex<Option<Granted>>>);

struct Granted {
    /// Set if the permit is lost, where that matters.
    poison: Option<Arc<AtomicBool>>,
    _permit: OwnedSemaphorePermit,
}

impl Grant {
    /// Takes a permit, and makes the guard for it.
    fn guard(
        &self,
        taken: OwnedSemaphorePermit,
        is_exclusive: bool,
        poison: Arc<AtomicBool>,
        permit: Held<Permit>,
    ) -> Guard {
        let is_poisoned = is_exclusive && poison.swap(false, Ordering::AcqRel);
        *self.slot() = Some(Granted {
            poison: is_exclusive.then_some(poison),
            _permit: taken,
        });
        Guard {
            permit,
            is_poisoned,
        }
    }

    fn take_back(&self) {
        drop(self.slot().take());
    }

    fn lose(&self) {
        let granted = self.slot().take();
        // Poisoned before the permit is free.
        if let Some(poison) = granted.as_ref().and_then(|granted| granted.poison.as_ref()) {
            poison.store(true, Ordering::Release);
        }
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Granted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Permits of a lock, given out as guards.
#[derive(Debug)]
pub(crate) struct Permits {
    semaphore: Arc<Semaphore>,
    is_poisoned: Arc<AtomicBool>,
    waits: Waits,
}

impl Permits {
    pub(crate) fn new(permits: usize) -> Self {
        Self {
            semaphore: Arc::new(Semaphore::new(permits)),
            is_poisoned: Arc::default(),
            waits: Waits::default(),
        }
    }

    pub(crate) fn available(&self) -> usize {
        self.semaphore.available_permits()
    }

    /// Waits for `count` permits. The loss of an exclusive guard poisons.
    pub(crate) async fn take<A: Actor>(
        &mut self,
        ctx: &mut Context<A>,
        count: u32,
        is_exclusive: bool,
    ) -> Deferred<Guard> {
        let (grant, permit) = self.permit(ctx);
        let taken = self.taken(count);
        let is_poisoned = self.is_poisoned.clone();
        let back = grant.clone();
        let wait = async move { grant.guard(taken.await, is_exclusive, is_poisoned, permit) };
        let lost = move |_| back.take_back();
        self.waits.answer(ctx, wait, lost).await
    }

    /// Waits for `before`, and then for an exclusive permit. `reached` gets the result of `before`
    /// once the asker is about to get the guard.
    pub(crate) async fn take_after<A: Actor, T: Send + 'static>(
        &mut self,
        ctx: &mut Context<A>,
        before: impl Future<Output = T> + Send + 'static,
        reached: impl FnOnce(T) + Send + 'static,
    ) -> Deferred<Guard> {
        let (grant, permit) = self.permit(ctx);
        let taken = self.taken(1);
        let is_poisoned = self.is_poisoned.clone();
        let back = grant.clone();
        let wait = async move {
            let before = before.await;
            let guard = grant.guard(taken.await, true, is_poisoned, permit);
            reached(before);
            guard
        };
        let lost = move |_| back.take_back();
        self.waits.answer(ctx, wait, lost).await
    }

    fn taken(&self, count: u32) -> impl Future<Output = OwnedSemaphorePermit> + Send + use<> {
        let semaphore = self.semaphore.clone();
        async move {
            match semaphore.acquire_many_owned(count).await {
                Ok(taken) => taken,
                // Nothing closes the semaphore.
                Err(_) => std::future::pending().await,
            }
        }
    }

    /// Takes permits if they are free now.
    pub(crate) fn try_take<A: Actor>(
        &mut self,
        ctx: &mut Context<A>,
        count: u32,
        is_exclusive: bool,
    ) -> Deferred<Option<Guard>> {
        let Ok(taken) = self.semaphore.clone().try_acquire_many_owned(count) else {
            return Deferred::ready(None);
        };
        let (grant, permit) = self.permit(ctx);
        let is_poisoned = self.is_poisoned.clone();
        let guard = grant.guard(taken, is_exclusive, is_poisoned, permit);
        let (reply, deferred) = ctx.defer();
        reply.send_or(Some(guard), move |_| grant.take_back());
        deferred
    }

    fn permit<A: Actor>(&self, ctx: &mut Context<A>) -> (Grant, Held<Permit>) {
        let grant = Grant::default();
        let permit = ctx.hold(Permit(grant.clone()));
        (grant, permit)
    }
}
