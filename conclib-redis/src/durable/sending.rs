//! Task that stores the messages to one name.

use std::sync::Weak;
use std::time::Duration;

use bytes::Bytes;
use conclib_core::wire::Failure;
use tokio::time::sleep;

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

/// Pause before messages are sent again.
const AGAIN: Duration = Duration::from_millis(50);

/// Stores the messages to a name, until none waits.
pub(super) async fn run(sender: Weak<Sender>, to: Box<str>) {
    let mut resets = false;
    loop {
        let Some(sender) = sender.upgrade() else {
            return;
        };
        if sender.is_done(&to) || sender.endpoint.up().await.is_none() {
            return;
        }
        let Some((first, batch, taken)) = next_batch(&sender, &to) else {
            return;
        };
        if !taken.is_empty() {
            let answers = answers(&sender, &to, taken).await;
            // The other answers come by the channel.
            drop(answers);
        }
        if batch.is_empty() {
            continue;
        }
        match store(&sender, &to, first, batch, resets).await {
            Ok(Stored::All(last)) => {
                resets = false;
                sender.stored(&to, last);
            }
            Ok(Stored::Full(last)) => {
                sender.stored(&to, last);
                sender.refuse(&to, last + 1, Failure::MailboxFull);
            }
            Ok(Stored::Gap(last)) => {
                resets = true;
                tracing::error!(
                    target: "conclib::redis", urn = &*to, lost = first - 1 - last,
                    "possible data loss: the server has forgotten messages that it had stored"
                );
                sender.endpoint.counters.count_lost(first - 1 - last);
            }
            Err(error) => {
                tracing::debug!(target: "conclib::redis", %error, urn = &*to, "messages are stored again");
                sleep(AGAIN).await;
            }
        }
    }
}

/// Takes what is to be done next: the number of the first message and a copy of the messages, and
/// the numbers of the answers that have come. `None` if the sender is closed.
fn next_batch(sender: &Sender, to: &str) -> Option<(u64, Vec<Bytes>, Vec<u64>)> {
    let mut state = sender.lock();
    let queue = state.queues.get_mut(to)?;
    let first = queue.messages.front().map_or(0, |message| message.number);
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
    let batch = batch.collect();
    Some((first, batch, std::mem::take(&mut queue.taken)))
}

enum Stored {
    /// All up to that number.
    All(u64),
    /// Up to that number, as the mailbox is full.
    Full(u64),
    /// The server knows the numbers up to this one only.
    Gap(u64),
}

/// Stores a batch. A batch that was stored already is not stored again.
async fn store(
    sender: &Sender,
    to: &str,
    first: u64,
    batch: Vec<Bytes>,
    resets: bool,
) -> Result<Stored, RedisError> {
    sender.listen().await?;
    let mailbox = Mailbox::new(&sender.endpoint.prefix, to);
    let seen = mailbox.key(&format!("seen:{}", sender.name));
    let keys = vec![mailbox.key("mail"), mailbox.key("meta"), seen];
    let mut arguments: Vec<Bytes> = vec![
        sender.name.to_string().into(),
        first.to_string().into(),
        MAX_MAIL.to_string().into(),
        u8::from(resets).to_string().into(),
        KEPT.to_string().into(),
        mailbox.wake().into(),
    ];
    arguments.extend(batch);
    let answer = sender
        .endpoint
        .redis
        .run(&sender.scripts.send, keys, arguments)
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

/// Removes the answers of those numbers in the server, and fetches all others.
pub(super) async fn answers(
    sender: &Sender,
    to: &str,
    taken: Vec<u64>,
) -> Result<Vec<Bytes>, RedisError> {
    let mailbox = Mailbox::new(&sender.endpoint.prefix, to);
    let keys = vec![format!("{}{}", mailbox.answers(), sender.name)];
    let taken = taken
        .into_iter()
        .map(|number| number.to_string().into())
        .collect();
    let answer = sender
        .endpoint
        .redis
        .run(&sender.scripts.answers, keys, taken)
        .await?;
    let Answer::List(list) = answer else {
        return Ok(Vec::new());
    };
    let bytes = list.into_iter().filter_map(|answer| match answer {
        Answer::Bytes(bytes) => Some(bytes),
        _ => None,
    });
    Ok(bytes.collect())
}
