//! Removal of the messages that were handled, and their answers.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use conclib_core::wire::ResponseEnvelope;

use super::entry::{Entry, encode_answer};
use super::order::{Leaving, Order};
use super::owned::Owned;
use super::sender::answers_channel;

/// Time for which an answer is kept for a sender that is not connected.
const KEPT: Duration = Duration::from_secs(10 * 60);

/// Message that was handled, and its answer.
pub(super) struct Done {
    id: Arc<str>,
    /// Set if the server counts attempts of the message.
    is_counted: bool,
    sender: Arc<str>,
    number: u64,
    answer: Option<ResponseEnvelope>,
}

impl Done {
    pub(super) fn new(entry: Entry, answer: Option<ResponseEnvelope>) -> Self {
        Self {
            id: entry.id,
            is_counted: entry.tries > 0,
            sender: entry.sender,
            number: entry.number,
            answer,
        }
    }
}

/// Messages that were handled, for the script that removes them.
pub(super) struct Commit {
    /// Arguments of the script.
    pub(super) arguments: Vec<Bytes>,
    answers: Vec<Answers>,
}

/// Answers to one sender.
struct Answers {
    sender: Arc<str>,
    /// Numbers and answers, as they are kept.
    kept: Vec<Bytes>,
    /// Answers as they are published.
    published: Vec<u8>,
}

impl Answers {
    fn to(sender: Arc<str>) -> Self {
        Self {
            sender,
            kept: Vec::new(),
            published: Vec::new(),
        }
    }
}

fn text(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

impl Commit {
    /// Takes the messages that were handled.
    pub(super) fn new(owned: &Owned<'_>, order: &mut Order, done: Vec<Done>) -> Self {
        let mut answers: Vec<Answers> = Vec::new();
        let (mut ids, mut counted) = (Vec::with_capacity(done.len()), Vec::new());
        for done in done {
            if done.is_counted {
                counted.push(done.id.clone());
            }
            ids.push(done.id);
            let Some(answer) = done.answer else {
                continue;
            };
            let signer = &owned.host.endpoint.signer;
            let Ok(answer) = encode_answer(&done.sender, answer.as_response(), signer) else {
                continue;
            };
            let known = answers.iter().position(|all| all.sender == done.sender);
            let at = known.unwrap_or(answers.len());
            if known.is_none() {
                answers.push(Answers::to(done.sender));
            }
            let all = &mut answers[at];
            let len = u32::try_from(answer.len()).unwrap_or(u32::MAX);
            all.published.extend_from_slice(&len.to_be_bytes());
            all.published.extend_from_slice(&answer);
            all.kept.extend([done.number.to_string().into(), answer]);
        }
        let Leaving { kept, mut single } = order.leave(ids);
        single.append(&mut counted);
        let mut arguments: Vec<Bytes> = vec![
            kept.unwrap_or_default().into(),
            single.len().to_string().into(),
        ];
        arguments.extend(single.iter().map(|id| text(id)));
        arguments.push(owned.mailbox.answers().into());
        arguments.push(KEPT.as_millis().to_string().into());
        for answers in &mut answers {
            arguments.push(text(&answers.sender));
            arguments.push(answers.kept.len().to_string().into());
            arguments.append(&mut answers.kept);
        }
        Self { arguments, answers }
    }

    /// Returns the publications of the answers, which are kept now.
    pub(super) fn publish(
        self,
        owned: &Owned<'_>,
    ) -> impl Iterator<Item = impl Future<Output = ()>> {
        let endpoint = &owned.host.endpoint;
        self.answers.into_iter().map(move |answers| {
            let channel = answers_channel(&endpoint.prefix, &answers.sender);
            async move {
                // A sender that is not connected fetches its answers later.
                let _ = endpoint
                    .redis
                    .publish(channel, answers.published.into())
                    .await;
            }
        })
    }
}
