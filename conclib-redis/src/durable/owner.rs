//! Task of one mailbox that a system owns.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use conclib_core::wire::Found;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::boxes::{Boxes, Wake};
use super::commit::{Done, commit};
use super::delivery::{Delivered, deliver};
use super::entry::Mailbox;
use crate::endpoint::Phase;
use crate::error::RedisError;
use crate::redis::{Fields, Script};

/// Time for which a mailbox is owned, and time after which that is renewed.
const LEASE: Duration = Duration::from_secs(15);
const RENEW: Duration = Duration::from_secs(5);

/// Time since the last change after which an owner without a connection loses the mailbox.
const GRACE: Duration = Duration::from_secs(2);

/// Messages that are read at once.
const BATCH: usize = 64;

/// Turns of one pool that run at once. An actor has one, which keeps the order also if a message
/// comes again.
const POOL: usize = 64;

/// Time without a message after which a mailbox is let go.
const IDLE: Duration = Duration::from_secs(60);

/// Pause before a failed command is sent again.
const AGAIN: Duration = Duration::from_millis(100);

/// Message that was read.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) id: Box<str>,
    pub(super) attempt: u64,
    pub(super) sender: Box<str>,
    pub(super) number: u64,
    pub(super) message: Bytes,
}

/// Mailbox that is owned.
pub(super) struct Owned<'a> {
    pub(super) boxes: &'a Boxes,
    pub(super) urn: &'a str,
    pub(super) mailbox: Mailbox,
    token: Box<str>,
    /// Number of changes of the mailbox that the server has confirmed.
    commits: AtomicU64,
}

/// Reason why an owner does not go on.
#[derive(Debug)]
pub(super) enum End {
    /// Another owner has the mailbox.
    Fenced,
    /// The actor is gone, the mailbox is idle, or the system ends. Messages of those ids were read,
    /// and did not reach the actor.
    Left(Vec<Box<str>>),
}

