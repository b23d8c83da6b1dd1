//! Removal of the messages that were handled, and their answers.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use conclib_core::wire::ResponseEnvelope;
use tokio::sync::mpsc;

use super::entry::{Entry, encode_answer};
use super::owned::{End, Owned};
use super::sender::answers_channel;

/// Messages that are removed at once.
const BATCH: usize = 64;

/// Time for which an answer is kept for a sender that is not connected.
const KEPT: Duration = Duration::from_secs(10 * 60);

/// Message that was handled, and its answer.
pub(super) struct Done {
    id: Box<str>,
    sender: Box<str>,
    number: u64,
    answer: Option<ResponseEnvelope>,
}

impl Done {
    pub(super) fn new(entry: Entry, answer: Option<ResponseEnvelope>) -> Self {
        Self {
            id: entry.id,
            sender: entry.sender,
            number: entry.number,
            answer,
        }
    }
}

/// Removes messages as they are handled; all that have been handled meanwhile go together.
pub(super) async fn commit(
    owned: &Owned<'_>,
    mut finished: mpsc::Receiver<Done>,
) -> Result<(), End> {
    let mut batch = Vec::new();
    while finished.recv_many(&mut batch, BATCH).await > 0 {
        let mut arguments: Vec<Bytes> = vec![
            owned.mailbox.answers().into(),
            KEPT.as_millis().to_string().into(),
        ];
        let mut answers: HashMap<Box<str>, Vec<u8>> = HashMap::new();
        for Done {
            id,
            sender,
            number,
            answer,
        } in batch.drain(..)
        {
            let answer = answer.and_then(|answer| {
                let signer = &owned.boxes.endpoint.signer;
                encode_answer(&sender, answer.as_response(), signer).ok()
            });
            let answer = answer.unwrap_or_default();
            if !answer.is_empty() {
                let all = answers.entry(sender.clone()).or_default();
                let len = u32::try_from(answer.len()).unwrap_or(u32::MAX);
                all.extend_from_slice(&len.to_be_bytes());
                all.extend_from_slice(&answer);
            }
            arguments.extend([
                id.into_string().into(),
                sender.into_string().into(),
                number.to_string().into(),
                answer,
            ]);
        }
        owned.run(&owned.boxes.scripts.done, arguments).await?;
        for (sender, answers) in answers {
            let channel = answers_channel(&owned.boxes.endpoint.prefix, &sender);
            // A sender that is not connected fetches its answers later.
            let _ = owned
                .boxes
                .endpoint
                .redis
                .publish(channel, answers.into())
                .await;
        }
    }
    Ok(())
}
