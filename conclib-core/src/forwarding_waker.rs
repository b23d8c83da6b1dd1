//! Waker that stays the same while the task behind it changes.

use std::sync::Arc;
use std::task::{Wake, Waker};

use crate::sync::AtomicWaker;

/// Waker that forwards to the task that polled last, for a mailbox that keeps one waker for ever.
#[derive(Default)]
pub struct ForwardingWaker(AtomicWaker);

impl ForwardingWaker {
    /// Wakes this one from now on.
    pub fn register(&self, waker: &Waker) {
        self.0.register(waker);
    }
}

impl Wake for ForwardingWaker {
    fn wake(self: Arc<Self>) {
        self.0.wake();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake();
    }
}
