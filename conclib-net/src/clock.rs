//! Timer of a connection. It ends the requests that get no answer in time.

use conclib_core::Never;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// Set of requests with deadlines, of which the earliest is known.
pub(crate) trait Deadlines {
    /// Time of the next tick; `None` while no request waits.
    fn next_tick(&self) -> Option<Instant>;

    /// Ends the requests whose deadline has passed, and plans the next tick.
    fn tick(&self);

    /// Notified when the next tick has to be earlier than planned.
    fn earlier(&self) -> &Notify;
}

/// Runs one timer for all requests of a connection: a timer for each would cost
/// as much as the rest of a request. No timer runs while no request waits.
pub(crate) async fn run(deadlines: &impl Deadlines) -> Never {
    loop {
        let Some(next) = deadlines.next_tick() else {
            deadlines.earlier().notified().await;
            continue;
        };
        tokio::select! {
            () = sleep_until(next) => deadlines.tick(),
            () = deadlines.earlier().notified() => {}
        }
    }
}
