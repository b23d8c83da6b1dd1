//! How actors end.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use conclib_wire::StopReason;

/// The end of an actor: resolves with its reason once its state is dropped and
/// its name is free.
///
/// The signal that ends the actor was given when this was made; waiting for
/// the end is optional, and any number may wait.
///
/// # Cancel safety
/// Dropping it only ends the waiting.
pub struct Stopping(Pin<Box<dyn Future<Output = StopReason> + Send>>);

impl Stopping {
    pub(crate) fn new(end: impl Future<Output = StopReason> + Send + 'static) -> Self {
        Self(Box::pin(end))
    }

    /// An end that there is nothing to wait for.
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
