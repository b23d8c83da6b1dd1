//! Scripts of a sender.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::time::Duration;

use super::entry::Mailbox;
use super::sender::Sender;
use crate::error::RedisError;
use crate::redis::Answer;

/// Maximum number of messages in a mailbox; one more is refused.
const MAX_MAIL: usize = 100_000;

/// Time for which the number of the last message of a sender is kept, in milliseconds.
const KEPT: u64 = 7 * 24 * 60 * 60 * 1000;

/// Names from which a sender is removed at once.
const FORGOTTEN: usize = 64;

/// Next task for a name.
pub(super) struct Batch {
    /// Number of the first message.
    pub(super) first: u64,
    pub(super) messages: Vec<Bytes>,
    /// Numbers of answers that have come.
    pub(super) taken: Vec<u64>,
    pub(super) skips: bool,
    /// Time since the server has confirmed a number.
    pub(super) age: Duration,
}

/// Result of an attempt to store messages.
pub(super) enum Stored {
    /// All up to that number.
    All(u64),
    /// Up to that number, as the mailbox is full.
    Full(u64),
    /// The server knows the numbers up to this one only.
    Gap(u64),
}

/// Stores a batch. A batch that was stored already is not stored again. An empty one asks for the
/// last number that the server knows.
pub(super) async fn store(sender: &Sender, to: &str, batch: &Batch) -> Result<Stored, RedisError> {
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
        futures_util::stream::iter(names).for_each_concurrent(FORGOTTEN, |to| async move {
            let mailbox = Mailbox::new(&sender.endpoint.prefix, &to);
            let seen = mailbox.key(&format!("seen:{}", sender.name));
            let (script, keys) = (&sender.scripts.forget, [seen, answers_key(sender, &to)]);
            // The server forgets them itself after a while.
            let _ = sender.endpoint.redis.run(script, &keys, &[]).await;
        });
    forgetting.await;
}
