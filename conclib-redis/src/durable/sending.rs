//! Task that stores the messages to one name.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use conclib_core::wire::Failure;
use futures_util::StreamExt as _;
use tokio::time::{sleep, timeout};

use super::entry::Mailbox;
use super::sender::Sender;
use crate::error::RedisError;
use crate::redis::Answer;

/// Messages, and bytes of them, that are stored at once.
const BATCH: usize = 64;
const BATCH_BYTES: usize = 1024 * 1024;

/// Maximum number of messages in a mailbox; one more is refused.
const MAX_MAIL: usize = 100_000;

/// Time for which the number of the last message of a sender is kept, in milliseconds.
const KEPT: u64 = 7 * 24 * 60 * 60 * 1000;

/// Pause before messages are sent again, and number of failures after which that is told.
const AGAIN: Duration = Duration::from_millis(50);
const TOLD: u32 = 40;

/// Time without a message after which the server may have forgotten the last number on purpose.
const FORGOTTEN: Duration = Duration::from_secs(6 * 24 * 60 * 60);

/// Answers that are removed at once.
pub(super) const TAKEN: usize = 512;

/// Time for which a message is waited for before taken answers are told of without one.
const REST: Duration = Duration::from_millis(20);

/// Next task for a name.
struct Batch {
    /// Number of the first message.
    first: u64,
    messages: Vec<Bytes>,
    /// Numbers of answers that have come.
    taken: Vec<u64>,
    skips: bool,
    /// Time since the server has confirmed a number.
    age: Duration,
}

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

enum Stored {
    /// All up to that number.
    All(u64),
    /// Up to that number, as the mailbox is full.
    Full(u64),
    /// The server knows the numbers up to this one only.
    Gap(u64),
}

/// Stores a batch. A batch that was stored already is not stored again. An empty one asks for the
/// last number that the server knows.
async fn store(sender: &Sender, to: &str, batch: &Batch) -> Result<Stored, RedisError> {
    sender.listen().await?;
    let mailbox = Mailbox::new(&sender.endpoint.prefix, to);
    let seen = mailbox.key(&format!("seen:{}", sender.name));
    let answers = answers_key(sender, to);
    let keys = [mailbox.key("mail"), mailbox.key("meta"), seen, answers];
    let mut arguments: Vec<Bytes> = vec![
        batch.first.to_string().into(),
        MAX_MAIL.to_string().into(),
        u8::from(batch.skips).to_string().into(),
        KEPT.to_string().into(),
        mailbox.wake().into(),
        batch.taken.len().to_string().into(),
    ];
    let taken = batch.taken.iter();
    arguments.extend(taken.map(|number| Bytes::from(number.to_string())));
    arguments.extend_from_slice(&batch.messages);
    let answer = sender
        .endpoint
        .redis
        .run(&sender.scripts.send, &keys, &arguments)
        .await?;
    let mut answer = answer.into_list()?;
    let result = answer.text()?;
    let (last, owners) = (answer.number()?, answer.number()?);
    if owners == 0 {
        // A message that nobody reads now is stored all the same.
        let notice = Bytes::copy_from_slice(to.as_bytes());
        sender
            .endpoint
            .redis
            .publish(sender.endpoint.mail_channel(), notice)
            .await?;
    }
    Ok(match &*result {
        "ok" => Stored::All(last),
        "full" => Stored::Full(last),
        _ => Stored::Gap(last),
    })
}

/// Returns the key of the answers to a sender, from one name.
fn answers_key(sender: &Sender, to: &str) -> String {
    let mailbox = Mailbox::new(&sender.endpoint.prefix, to);
    format!("{}{}", mailbox.answers(), sender.name)
}

/// Fetches the answers that are in the server.
pub(super) async fn answers(sender: &Sender, to: &str) -> Result<Vec<Bytes>, RedisError> {
    let (script, keys) = (&sender.scripts.answers, [answers_key(sender, to)]);
    let answer = sender.endpoint.redis.run(script, &keys, &[]).await?;
    let Answer::List(list) = answer else {
        return Ok(Vec::new());
    };
    let bytes = list.into_iter().filter_map(|answer| match answer {
        Answer::Bytes(bytes) => Some(bytes),
        _ => None,
    });
    Ok(bytes.collect())
}

/// Has the server forget a sender that sends nothing more to those names.
pub(super) async fn forget(sender: &Sender, names: impl Iterator<Item = Arc<str>>) {
    if sender.endpoint.outage().is_some() {
        return;
    }
    let forgetting =
        futures_util::stream::iter(names).for_each_concurrent(BATCH, |to| async move {
            let mailbox = Mailbox::new(&sender.endpoint.prefix, &to);
            let seen = mailbox.key(&format!("seen:{}", sender.name));
            let (script, keys) = (&sender.scripts.forget, [seen, answers_key(sender, &to)]);
            // The server forgets them itself after a while.
            let _ = sender.endpoint.redis.run(script, &keys, &[]).await;
        });
    forgetting.await;
}
