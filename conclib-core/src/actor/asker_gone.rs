//! A future for a handler that wants to know when nobody waits for it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::current::{self, ActorId};

/// Resolves when the asker of the running turn has left; see
/// [`Context::asker_gone`](crate::Context::asker_gone).
///
/// # Cancel safety
/// Dropping it only ends the waiting.
#[derive(Debug, Clone)]
#[must_use = "a future does nothing unless it is awaited"]
pub struct AskerGone(ActorId);

impl AskerGone {
    pub(super) fn new(actor: ActorId) -> Self {
        Self(actor)
    }
}

impl Future for AskerGone {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match current::asker_has_left(self.0, cx.waker()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}
