//! The clock of a connection: it ends the requests that get no answer in time.

use conclib_core::Never;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// Requests with deadlines, of which the earliest is known.
pub(crate) trait Deadlines {
    /// Time at which to look at the clock; `None` while no request waits.
    fn next_look(&self) -> Option<Instant>;

    /// Ends the requests whose time is over, and plans the next look.
    fn look(&self);

    /// Rings when the next look is to be sooner than was said.
    fn sooner(&self) -> &Notify;
}

/// Keeps one clock for all requests of a connection: a timer for each would cost
/// as much as the rest of a request. The clock rests while no request waits.
pub(crate) async fn keep(deadlines: &impl Deadlines) -> Never {
    loop {
        let Some(next) = deadlines.next_look() else {
            deadlines.sooner().notified().await;
            continue;
        };
        tokio::select! {
            () = sleep_until(next) => deadlines.look(),
            () = deadlines.sooner().notified() => {}
        }
    }
}
