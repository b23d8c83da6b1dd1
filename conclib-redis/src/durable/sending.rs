//! Task that stores the messages to one name.

use std::sync::{Arc, Weak};
use std::time::Duration;

use conclib_core::wire::Failure;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use super::sender::Sender;
use super::store::{Batch, Stored, store};

/// Messages, and bytes of them, that are stored at once.
const BATCH: usize = 64;
const BATCH_BYTES: usize = 1024 * 1024;

/// Pause before messages are sent again, and number of failures after which that is told.
const AGAIN: Duration = Duration::from_millis(50);
const TOLD: u32 = 40;

/// Time without a message after which the server may have forgotten the last number on purpose.
const FORGOTTEN: Duration = Duration::from_secs(6 * 24 * 60 * 60);

/// Answers that are removed at once.
pub(super) const TAKEN: usize = 512;

/// Time for which a message is waited for before taken answers are told of without one.
const REST: Duration = Duration::from_millis(20);

/// Stores the messages to a name, until none waits.
pub(super) async fn run(sender: Weak<Sender>, to: Arc<str>) {
    let mut failures = 0;
    loop {
        let Some(sender) = sender.upgrade() else {
            return;
        };
        if sender.is_done(&to) || sender.endpoint.up().await.is_none() {
            return;
        }
        while let Some(more) = sender.waits_for_more(&to) {
            // Answers that were taken are told of with the next message, if one comes soon.
            if timeout(REST, more.notified()).await.is_err() {
                break;
            }
        }
        // Tasks that are about to send fill the batch.
        yield_now().await;
        let Some(batch) = next_batch(&sender, &to) else {
            return;
        };
        let (first, age) = (batch.first, batch.age);
        let stored = store(&sender, &to, &batch).await;
        if matches!(stored, Ok(Stored::Gap(_)) | Err(_)) {
            sender.not_taken(&to, batch.taken);
        }
        match stored {
            Ok(Stored::All(last)) => sender.stored(&to, last),
            Ok(Stored::Full(last)) => {
                sender.stored(&to, last);
                sender.refuse(&to, last + 1, Failure::MailboxFull);
            }
            Ok(Stored::Gap(last)) => {
                sender.skip(&to);
                if last == 0 && age > FORGOTTEN {
                    continue;
                }
                let lost = first - 1 - last;
                tracing::error!(
                    target: "conclib::redis", urn = &*to, lost,
                    "possible data loss: the server has forgotten messages that it had stored"
                );
                sender.endpoint.counters.count_lost(lost);
            }
            Err(error) => {
                failures += 1;
                if failures == TOLD {
                    tracing::warn!(target: "conclib::redis", %error, urn = &*to, "messages cannot be stored; it is tried on");
                }
                sleep(AGAIN).await;
                continue;
            }
        }
        failures = 0;
    }
}

/// Takes what is to be done next for a name. `None` if the sender is closed.
fn next_batch(sender: &Sender, to: &str) -> Option<Batch> {
    let mut state = sender.lock();
    let queue = state.queues.get_mut(to)?;
    let first = queue.messages.front();
    let first = first.map_or(queue.last + 1, |message| message.number);
    let mut bytes = 0;
    let batch = queue.messages.iter_mut().take(BATCH).take_while(|message| {
        let is_first = bytes == 0;
        bytes += message.bytes.len();
        is_first || bytes <= BATCH_BYTES
    });
    let batch = batch.map(|message| {
        message.is_sent = true;
        message.bytes.clone()
    });
    let messages = batch.collect();
    let few = queue.taken.len().min(TAKEN);
    Some(Batch {
        first,
        messages,
        taken: queue.taken.drain(..few).collect(),
        skips: queue.skips,
        age: queue.confirmed.map_or(Duration::ZERO, |at| at.elapsed()),
    })
}
