//! Limit on the number of holders.

use conclib_core::{Context, Deferred};
use conclib_macros::actor;

use crate::permit::{Guard, Permits};

/// Semaphore: up to so many holders at a time.
///
/// Permits are never more than at first, since only a guard gives one back.
///
/// ```
/// use conclib::held::*;
/// use conclib::prelude::*;
///
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let seats = system.spawn(Semaphore::new(2))?;
/// let (one, _two) = (seats.acquire().await?, seats.acquire().await?);
/// assert!(seats.try_acquire().await?.is_none());
/// one.unlock().await?;
/// assert_eq!(seats.available().await?, 1);
/// # Ok(())
/// # }
/// ```
#[actor(crate = conclib_core)]
#[derive(Debug)]
pub struct Semaphore(Permits);

impl Semaphore {
    /// Creates a semaphore with that many permits.
    ///
    /// # Panics
    /// With more than 2^61 permits.
    #[must_use]
    pub fn new(permits: usize) -> Self {
        Self(Permits::new(permits))
    }
}

#[actor(crate = conclib_core)]
impl Semaphore {
    /// Waits for a permit.
    #[message]
    async fn acquire(&mut self, ctx: &mut Context<Self>) -> Deferred<Guard> {
        self.0.take(ctx, 1, false).await
    }

    /// Takes a permit if there is one.
    #[message]
    fn try_acquire(&mut self, ctx: &mut Context<Self>) -> Deferred<Option<Guard>> {
        self.0.try_take(ctx, 1, false)
    }

    /// Returns the number of permits that are free.
    #[message]
    fn available(&mut self) -> usize {
        self.0.available()
    }
}
