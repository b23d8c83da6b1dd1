//! Dead letters: messages that were not handled in all their attempts.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use super::entry::{Mailbox, name, request, sender};
use super::scripts::Scripts;
use crate::endpoint::Endpoint;
use crate::error::RedisError;
use crate::redis::Fields;

/// Dead letters of a namespace, from [`RedisClient::dead_letters`](crate::RedisClient::dead_letters).
///
/// A name keeps 10,000. For one more the oldest is dropped, which is an error in the log of the
/// process that has the name, and is counted in [`RedisStats`](crate::RedisStats).
pub struct DeadLetters {
    endpoint: Arc<Endpoint>,
    scripts: Scripts,
}

/// Message that was not handled in all its attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// Id of the dead letter, for [`DeadLetters::retry`] and [`DeadLetters::drop`].
    pub id: Box<str>,
    /// Wire name of the message; empty if the message is not readable.
    pub message: Box<str>,
    /// Sender of the message.
    pub sender: Box<str>,
    /// Number of attempts.
    pub attempts: u64,
    /// Reason.
    pub why: Box<str>,
    /// Time at which the message became a dead letter, by the clock of the server.
    pub at: SystemTime,
}

impl DeadLetters {
    pub(crate) fn new(endpoint: Arc<Endpoint>) -> Self {
        Self {
            endpoint,
            scripts: Scripts::new(),
        }
    }

    /// Lists the dead letters of a name, oldest first, at most `count`.
    ///
    /// # Errors
    /// [`RedisError::Command`] if the server does not answer.
    pub async fn list(&self, urn: &str, count: usize) -> Result<Vec<DeadLetter>, RedisError> {
        let arguments = vec!["list".into(), "-".into(), count.to_string().into()];
        let mut list = self.run(urn, arguments).await?.into_list()?;
        let mut letters = Vec::new();
        while let Some(entry) = list.next() {
            let mut entry = entry.into_list()?;
            let (id, fields) = (entry.text()?, entry.list()?);
            letters.push(read(id, fields)?);
        }
        Ok(letters)
    }

    /// Puts a dead letter into the mailbox again, as the newest message; its attempts begin anew.
    /// False if there is no such dead letter.
    ///
    /// # Errors
    /// [`RedisError::Command`] if the server does not answer; the dead letter may be in the mailbox
    /// then.
    pub async fn retry(&self, urn: &str, id: &str) -> Result<bool, RedisError> {
        let is_found = self.act("retry", urn, id).await?;
        if is_found {
            let notice = Bytes::copy_from_slice(urn.as_bytes());
            self.endpoint
                .redis
                .publish(self.endpoint.mail_channel(), notice)
                .await?;
        }
        Ok(is_found)
    }

    /// Drops a dead letter. False if there is no such dead letter.
    ///
    /// # Errors
    /// [`RedisError::Command`] if the server does not answer; the dead letter may be gone then.
    pub async fn drop(&self, urn: &str, id: &str) -> Result<bool, RedisError> {
        self.act("drop", urn, id).await
    }

    async fn act(&self, action: &'static str, urn: &str, id: &str) -> Result<bool, RedisError> {
        let wake = Mailbox::new(&self.endpoint.prefix, urn).wake();
        let id = Bytes::copy_from_slice(id.as_bytes());
        let arguments = vec![action.into(), id, "1".into(), wake.into()];
        Ok(self.run(urn, arguments).await?.into_number()? > 0)
    }

    async fn run(
        &self,
        urn: &str,
        arguments: Vec<Bytes>,
    ) -> Result<crate::redis::Answer, RedisError> {
        let mailbox = Mailbox::new(&self.endpoint.prefix, urn);
        let keys = ["mail", "meta", "dead"].map(|name| mailbox.key(name));
        self.endpoint
            .redis
            .run(&self.scripts.dead, &keys, &arguments)
            .await
    }
}

fn read(id: Box<str>, mut fields: Fields) -> Result<DeadLetter, RedisError> {
    let mut letter = DeadLetter {
        id,
        message: Box::default(),
        sender: Box::default(),
        attempts: 0,
        why: Box::default(),
        at: UNIX_EPOCH,
    };
    while let Some(field) = fields.next() {
        // Anybody who can write to the server may have stored something else.
        match &*text(Fields::from([field]).bytes()?) {
            "m" => {
                let stored = fields.bytes()?;
                letter.sender = name(sender(&stored).0);
                if let Some(envelope) = request(&stored) {
                    letter.message = envelope.message.into();
                }
            }
            "why" => letter.why = text(fields.bytes()?),
            "attempts" => letter.attempts = fields.number().unwrap_or(0),
            "at" => {
                let at = Duration::from_millis(fields.number().unwrap_or(0));
                letter.at = UNIX_EPOCH.checked_add(at).unwrap_or(UNIX_EPOCH);
            }
            _ => drop(fields.next()),
        }
    }
    Ok(letter)
}

fn text(bytes: Bytes) -> Box<str> {
    String::from_utf8_lossy(&bytes).into()
}
