//! Future for a handler that wants to stop working once its asker has left.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use crate::actor_id::ActorId;
use crate::turn_scope;

/// Resolves when the asker of the running turn has left; see
/// [`Context::asker_gone`](crate::node::Context::asker_gone).
///
/// # Cancel safety
/// Dropping the future only ends the waiting.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is awaited"]
pub struct AskerGone {
    actor: ActorId,
    /// Set by the running turn, which holds the reply end that the asker waits
    /// on.
    has_left: Arc<AtomicBool>,
}

impl AskerGone {
    pub(crate) fn new(actor: ActorId) -> Self {
        Self {
            actor,
            has_left: Arc::default(),
        }
    }
}

impl Future for AskerGone {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_left.load(Ordering::Relaxed) {
            return Poll::Ready(());
        }
        turn_scope::look_for_asker(self.actor, cx.waker(), &self.has_left);
        Poll::Pending
    }
}
