//! Gate that waits for a number of arrivals.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// Gate that opens after a number of arrivals.
#[derive(Default)]
pub struct Gate {
    missing: AtomicU64,
    open: Notify,
}

impl Gate {
    /// Closes the gate until `arrivals` more have come.
    pub fn close(&self, arrivals: u64) {
        self.missing.store(arrivals, Ordering::Release);
    }

    /// Counts one arrival; the last one opens the gate.
    pub fn arrive(&self) {
        if self.missing.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.open.notify_one();
        }
    }

    /// Waits until the gate is open. One waiter at a time.
    pub async fn wait(&self) {
        while self.missing.load(Ordering::Acquire) != 0 {
            self.open.notified().await;
        }
    }
}