/// Owns a mailbox while it has messages and its name has an actor.
pub(super) async fn run(
    boxes: &Boxes,
    urn: &str,
    wake: Arc<Wake>,
    mut phases: watch::Receiver<Phase>,
) {
    let mut commits = 0;
    while *phases.borrow() == Phase::Serving && boxes.inlet.find(urn).is_some() {
        let pause = match take(boxes, urn, commits).await {
            Ok(Taken::Owned(owned)) => {
                let end = owned.serve(&wake, phases.clone()).await;
                commits = owned.commits.load(Ordering::Relaxed);
                match end {
                    End::Fenced => {
                        tracing::warn!(target: "conclib::redis", urn, "another process owns the mailbox now");
                        continue;
                    }
                    // Messages that came meanwhile are looked for.
                    End::Left(unread) => match owned.release(unread).await {
                        Ok(0) | Err(_) => return,
                        Ok(_) => continue,
                    },
                }
            }
            Ok(Taken::Empty) => return,
            Ok(Taken::Held(rest)) => rest.min(RENEW),
            Err(error) => {
                tracing::debug!(target: "conclib::redis", %error, urn, "the mailbox is not owned yet");
                if boxes.endpoint.up().await.is_none() {
                    return;
                }
                AGAIN
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            _ = phases.changed() => {}
        }
    }
}

enum Taken<'a> {
    Owned(Owned<'a>),
    Held(Duration),
    Empty,
}

async fn take<'a>(boxes: &'a Boxes, urn: &'a str, known: u64) -> Result<Taken<'a>, RedisError> {
    let mailbox = Mailbox::new(&boxes.endpoint.prefix, urn);
    let keys = vec![mailbox.key("mail"), mailbox.key("meta")];
    let arguments = vec![
        boxes.nonce.to_string().into(),
        lease(),
        GRACE.as_millis().to_string().into(),
        mailbox.wake().into(),
    ];
    let answer = boxes
        .endpoint
        .redis
        .run(&boxes.scripts.take, keys, arguments)
        .await?;
    let mut answer = answer.into_list()?;
    Ok(match &*answer.text()? {
        "ok" => {
            let token = answer.text()?;
            let commits = AtomicU64::new(known);
            let owned = Owned {
                boxes,
                urn,
                mailbox,
                token,
                commits,
            };
            owned.committed(answer.number()?);
            Taken::Owned(owned)
        }
        "held" => Taken::Held(Duration::from_millis(answer.number()?)),
        _ => Taken::Empty,
    })
}

fn lease() -> Bytes {
    LEASE.as_millis().to_string().into()
}

impl Owned<'_> {
    /// Serves the messages of the mailbox.
    async fn serve(&self, wake: &Arc<Wake>, phases: watch::Receiver<Phase>) -> End {
        let listener: std::sync::Weak<Wake> = Arc::downgrade(wake);
        let channel: Arc<str> = self.mailbox.wake().into();
        // Without the subscription, messages are found when the lease is renewed.
        if let Err(error) = self.boxes.endpoint.listen(channel.clone(), listener).await {
            tracing::debug!(target: "conclib::redis", %error, urn = self.urn, "no wake yet");
        }
        let (done, finished) = mpsc::channel(BATCH);
        let committing = commit(self, finished);
        let reading = self.read_on(wake, done, phases);
        let (committed, end) = tokio::join!(committing, reading);
        self.boxes.endpoint.unlisten(&channel).await;
        match committed {
            Ok(()) => end,
            Err(fenced) => fenced,
        }
    }

    /// Reads messages and has them handled, in order.
    async fn read_on(
        &self,
        wake: &Wake,
        done: mpsc::Sender<Done>,
        mut phases: watch::Receiver<Phase>,
    ) -> End {
        let limit = match self.boxes.inlet.find(self.urn) {
            Some(Found::Pool) => POOL,
            _ => 1,
        };
        let mut renewal = interval(RENEW);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut closing = phases.clone();
        let closing = async move {
            // A sender that is gone has closed too.
            drop(closing.wait_for(|phase| *phase == Phase::Closing).await);
        };
        let mut closing = std::pin::pin!(closing);
        let mut last = Instant::now();
        let mut turns = FuturesUnordered::new();
        loop {
            let mut unread = match self.read().await {
                Ok(entries) => entries,
                Err(end) => return end,
            };
            if unread.is_empty() && turns.is_empty() {
                if *phases.borrow() != Phase::Serving || last.elapsed() > IDLE {
                    return End::Left(Vec::new());
                }
                // A wake that is lost costs the time of a renewal.
                let waiting = timeout(RENEW, wake.0.notified());
                tokio::select! {
                    _ = waiting => {}
                    _ = phases.changed() => {}
                }
                continue;
            }
            last = Instant::now();
            unread.reverse();
            while !unread.is_empty() || !turns.is_empty() {
                while turns.len() < limit
                    && *phases.borrow() == Phase::Serving
                    && let Some(entry) = unread.pop()
                {
                    turns.push(deliver(self, entry));
                }
                if turns.is_empty() {
                    break;
                }
                tokio::select! {
                    Some(turn) = turns.next() => match turn {
                        Delivered::Done(finished) => {
                            if done.send(finished).await.is_err() {
                                return End::Fenced;
                            }
                        }
                        Delivered::Buried => {}
                        Delivered::Fenced => return End::Fenced,
                        Delivered::Undelivered(id) => {
                            let rest = unread.into_iter().map(|entry| entry.id);
                            return End::Left(rest.chain([id]).collect());
                        }
                    },
                    _ = renewal.tick() => if let Err(end) = self.renew().await {
                        return end;
                    },
                    // Turns that run are given up.
                    () = &mut closing => {
                        return End::Left(unread.into_iter().map(|entry| entry.id).collect());
                    }
                }
            }
            if !unread.is_empty() {
                return End::Left(unread.into_iter().map(|entry| entry.id).collect());
            }
        }
    }

    async fn read(&self) -> Result<Vec<Entry>, End> {
        let script = &self.boxes.scripts.read;
        let mut answer = self.run(script, vec![BATCH.to_string().into()]).await?;
        let entries = |answer: &mut Fields| -> Result<Vec<Entry>, RedisError> {
            let mut list = answer.list()?;
            let mut entries = Vec::new();
            while let Some(entry) = list.next() {
                let mut entry = entry.into_list()?;
                entries.push(Entry {
                    id: entry.text()?,
                    attempt: entry.number()?,
                    sender: entry.text()?,
                    number: entry.number().unwrap_or(0),
                    message: entry.bytes()?,
                });
            }
            self.committed(answer.number()?);
            Ok(entries)
        };
        entries(&mut answer).map_err(|error| {
            tracing::error!(target: "conclib::redis", %error, urn = self.urn, "the mailbox is not readable");
            End::Left(Vec::new())
        })
    }

    async fn renew(&self) -> Result<(), End> {
        self.run(&self.boxes.scripts.renew, Vec::new())
            .await
            .map(drop)
    }

    async fn release(&self, unread: Vec<Box<str>>) -> Result<u64, RedisError> {
        let ids = unread
            .into_iter()
            .map(|id| Bytes::from(id.into_string()))
            .collect();
        let arguments = self.arguments(ids);
        let script = &self.boxes.scripts.release;
        let answer = self
            .boxes
            .endpoint
            .redis
            .run(script, self.mailbox.keys(), arguments)
            .await?;
        let mut answer = answer.into_list()?;
        answer.next();
        Ok(answer.number().unwrap_or(0))
    }

    /// Runs a script of the owner until the server answers.
    pub(super) async fn run(&self, script: &Script, rest: Vec<Bytes>) -> Result<Fields, End> {
        let arguments = self.arguments(rest);
        let mut keys = self.mailbox.keys();
        keys.push(self.mailbox.key("dead"));
        loop {
            if self.boxes.endpoint.up().await.is_none() {
                return Err(End::Left(Vec::new()));
            }
            let answer = self
                .boxes
                .endpoint
                .redis
                .run(script, keys.clone(), arguments.clone())
                .await;
            let answer = answer.and_then(|answer| {
                let mut answer = answer.into_list()?;
                Ok((answer.text()?, answer))
            });
            match answer {
                Ok((result, _)) if &*result == "fenced" => return Err(End::Fenced),
                Ok((_, answer)) => return Ok(answer),
                Err(error) => {
                    tracing::debug!(target: "conclib::redis", %error, urn = self.urn, "a change of a mailbox is tried again");
                    sleep(AGAIN).await;
                }
            }
        }
    }

    fn arguments(&self, rest: Vec<Bytes>) -> Vec<Bytes> {
        let mut arguments = vec![
            self.token.to_string().into(),
            self.boxes.nonce.to_string().into(),
            lease(),
        ];
        arguments.extend(rest);
        arguments
    }

    /// Notes the number of changes that the server has confirmed: fewer than before are a loss.
    pub(super) fn committed(&self, commits: u64) {
        let known = self.commits.swap(commits, Ordering::Relaxed);
        if commits < known {
            tracing::error!(
                target: "conclib::redis", urn = self.urn, lost = known - commits,
                "possible data loss: the server has forgotten changes that it had confirmed"
            );
            self.boxes.endpoint.counters.count_lost(known - commits);
        }
    }
}
