//! Service of a mailbox that a system owns.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use conclib_core::wire::{Found, Origin};
use futures_util::StreamExt as _;
use futures_util::future::OptionFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::boxes::Wake;
use super::commit::{Commit, Done};
use super::delivery::{Delivered, deliver};
use super::entry::Entry;
use super::order::Order;
use super::owned::{BATCH, Begun, End, Owned, Read};
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
    let endpoint = &owned.boxes.endpoint;
    // Without the subscription, messages are found when the lease is renewed.
    if let Err(error) = endpoint.listen(channel.clone(), listener).await {
        tracing::debug!(target: "conclib::redis", %error, urn = owned.urn, "no wake yet");
    }
    let end = Serving::new(owned).run(wake, phases).await;
    endpoint.unlisten(&channel).await;
    end
}

/// Script that removes and reads messages, under way.
type Calling<'a> = Pin<Box<dyn Future<Output = Result<(Read, Commit), End>> + Send + 'a>>;

/// Messages of a mailbox on their way to its actor and out of the mailbox.
struct Serving<'a> {
    owned: &'a Owned<'a>,
    /// Messages that were read, in order.
    unread: VecDeque<Entry>,
    order: Order,
    /// Messages that did not reach the actor, after a number of attempts.
    undelivered: Vec<(Arc<str>, u64)>,
    /// Messages that were handled and are in the mailbox.
    done: Vec<Done>,
    /// Id of the last message that was read, and the time of that.
    after: Arc<str>,
    last: Instant,
    may_have_more: bool,
    needs_renewal: bool,
    /// Sender of the newest message, as its actor is told.
    origin: (Arc<str>, Origin),
}

impl<'a> Serving<'a> {
    fn new(owned: &'a Owned<'a>) -> Self {
        Self {
            owned,
            unread: VecDeque::new(),
            order: Order::default(),
            undelivered: Vec::new(),
            done: Vec::new(),
            after: "0-0".into(),
            last: Instant::now(),
            may_have_more: true,
            needs_renewal: false,
            origin: ("".into(), Origin::Peer("redis sender ".into())),
        }
    }

    /// Returns a sender as its actor is told.
    fn origin(&mut self, sender: &Arc<str>) -> Origin {
        if self.origin.0 != *sender {
            let name = format!("redis sender {sender}");
            self.origin = (sender.clone(), Origin::Peer(name.into()));
        }
        self.origin.1.clone()
    }

    /// Reads messages and has them handled, in order.
    async fn run(mut self, wake: &Wake, mut phases: watch::Receiver<Phase>) -> End {
        let (owned, inlet) = (self.owned, &self.owned.boxes.inlet);
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
            let is_left = phase != Phase::Serving || !self.undelivered.is_empty() || !is_found;
            if phase == Phase::Closing || (is_left && turns.is_empty()) {
                // Turns that run still are given up.
                break;
            }
            while !is_left
                && turns.len() < limit
                && let Some(entry) = self.unread.pop_front()
            {
                let origin = self.origin(&entry.sender);
                turns.push(deliver(owned, entry, origin));
            }
            let waits =
                !self.unread.is_empty() && self.done.len() < BATCH && !together.is_elapsed();
            if !is_calling && let Some(call) = self.call(is_left, waits) {
                (calling, is_calling) = (Some(call).into(), true);
            }
            tokio::select! {
                biased;
                Some(turn) = turns.next() => match turn {
                    Delivered::Done(done) => {
                        if self.done.is_empty() {
                            together.as_mut().reset(Instant::now() + TOGETHER);
                        }
                        self.done.push(done);
                    }
                    Delivered::Buried(id) => self.order.gone(&id),
                    Delivered::Unread => break,
                    Delivered::Fenced => return End::Fenced,
                    Delivered::Undelivered(id, attempts) => self.undelivered.push((id, attempts)),
                },
                Some(called) = &mut calling => {
                    (calling, is_calling) = (None.into(), false);
                    match self.called(called) {
                        Ok(commit) => publishing.extend(commit.publish(owned)),
                        Err(End::Fenced) => return End::Fenced,
                        Err(End::Left(_)) => break,
                    }
                }
                Some(()) = publishing.next() => {}
                () = &mut together, if waits && !self.done.is_empty() => {}
                // A message has come, or the name was released.
                () = wake.0.notified() => {
                    self.may_have_more = true;
                    is_found = inlet.find(owned.urn).is_some();
                }
                _ = renewal.tick() => {
                    let is_idle = turns.is_empty() && self.unread.is_empty() && !is_calling;
                    if is_idle && !self.may_have_more && self.last.elapsed() > IDLE {
                        break;
                    }
                    // A wake that was lost costs the time of a renewal.
                    (self.may_have_more, self.needs_renewal) = (true, true);
                    is_found = inlet.find(owned.urn).is_some();
                }
                _ = phases.changed() => {}
            }
        }
        drop(turns);
        self.may_have_more = false;
        self.needs_renewal = false;
        loop {
            match calling.await {
                Some(called) => match self.called(called) {
                    Ok(commit) => publishing.extend(commit.publish(owned)),
                    Err(End::Fenced) => return End::Fenced,
                    Err(End::Left(_)) => break,
                },
                None if self.done.is_empty() => break,
                None => {}
            }
            calling = self.call(true, false).into();
        }
        publishing.collect::<()>().await;
        End::Left(self.begun())
    }

    /// Begins to remove the messages that were handled, and to read others. `None` if there is
    /// nothing to do, or only to remove messages that wait for others.
    fn call(&mut self, is_left: bool, waits: bool) -> Option<Calling<'a>> {
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
    fn called(&mut self, called: Result<(Read, Commit), End>) -> Result<Commit, End> {
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
    fn begun(self) -> Vec<Begun> {
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
