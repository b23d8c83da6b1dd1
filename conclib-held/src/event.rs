//! Flag that others wait for.

use conclib_core::{Context, Deferred};
use conclib_macros::actor;
use tokio::sync::watch;

use crate::waits::Waits;

/// Flag that others wait for.
///
/// ```
/// use std::time::Duration;
/// use conclib::held::*;
/// use conclib::prelude::*;
///
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let ready = system.spawn(Event::new())?;
/// let waited = ready.wait().timeout(Duration::from_millis(10)).await;
/// assert!(matches!(waited, Err(AskError::Deadline { .. })));
/// ready.set().await?;
/// ready.wait().await?;
/// # Ok(())
/// # }
/// ```
#[actor(crate = conclib_core)]
#[derive(Debug, Default)]
pub struct Event {
    flag: watch::Sender<bool>,
    waits: Waits,
}

impl Event {
    /// Creates an event that is not set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[actor(crate = conclib_core)]
impl Event {
    /// Sets the flag, and ends all waits.
    #[message]
    fn set(&mut self) {
        self.flag.send_replace(true);
    }

    /// Clears the flag.
    #[message]
    fn clear(&mut self) {
        self.flag.send_replace(false);
    }

    /// Tells whether the flag is set.
    #[message]
    fn is_set(&mut self) -> bool {
        *self.flag.borrow()
    }

    /// Waits until the flag is set.
    #[message]
    async fn wait(&mut self, ctx: &mut Context<Self>) -> Deferred<()> {
        let mut flag = self.flag.subscribe();
        let wait = async move {
            // Fails only when the object has ended, and this wait with it.
            let _ = flag.wait_for(|is_set| *is_set).await;
        };
        self.waits.answer(ctx, wait, drop).await
    }
}
