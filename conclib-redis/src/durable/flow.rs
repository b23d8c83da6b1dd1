//! Messages of a mailbox on their way to its actor, and out of the mailbox.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use conclib_core::wire::Origin;
use tokio::time::Instant;

use super::commands::{BATCH, Read};
use super::commit::{Commit, Done};
use super::end::{Begun, End};
use super::entry::Entry;
use super::known::FIRST;
use super::order::Order;
use super::owned::Owned;

/// Script that removes and reads messages, under way.
pub(super) type Calling<'a> =
    Pin<Box<dyn Future<Output = Result<(Read, Commit), End>> + Send + 'a>>;

/// Messages of a mailbox on their way to its actor and out of the mailbox.
pub(super) struct Flow<'a> {
    pub(super) owned: &'a Owned<'a>,
    /// Messages that were read, in order.
    pub(super) unread: VecDeque<Entry>,
    pub(super) order: Order,
    /// Messages that did not reach the actor, after a number of attempts.
    pub(super) undelivered: Vec<(Arc<str>, u64)>,
    /// Messages that were handled and are in the mailbox.
    pub(super) done: Vec<Done>,
    /// Id of the last message that was read, and the time of that.
    pub(super) after: Arc<str>,
    pub(super) last: Instant,
    pub(super) may_have_more: bool,
    pub(super) needs_renewal: bool,
    /// Sender of the newest message, as its actor is told.
    pub(super) origin: (Arc<str>, Origin),
}

impl<'a> Flow<'a> {
    pub(super) fn new(owned: &'a Owned<'a>) -> Self {
        Self {
            owned,
            unread: VecDeque::new(),
            order: Order::default(),
            undelivered: Vec::new(),
            done: Vec::new(),
            after: FIRST.into(),
            last: Instant::now(),
            may_have_more: true,
            needs_renewal: false,
            origin: ("".into(), Origin::Peer("redis sender ".into())),
        }
    }

    /// Returns a sender as its actor is told.
    pub(super) fn origin(&mut self, sender: &Arc<str>) -> Origin {
        if self.origin.0 != *sender {
            let name = format!("redis sender {sender}");
            self.origin = (sender.clone(), Origin::Peer(name.into()));
        }
        self.origin.1.clone()
    }

    /// Begins to remove the messages that were handled, and to read others. `None` if there is
    /// nothing to do, or only to remove messages that wait for others.
    pub(super) fn call(&mut self, is_left: bool, waits: bool) -> Option<Calling<'a>> {
        let has_room = self.unread.len() <= BATCH / 2;
        let count = match !is_left && self.may_have_more && has_room {
            true => BATCH - self.unread.len(),
            false => 0,
        };
        if count == 0 && (waits || self.done.is_empty()) && !self.needs_renewal {
            return None;
        }
        self.needs_renewal = false;
        // A wake from now on may be for a message that is not read.
        self.may_have_more &= count == 0;
        let done = self.done.drain(..self.done.len().min(BATCH)).collect();
        let (owned, after) = (self.owned, self.after.clone());
        let commit = Commit::new(owned, &mut self.order, done);
        Some(Box::pin(async move {
            let read = owned.serve(&commit, &after, count).await?;
            Ok((read, commit))
        }))
    }

    /// Takes the messages that were read.
    pub(super) fn called(&mut self, called: Result<(Read, Commit), End>) -> Result<Commit, End> {
        let (Read { entries, has_more }, commit) = called?;
        self.may_have_more |= has_more;
        if let Some(newest) = entries.last() {
            (self.after, self.last) = (newest.id.clone(), Instant::now());
        }
        entries
            .iter()
            .for_each(|entry| self.order.read(entry.id.clone()));
        self.unread.extend(entries);
        Ok(commit)
    }

    /// Returns the messages that have begun, and are in the mailbox still.
    pub(super) fn begun(self) -> Vec<Begun> {
        let (unread, undelivered) = (self.unread, self.undelivered);
        let rest = self.order.rest();
        let begun = rest.filter(|id| unread.iter().all(|entry| entry.id != *id));
        let begun = begun.map(|id| {
            let known = undelivered
                .iter()
                .find(|(undelivered, _)| *undelivered == id);
            let attempts = known.map(|(_, attempts)| *attempts);
            Begun { id, attempts }
        });
        begun.filter(|begun| begun.attempts != Some(0)).collect()
    }
}
