//! Future of the end of an actor.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use conclib_wire::StopReason;

/// Future of the end of an actor: resolves with the reason once the state is dropped
/// and the name is free.
///
/// The signal that ends the actor was given when this future was made; waiting for the
/// end is optional.
///
/// # Cancel safety
/// Dropping the future only ends the waiting.
pub struct Stopping(Pin<Box<dyn Future<Output = StopReason> + Send>>);

impl Stopping {
    pub(crate) fn new(end: impl Future<Output = StopReason> + Send + 'static) -> Self {
        Self(Box::pin(end))
    }

    /// Creates a future that is ready with `reason`.
    pub(crate) fn over(reason: StopReason) -> Self {
        Self(Box::pin(std::future::ready(reason)))
    }
}

impl Future for Stopping {
    type Output = StopReason;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<StopReason> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for Stopping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stopping").finish_non_exhaustive()
    }
}
