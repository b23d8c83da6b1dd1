//! Lock for readers and writers.

use conclib_core::{Context, Deferred};
use conclib_macros::actor;

use crate::permit::{Guard, Permits};

/// Number of permits, all of which a writer takes.
const READERS: u32 = 1 << 20;

/// Lock that many readers have at a time, or one writer.
///
/// A reader that comes after a waiting writer waits behind it. The loss of a writer's guard poisons
/// the lock for the next writer, as with a [`Lock`](crate::Lock).
///
/// ```
/// use conclib::held::*;
/// use conclib::prelude::*;
///
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let lock = system.spawn(RwLock::new())?;
/// let (one, two) = (lock.read().await?, lock.read().await?);
/// assert!(lock.try_write().await?.is_none());
/// one.unlock().await?;
/// two.unlock().await?;
/// lock.write().await?.unlock().await?;
/// # Ok(())
/// # }
/// ```
#[actor(crate = conclib_core)]
#[derive(Debug)]
pub struct RwLock(Permits);

impl RwLock {
    /// Creates a lock that is free.
    #[must_use]
    pub fn new() -> Self {
        Self(Permits::new(READERS as usize))
    }
}

impl Default for RwLock {
    fn default() -> Self {
        Self::new()
    }
}

#[actor(crate = conclib_core)]
impl RwLock {
    /// Waits until there is no writer.
    #[message]
    async fn read(&mut self, ctx: &mut Context<Self>) -> Deferred<Guard> {
        self.0.take(ctx, 1, false).await
    }

    /// Waits until there is neither a reader nor a writer.
    #[message]
    async fn write(&mut self, ctx: &mut Context<Self>) -> Deferred<Guard> {
        self.0.take(ctx, READERS, true).await
    }

    /// Takes the lock for reading if no writer has it or waits for it.
    #[message]
    fn try_read(&mut self, ctx: &mut Context<Self>) -> Deferred<Option<Guard>> {
        self.0.try_take(ctx, 1, false)
    }

    /// Takes the lock for writing if it is free.
    #[message]
    fn try_write(&mut self, ctx: &mut Context<Self>) -> Deferred<Option<Guard>> {
        self.0.try_take(ctx, READERS, true)
    }
}
