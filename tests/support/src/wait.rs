//! Waiting for something, without a sleep.

use std::pin::pin;
use std::task::{Context as Poller, Poll, Waker};
use std::time::Duration;

use tokio::runtime::Handle;

/// Polls once, so that a future begins, and says what came of it.
pub fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Poller::from_waker(Waker::noop()))
}

/// The tasks of this runtime that have not ended.
pub fn alive() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Waits until `is_so`. Other tasks run meanwhile; a wait in vain ends
/// with the patience of its test.
pub async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

/// A second on the paused clock is over at once; so is this work.
pub async fn work(time: Duration) {
    tokio::time::sleep(time).await;
}
