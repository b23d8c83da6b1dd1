//! Timer of a connection. It ends the requests that get no answer in time.

use std::future::{pending, poll_fn};
use std::task::Poll;

use conclib_core::Never;
use tokio::time::{Instant, sleep_until};

/// Set of requests with deadlines, of which the earliest is known.
pub(crate) trait Deadlines {
    /// Time of the next tick; `None` while no request waits.
    fn next_tick(&self) -> Option<Instant>;

    /// Ends the requests whose deadline has passed, and plans the next tick.
    fn tick(&self);

    /// Resolves when the next tick has to be earlier than planned. Wakes the task
    /// that drives the connection, and takes no waker.
    fn poll_earlier(&self) -> Poll<()>;
}

/// Runs one timer for all requests of a connection: a timer for each would cost
/// as much as the rest of a request. No timer runs while no request waits.
pub(crate) async fn run(deadlines: &impl Deadlines) -> Never {
    loop {
        let next = deadlines.next_tick();
        let due = async {
            match next {
                Some(next) => sleep_until(next).await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = due => deadlines.tick(),
            () = poll_fn(|_| deadlines.poll_earlier()) => {}
        }
    }
}
