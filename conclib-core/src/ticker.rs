//! Code that runs again and again, outside of any actor.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::timers;
use crate::actor::caught;
use crate::error::SpawnError;

/// What a timer can tell apart.
const SHORTEST: Duration = Duration::from_millis(1);

/// As good as never, and the clock can still count so far.
const LONGEST: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);

/// Code that runs again and again, outside of any actor. For an actor,
/// `#[message(every = "…")]` is simpler.
///
/// The runs keep a fixed schedule and never overlap. A run that takes longer
/// than the interval delays the next ones; none is caught up on.
///
/// ```
/// use std::time::Duration;
/// use conclib::prelude::*;
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let (sender, mut ticks) = tokio::sync::mpsc::channel(1);
///     let ticker = Ticker::every(Duration::from_millis(1)).run(move || {
///         let sender = sender.clone();
///         async move { sender.send("tick").await.unwrap_or_default() }
///     })?;
///     assert_eq!(ticks.recv().await, Some("tick"));
///     drop(ticks);
///     ticker.stop().await;
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use = "nothing runs before `.run(…)`"]
pub struct Ticker {
    every: Duration,
    immediate: bool,
}

impl Ticker {
    /// Runs at this interval; the first time at once. An interval of zero is
    /// taken for a millisecond.
    pub const fn every(every: Duration) -> Self {
        Self {
            every,
            immediate: true,
        }
    }

    /// Whether the first run is at once, or after the first interval.
    pub const fn immediate(mut self, immediate: bool) -> Self {
        self.immediate = immediate;
        self
    }

    /// Starts it, in a task of its own. A run that panics is logged, and the
    /// next one comes all the same.
    ///
    /// # Errors
    /// Fails if no tokio runtime is here, or if it has no timers.
    pub fn run<F, R>(self, mut run: F) -> Result<TickerHandle, SpawnError>
    where
        F: FnMut() -> R + Send + 'static,
        R: Future<Output = ()> + Send,
    {
        let runtime = timers::check()?;
        let every = self.every.clamp(SHORTEST, LONGEST);
        let first = if self.immediate {
            Duration::ZERO
        } else {
            every
        };
        let mut interval = {
            let _inside = runtime.enter();
            interval_at(Instant::now() + first, every)
        };
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (stop, mut stopped) = watch::channel(());
        runtime.spawn(async move {
            loop {
                tokio::select! {
                    biased;
                    // Stopped, or the handle was dropped.
                    _ = stopped.changed() => return,
                    _ = interval.tick() => {}
                }
                if let Err(fault) = caught(async { run().await }).await {
                    tracing::error!(target: "conclib", %fault, "a ticker's run panicked");
                }
            }
        });
        Ok(TickerHandle { stop })
    }
}

/// A ticker that runs. Dropping it ends it, after the run that is under way.
pub struct TickerHandle {
    /// Closed by dropping it; the task holds the receiver.
    stop: watch::Sender<()>,
}

impl TickerHandle {
    /// Ends it: resolves when the run that is under way is over. No further one
    /// begins.
    ///
    /// # Cancel safety
    /// Dropping the future ends the ticker all the same.
    pub async fn stop(self) {
        self.stop.send_replace(());
        self.stop.closed().await;
    }
}

impl fmt::Debug for TickerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TickerHandle").finish_non_exhaustive()
    }
}
