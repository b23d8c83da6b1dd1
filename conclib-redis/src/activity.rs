//! Use of a connection, which needs checks only then.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Notes of the use of a connection since the last check.
#[derive(Default)]
pub(crate) struct Activity {
    is_used: AtomicBool,
    begins: Notify,
}

impl Activity {
    /// Notes that the connection is used.
    pub(crate) fn note(&self) {
        if !self.is_used.load(Ordering::Relaxed) && !self.is_used.swap(true, Ordering::Relaxed) {
            self.begins.notify_one();
        }
    }

    /// Tells whether the connection was used since the last [`take`](Self::take).
    pub(crate) fn is_noted(&self) -> bool {
        self.is_used.load(Ordering::Relaxed)
    }

    /// Forgets the use so far.
    pub(crate) fn take(&self) {
        self.is_used.store(false, Ordering::Relaxed);
    }

    /// Waits until the connection is used after a time without use.
    pub(crate) async fn begins(&self) {
        self.begins.notified().await;
    }
}
