//! Replies that wait for their subscribers.
//!
//! The original Python client publishes its request before it subscribes to the channel of the reply,
//! so a reply is published only when that channel has a subscriber. A subscription by a pattern is not
//! counted: it may be that of a monitor. The client of this crate has one, and says so in its ids.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::connection::Connection;
use super::count_dropped;

/// First and last pause between two looks for a subscriber.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(100));

/// Maximum number of replies for which is looked at once.
const BATCH: usize = 256;

/// Maximum number of replies that wait, and of their bytes.
const MAX_WAITING: (usize, usize) = (4096, 64 * 1024 * 1024);

/// Reply that waits for a subscriber.
pub(super) struct Reply {
    pub(super) channel: String,
    pub(super) payload: Bytes,
    /// True if the client has subscribed already.
    pub(super) is_subscribed: bool,
    /// Time at which the reply is given up.
    pub(super) until: Instant,
    /// Condition of a failure that another proxy on the channel might contradict: no other is there.
    pub(super) only_if_alone: bool,
}

/// Replies that wait for their subscribers.
#[derive(Default)]
pub(super) struct Replies {
    waiting: Mutex<Waiting>,
    changed: Notify,
    given_up: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    /// Replies for which nobody has looked yet.
    new: VecDeque<Reply>,
    /// The others and their next pause, by the time of the next look and the number of the entry.
    again: BTreeMap<(Instant, u64), (Reply, Duration)>,
    bytes: usize,
    entries: u64,
    /// Number of those that are looked for at this moment.
    looking: usize,
}

impl Waiting {
    fn look_again(&mut self, look: Instant, reply: Reply, pause: Duration) {
        self.bytes += reply.payload.len();
        self.entries += 1;
        self.again.insert((look, self.entries), (reply, pause));
    }

    /// Drops a reply, if there are too many: one that waits for long, if there is one.
    fn drop_excess(&mut self) -> bool {
        let waiting = self.new.len() + self.again.len();
        if waiting <= MAX_WAITING.0 && self.bytes <= MAX_WAITING.1 {
            return false;
        }
        let last = self.again.pop_last().map(|(_, (reply, _))| reply);
        let dropped = last.or_else(|| self.new.pop_front());
        self.bytes -= dropped.map_or(0, |reply| reply.payload.len());
        true
    }

    /// Takes the replies to look for now, the new ones first.
    fn take_due(&mut self) -> Vec<(Reply, Duration)> {
        let now = Instant::now();
        let new = self.new.len().min(BATCH);
        let mut due: Vec<_> = self
            .new
            .drain(..new)
            .map(|reply| (reply, PAUSES.0))
            .collect();
        while due.len() < BATCH
            && let Some(first) = self.again.first_entry()
            && first.key().0 <= now
        {
            due.push(first.remove());
        }
        self.bytes -= due
            .iter()
            .map(|(reply, _)| reply.payload.len())
            .sum::<usize>();
        self.looking = due.len();
        due
    }
}

impl Replies {
    /// Adds a reply. If there are too many, those that wait longest are dropped.
    pub(super) fn add(&self, reply: Reply) {
        let mut dropped = 0;
        {
            let mut waiting = self.lock();
            waiting.bytes += reply.payload.len();
            waiting.new.push_back(reply);
            while waiting.drop_excess() {
                dropped += 1;
            }
        }
        for _ in 0..dropped {
            count_dropped(
                &self.given_up,
                "a reply",
                &"too many wait for their clients",
            );
        }
        self.changed.notify_one();
    }

    /// Publishes the replies as their subscribers come.
    pub(super) async fn publish(&self, connection: &Connection) -> Infallible {
        loop {
            let (due, next) = {
                let mut waiting = self.lock();
                let due = waiting.take_due();
                let next = waiting.again.keys().next().map(|(look, _)| *look);
                (due, next)
            };
            if !due.is_empty() {
                self.look(connection, due).await;
                continue;
            }
            match next {
                Some(next) => tokio::select! {
                    () = self.changed.notified() => {}
                    () = sleep_until(next) => {}
                },
                None => self.changed.notified().await,
            }
        }
    }

    /// Gives those up that have waited for long for their subscribers.
    pub(super) fn give_up(&self) {
        let mut waiting = self.lock();
        let late = waiting
            .again
            .extract_if(.., |_, (_, pause)| *pause == PAUSES.1);
        let late: usize = late
            .map(|(_, (reply, _))| reply.payload.len())
            .inspect(|_| {
                count_dropped(&self.given_up, "a reply", &"its proxy is closed");
            })
            .sum();
        waiting.bytes -= late;
    }

    /// Waits until all replies are published or given up. Needs [`publish`](Self::publish) beside it.
    pub(super) async fn empty(&self) {
        loop {
            {
                let waiting = self.lock();
                if waiting.new.is_empty() && waiting.again.is_empty() && waiting.looking == 0 {
                    return;
                }
            }
            tokio::time::sleep(PAUSES.0).await;
        }
    }

    /// Publishes the replies that have a subscriber.
    async fn look(&self, connection: &Connection, due: Vec<(Reply, Duration)>) {
        let Connection {
            redis, channels, ..
        } = connection;
        let own = connection.subscribed();
        let names = due.iter().map(|(reply, _)| reply.channel.clone());
        let names = std::iter::once(channels.inbound.clone()).chain(names);
        let mut again = Vec::new();
        let mut publishing = Vec::new();
        match redis.subscribers(names.collect()).await {
            Ok(counts) => {
                let mut counts = counts.into_iter();
                let proxies = counts.next().unwrap_or(0);
                // `None` if the own subscription may be counted or not.
                let own = own.filter(|own| connection.subscribed() == Some(*own));
                let is_alone = own.map(|own| proxies <= own);
                for (reply, pause) in due {
                    let count = counts.next().unwrap_or(0);
                    let is_unknown = reply.only_if_alone && is_alone.is_none();
                    if is_unknown || count == 0 && !reply.is_subscribed {
                        again.push((reply, pause));
                    } else if !reply.only_if_alone || is_alone == Some(true) {
                        publishing.push(reply);
                    }
                }
            }
            Err(error) => {
                tracing::debug!(target: "conclib::redis", %error, "subscribers are looked for again");
                again.extend(due.into_iter().map(|(reply, _)| (reply, PAUSES.1)));
            }
        }
        let published = join_all(publishing.into_iter().map(async |reply| {
            let published = redis.publish_unsharded(&reply.channel, reply.payload.clone());
            (published.await, reply)
        }));
        for (published, reply) in published.await {
            match published {
                Ok(0) if !reply.is_subscribed => again.push((reply, PAUSES.0)),
                Ok(_) => {}
                // The reply may have been published. A second one would be taken for the answer to
                // the next request of a Python client, which checks no ids.
                Err(error) => count_dropped(&self.given_up, "a reply", &error),
            }
        }
        self.look_again(again);
    }

    fn look_again(&self, again: Vec<(Reply, Duration)>) {
        let now = Instant::now();
        let mut waiting = self.lock();
        for (reply, pause) in again {
            if now < reply.until {
                waiting.look_again(now + pause, reply, (pause * 2).min(PAUSES.1));
            } else {
                count_dropped(
                    &self.given_up,
                    "a reply",
                    &"nobody has subscribed to its channel",
                );
            }
        }
        waiting.looking = 0;
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
