//! Service of a mailbox that a system owns.

use std::sync::{Arc, Weak};
use std::time::Duration;

use conclib_core::wire::Found;
use futures_util::StreamExt as _;
use futures_util::future::OptionFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::commands::BATCH;
use super::delivery::{Delivered, deliver};
use super::end::End;
use super::flow::Flow;
use super::host::Wake;
use super::owned::Owned;
use crate::endpoint::Phase;

/// Time after which the ownership of a mailbox is renewed, and messages are looked for.
pub(super) const RENEW: Duration = Duration::from_secs(5);

/// Turns of one pool that run at once. An actor has one, which keeps the order also if a message
/// comes again.
const POOL: usize = 64;

/// Time for which a message that was handled waits for the next ones, to leave together.
const TOGETHER: Duration = Duration::from_millis(1);

/// Time without a message after which a mailbox is let go.
const IDLE: Duration = Duration::from_secs(60);

/// Serves the messages of a mailbox.
pub(super) async fn serve(
    owned: &Owned<'_>,
    wake: &Arc<Wake>,
    phases: watch::Receiver<Phase>,
) -> End {
    let listener: Weak<Wake> = Arc::downgrade(wake);
    let channel: Arc<str> = owned.mailbox.wake().into();
    let endpoint = &owned.host.endpoint;
    // Without the subscription, messages are found when the lease is renewed.
    if let Err(error) = endpoint.listen(channel.clone(), listener).await {
        tracing::debug!(target: "conclib::redis", %error, urn = owned.urn, "no wake yet");
    }
    let end = run(Flow::new(owned), wake, phases).await;
    endpoint.unlisten(&channel).await;
    end
}

/// Reads messages and has them handled, in order.
async fn run(mut flow: Flow<'_>, wake: &Wake, mut phases: watch::Receiver<Phase>) -> End {
    let (owned, inlet) = (flow.owned, &flow.owned.host.inlet);
    let limit = match inlet.find(owned.urn) {
        Some(Found::Pool) => POOL,
        _ => 1,
    };
    let mut renewal = interval(RENEW);
    renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut turns = FuturesUnordered::new();
    let mut publishing = FuturesUnordered::new();
    let mut calling = OptionFuture::from(None);
    let (mut is_calling, mut is_found) = (false, true);
    let mut together = std::pin::pin!(sleep(TOGETHER));
    loop {
        let phase = *phases.borrow();
        let is_left = phase != Phase::Serving || !flow.undelivered.is_empty() || !is_found;
        if phase == Phase::Closing || (is_left && turns.is_empty()) {
            // Turns that run still are given up.
            break;
        }
        while !is_left
            && turns.len() < limit
            && let Some(entry) = flow.unread.pop_front()
        {
            let origin = flow.origin(&entry.sender);
            turns.push(deliver(owned, entry, origin));
        }
        let waits = !flow.unread.is_empty() && flow.done.len() < BATCH && !together.is_elapsed();
        if !is_calling && let Some(call) = flow.call(is_left, waits) {
            (calling, is_calling) = (Some(call).into(), true);
        }
        tokio::select! {
            biased;
            Some(turn) = turns.next() => match turn {
                Delivered::Done(done) => {
                    if flow.done.is_empty() {
                        together.as_mut().reset(Instant::now() + TOGETHER);
                    }
                    flow.done.push(done);
                }
                Delivered::Buried(id) => flow.order.gone(&id),
                Delivered::Unread => break,
                Delivered::Fenced => return End::Fenced,
                Delivered::Undelivered(id, attempts) => flow.undelivered.push((id, attempts)),
            },
            Some(called) = &mut calling => {
                (calling, is_calling) = (None.into(), false);
                match flow.called(called) {
                    Ok(commit) => publishing.extend(commit.publish(owned)),
                    Err(End::Fenced) => return End::Fenced,
                    Err(End::Left(_)) => break,
                }
            }
            Some(()) = publishing.next() => {}
            () = &mut together, if waits && !flow.done.is_empty() => {}
            // A message has come, or the name was released.
            () = wake.0.notified() => {
                flow.may_have_more = true;
                is_found = inlet.find(owned.urn).is_some();
            }
            _ = renewal.tick() => {
                let is_idle = turns.is_empty() && flow.unread.is_empty() && !is_calling;
                if is_idle && !flow.may_have_more && flow.last.elapsed() > IDLE {
                    break;
                }
                // A wake that was lost costs the time of a renewal.
                (flow.may_have_more, flow.needs_renewal) = (true, true);
                is_found = inlet.find(owned.urn).is_some();
            }
            _ = phases.changed() => {}
        }
    }
    drop(turns);
    flow.may_have_more = false;
    flow.needs_renewal = false;
    loop {
        match calling.await {
            Some(called) => match flow.called(called) {
                Ok(commit) => publishing.extend(commit.publish(owned)),
                Err(End::Fenced) => return End::Fenced,
                Err(End::Left(_)) => break,
            },
            None if flow.done.is_empty() => break,
            None => {}
        }
        calling = flow.call(true, false).into();
    }
    publishing.collect::<()>().await;
    End::Left(flow.begun())
}
