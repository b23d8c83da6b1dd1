//! The mark that an asker has left.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Context;

use futures_util::task::AtomicWaker;

/// The mark that an asker has left, shared with the request it left behind.
#[derive(Debug, Clone, Default)]
pub struct Cancellation(Arc<Mark>);

#[derive(Debug, Default)]
struct Mark {
    left: AtomicBool,
    /// Whoever holds the request, if it waits for the asker to leave.
    waiting: AtomicWaker,
}

impl Cancellation {
    /// Lets the request be skipped if its handler has not begun, and tells a
    /// handler that has begun and wants to know.
    pub fn cancel(&self) {
        self.0.left.store(true, Ordering::Relaxed);
        self.0.waiting.wake();
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.left.load(Ordering::Relaxed)
    }

    pub(super) fn register(&self, cx: &Context<'_>) {
        self.0.waiting.register(cx.waker());
    }
}
