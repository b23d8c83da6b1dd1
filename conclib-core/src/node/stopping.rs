//! Future of the end of an actor.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use conclib_wire::StopReason;

use crate::mailbox::Signal;
use crate::remote::{ControlRequest, Remote};

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

    /// Gives the signal to end to an actor in another process. The signal is sent now, if the
    /// connection has room.
    pub(crate) fn far(remote: Arc<Remote>, signal: Signal) -> Self {
        let request = match signal {
            Signal::Kill => ControlRequest::Kill,
            Signal::Now => ControlRequest::StopNow,
            Signal::Drain | Signal::None => ControlRequest::Stop,
        };
        let mut end = Box::pin(async move { remote.end(request).await });
        match end.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(reason) => Self(Box::pin(std::future::ready(reason))),
            Poll::Pending => Self(end),
        }
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
