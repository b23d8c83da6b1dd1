//! Periodic code outside of actors.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::timers;
use crate::catch::caught;
use crate::error::SpawnError;

/// Shortest interval, the resolution of tokio's timers.
const SHORTEST: Duration = Duration::from_millis(1);

/// Longest interval that the clock can add; as good as never.
const LONGEST: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);

/// Runs code periodically, outside of any actor. For an actor, `#[message(every = "…")]` is
/// simpler.
///
/// The runs keep a fixed schedule and never overlap. A run that takes longer than the interval
/// delays the next ones; missed runs are not made up for.
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
    /// Sets the interval; the first run is at once. An interval of zero becomes a millisecond.
    pub const fn every(every: Duration) -> Self {
        Self {
            every,
            immediate: true,
        }
    }

    /// Sets if the first run is at once (the default), or after the first interval.
    pub const fn immediate(mut self, immediate: bool) -> Self {
        self.immediate = immediate;
        self
    }

    /// Starts the ticker, in a task of its own. A run that panics is logged, and the next run comes
    /// all the same.
    ///
    /// # Errors
    /// Fails if no tokio runtime is entered, or if the runtime has no timers.
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
                    // The ticker was stopped, or its handle dropped.
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

/// Handle of a running ticker. A drop ends the ticker after the current run.
pub struct TickerHandle {
    /// Sender whose drop ends the task, which holds the receiver.
    stop: watch::Sender<()>,
}

impl TickerHandle {
    /// Ends the ticker: resolves when the current run is over. No further run begins.
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
