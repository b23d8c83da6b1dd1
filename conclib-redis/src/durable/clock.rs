//! Clock of a sender.

use std::sync::Weak;
use std::time::Duration;

use conclib_core::Delivery;
use conclib_core::wire::Failure;
use tokio::time::{Instant, sleep_until};

use super::sender::Sender;

/// Time after which an answer that has not come is looked for.
const FETCH: Duration = Duration::from_secs(5);

/// Fails messages whose deadlines have passed, and looks for answers that do not come, until no
/// message is left.
pub(super) async fn run(sender: Weak<Sender>) {
    let mut fetch = Instant::now() + FETCH;
    loop {
        let Some(sender) = sender.upgrade() else {
            return;
        };
        let (late, next) = {
            let mut state = sender.lock();
            let now = Instant::now();
            let mut late = Vec::new();
            while let Some(&(until, id)) = state.deadlines.first().filter(|first| first.0 <= now) {
                state.deadlines.remove(&(until, id));
                late.extend(state.expire(id));
            }
            let next = state.deadlines.first().map(|first| first.0);
            state.has_clock = next.is_some();
            if now >= fetch {
                fetch = now + FETCH;
                if !std::mem::replace(&mut state.is_fetching, true) {
                    let me = sender.clone();
                    let fetching = async move {
                        me.fetch_missed(FETCH).await;
                        me.lock().is_fetching = false;
                    };
                    sender.spawn(&mut state, fetching);
                }
            }
            (late, next)
        };
        for (pending, is_sent) in late {
            let failure = match is_sent {
                true => Failure::Deadline(pending.timeout),
                false => Failure::Disconnected(Delivery::NotDelivered),
            };
            sender.answer(pending.answerer, Err(failure));
        }
        let Some(next) = next else { return };
        tokio::select! {
            () = sleep_until(next.min(fetch)) => {}
            () = sender.earlier.notified() => {}
        }
    }
}
