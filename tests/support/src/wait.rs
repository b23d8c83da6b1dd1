//! Waits without sleeping.

use std::pin::pin;
use std::task::{Context as Poller, Poll, Waker};
use std::time::Duration;

use tokio::runtime::Handle;

/// Polls once, so that a future begins, and returns the result.
pub fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Poller::from_waker(Waker::noop()))
}

/// Number of tasks of this runtime that have not ended.
pub fn alive() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Waits until `is_so`, while other tasks run. A test that waits in vain ends
/// by its time limit.
pub async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

/// Simulates work: on the paused clock a second is over at once.
pub async fn work(time: Duration) {
    tokio::time::sleep(time).await;
}
