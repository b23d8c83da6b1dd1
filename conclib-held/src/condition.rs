//! Condition variable, with its lock.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use conclib_core::{Context, Deferred};
use conclib_macros::actor;
use tokio::sync::oneshot;

use crate::permit::{Guard, Permits};

/// Condition variable, with a lock of its own.
///
/// ```
/// use conclib::held::*;
/// use conclib::prelude::*;
///
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let condition = system.spawn(Condition::new())?;
/// let guard = condition.lock().await?;
/// // The lock is free while this waits.
/// let woken = condition.wait(guard).reply().await?;
/// let guard = condition.lock().await?;
/// condition.notify(1).await?;
/// guard.unlock().await?;
/// woken.await?.unlock().await?;
/// # Ok(())
/// # }
/// ```
#[actor(crate = conclib_core)]
#[derive(Debug)]
pub struct Condition {
    lock: Permits,
    sleepers: Sleepers,
}

/// Waits that no notification has reached, oldest first.
#[derive(Debug, Clone, Default)]
struct Sleepers(Arc<Mutex<VecDeque<oneshot::Sender<()>>>>);

impl Sleepers {
    fn queue(&self) -> std::sync::MutexGuard<'_, VecDeque<oneshot::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self) -> Sleeper {
        let (wake, woken) = oneshot::channel();
        let mut queue = self.queue();
        queue.retain(|wake| !wake.is_closed());
        queue.push_back(wake);
        Sleeper {
            woken: Some(woken),
            is_woken: false,
            others: self.clone(),
        }
    }

    /// Wakes the oldest one that still waits. Returns false if there is none.
    fn wake_one(&self) -> bool {
        let mut queue = self.queue();
        std::iter::from_fn(|| queue.pop_front()).any(|wake| wake.send(()).is_ok())
    }
}

/// Wait for a notification. One that is given up passes its notification on.
#[derive(Debug)]
struct Sleeper {
    /// `None` once the asker gets the lock.
    woken: Option<oneshot::Receiver<()>>,
    is_woken: bool,
    others: Sleepers,
}

impl Sleeper {
    async fn sleep(mut self) -> Self {
        if let Some(woken) = &mut self.woken {
            // Fails only when the object has ended, and this wait with it.
            self.is_woken = woken.await.is_ok();
        }
        self
    }

    fn finish(mut self) {
        self.woken = None;
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let Some(mut woken) = self.woken.take() else {
            return;
        };
        woken.close();
        if self.is_woken || woken.try_recv().is_ok() {
            self.others.wake_one();
        }
    }
}

impl Condition {
    /// Creates a condition whose lock is free.
    #[must_use]
    pub fn new() -> Self {
        Self {
            lock: Permits::new(1),
            sleepers: Sleepers::default(),
        }
    }
}

impl Default for Condition {
    fn default() -> Self {
        Self::new()
    }
}

#[actor(crate = conclib_core)]
impl Condition {
    /// Waits for the lock.
    #[message]
    async fn lock(&mut self, ctx: &mut Context<Self>) -> Deferred<Guard> {
        self.lock.take(ctx, 1, true).await
    }

    /// Gives the lock back, waits for a notification, and takes the lock again.
    #[message]
    async fn wait(&mut self, guard: Guard, ctx: &mut Context<Self>) -> Deferred<Guard> {
        let sleeper = self.sleepers.add();
        // An error says that the guard was given back before.
        let _ = guard.unlock().await;
        let before = sleeper.sleep();
        self.lock.take_after(ctx, before, Sleeper::finish).await
    }

    /// Wakes up to so many waits, the oldest ones first.
    #[message]
    fn notify(&mut self, count: usize) {
        let woken = (0..count).take_while(|_| self.sleepers.wake_one());
        woken.for_each(drop);
    }

    /// Wakes all waits.
    #[message]
    fn notify_all(&mut self) {
        while self.sleepers.wake_one() {}
    }
}
