//! Commands of the owner of a mailbox.

use std::sync::PoisonError;
use std::time::Duration;

use bytes::Bytes;

use super::commit::Commit;
use super::end::{Begun, End};
use super::entry::Entry;
use super::owned::{Owned, millis};
use crate::error::RedisError;

/// Time without a renewal after which no turn begins.
const SUSPEND: Duration = Duration::from_secs(12);

/// Messages, and bytes of them, that are read at once.
pub(super) const BATCH: usize = 64;
const BATCH_BYTES: usize = 1024 * 1024;

/// Time for which the counts of an empty mailbox are kept.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Messages that were read.
pub(super) struct Read {
    pub(super) entries: Vec<Entry>,
    /// Tells whether more messages were there than were asked for.
    pub(super) has_more: bool,
}

impl Owned<'_> {
    /// Removes messages that were handled, and reads up to `count` messages after an id.
    pub(super) async fn serve(
        &self,
        commit: &Commit,
        after: &str,
        count: usize,
    ) -> Result<Read, End> {
        let mut arguments = vec![
            Bytes::copy_from_slice(after.as_bytes()),
            count.to_string().into(),
            BATCH_BYTES.to_string().into(),
        ];
        arguments.extend_from_slice(&commit.arguments);
        let mut answer = self.run(&self.host.scripts.serve, arguments).await?;
        let has_more = answer.number().unwrap_or(0) > 0;
        let entries = Entry::read(&mut answer).map_err(|error| {
            tracing::error!(target: "conclib::redis", %error, urn = self.urn, "the mailbox is not readable");
            End::Left(Vec::new())
        })?;
        if let Some(newest) = entries.last() {
            self.known.note_read(newest.id.clone());
        }
        if self.known.has_lost() {
            // Messages that the server has again are read again, by another ownership.
            return Err(End::Left(Vec::new()));
        }
        Ok(Read { entries, has_more })
    }

    /// Keeps the ownership.
    pub(super) async fn renew(&self) -> Result<(), End> {
        let script = &self.host.scripts.renew;
        self.run(script, Vec::new()).await.map(drop)
    }

    /// Makes sure that no other process owns the mailbox, before a turn begins.
    pub(super) async fn ensure(&self) -> Result<(), End> {
        let renewed = *self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        match renewed.elapsed() < SUSPEND {
            true => Ok(()),
            // A rare case has no place in the future of each turn.
            false => Box::pin(self.renew()).await,
        }
    }

    /// Ends the ownership, and returns the number of messages that are left.
    pub(super) async fn release(&self, begun: Vec<Begun>) -> Result<u64, RedisError> {
        let mut rest = vec![millis(KEPT)];
        for Begun { id, attempts } in begun {
            let attempts = attempts.unwrap_or(0).to_string();
            rest.extend([Bytes::copy_from_slice(id.as_bytes()), attempts.into()]);
        }
        let (script, keys) = (&self.host.scripts.release, self.mailbox.keys());
        let redis = &self.host.endpoint.redis;
        let answer = redis.run(script, &keys, &self.arguments(rest)).await?;
        let mut answer = answer.into_list()?;
        let (result, _) = (answer.text()?, answer.number()?);
        match &*result {
            "ok" => {
                self.known.released();
                answer.number()
            }
            // Another owner looks after them.
            _ => Ok(0),
        }
    }
}
