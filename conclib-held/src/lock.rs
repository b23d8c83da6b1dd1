//! Mutual exclusion.

use conclib_core::{Context, Deferred};
use conclib_macros::actor;

use crate::permit::{Guard, Permits};

/// Lock that one holder has at a time.
///
/// A lock is released by [`Guard::unlock`]. A guard that is lost, as its holder died, releases and
/// poisons it: [`Guard::is_poisoned`] of the next guard says so, once.
///
/// ```
/// use conclib::held::*;
/// use conclib::prelude::*;
///
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let lock = system.spawn(Lock::new())?;
/// let guard = lock.lock().await?;
/// assert!(lock.try_lock().await?.is_none());
/// guard.unlock().await?;
/// drop(lock.lock().await?);
/// assert!(lock.lock().await?.is_poisoned());
/// # Ok(())
/// # }
/// ```
#[actor(crate = conclib_core)]
#[derive(Debug)]
pub struct Lock(Permits);

impl Lock {
    /// Creates a lock that is free.
    #[must_use]
    pub fn new() -> Self {
        Self(Permits::new(1))
    }
}

impl Default for Lock {
    fn default() -> Self {
        Self::new()
    }
}

#[actor(crate = conclib_core)]
impl Lock {
    /// Waits for the lock.
    #[message]
    async fn lock(&mut self, ctx: &mut Context<Self>) -> Deferred<Guard> {
        self.0.take(ctx, 1, true).await
    }

    /// Takes the lock if it is free.
    #[message]
    fn try_lock(&mut self, ctx: &mut Context<Self>) -> Deferred<Option<Guard>> {
        self.0.try_take(ctx, 1, true)
    }

    /// Tells whether the lock is taken.
    #[message]
    fn is_locked(&mut self) -> bool {
        self.0.available() == 0
    }
}
