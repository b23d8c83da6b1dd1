//! Mailbox that a system owns: the scripts that read and change it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::commit::Commit;
use super::entry::{Entry, Mailbox};
use super::host::Host;
use super::known::Known;
use crate::endpoint::Phase;
use crate::error::RedisError;
use crate::redis::{Fields, Script};

/// Time for which a mailbox is owned.
pub(super) const LEASE: Duration = Duration::from_secs(15);

/// Time without a renewal after which no turn begins.
const SUSPEND: Duration = Duration::from_secs(12);

/// Messages, and bytes of them, that are read at once.
pub(super) const BATCH: usize = 64;
const BATCH_BYTES: usize = 1024 * 1024;

/// Time for which the counts of an empty mailbox are kept.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Pause before a failed command is sent again, and number of failures after which that is told.
pub(super) const AGAIN: Duration = Duration::from_millis(100);
const TOLD: u32 = 20;

/// Mailbox that is owned.
pub(super) struct Owned<'a> {
    pub(super) host: &'a Host,
    pub(super) urn: &'a str,
    pub(super) mailbox: Mailbox,
    phases: watch::Receiver<Phase>,
    token: Box<str>,
    known: &'a Known<'a>,
    /// Time at which the last command was sent that has renewed the ownership.
    renewed: Mutex<Instant>,
}

/// Reason why an owner does not go on.
#[derive(Debug)]
pub(super) enum End {
    /// The server knows another owner, or none.
    Fenced,
    /// The actor is gone, the mailbox is idle, or the system ends. Of these messages an attempt has
    /// begun and not ended.
    Left(Vec<Begun>),
}

/// Message whose attempts are not those that the server would assume.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) id: Arc<str>,
    /// Number of attempts; `None` if the server knows it unless it is 1.
    pub(super) attempts: Option<u64>,
}

/// Messages that were read.
pub(super) struct Read {
    pub(super) entries: Vec<Entry>,
    /// Tells whether more messages were there than were asked for.
    pub(super) has_more: bool,
}

impl<'a> Owned<'a> {
    /// Returns a mailbox. A script that was sent at that time makes it owned, by a token.
    pub(super) fn new(
        host: &'a Host,
        urn: &'a str,
        known: &'a Known<'a>,
        phases: watch::Receiver<Phase>,
        sent: Instant,
    ) -> Self {
        Self {
            host,
            urn,
            mailbox: Mailbox::new(&host.endpoint.prefix, urn),
            phases,
            token: Box::default(),
            known,
            renewed: Mutex::new(sent),
        }
    }

    /// Notes the token by which the mailbox is owned.
    pub(super) fn begin(mut self, token: Box<str>) -> Self {
        self.token = token;
        self.known.begin();
        self
    }
}

pub(super) fn millis(time: Duration) -> Bytes {
    time.as_millis().to_string().into()
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

    /// Runs a script of the owner until the server answers.
    pub(super) async fn run(&self, script: &Script, rest: Vec<Bytes>) -> Result<Fields, End> {
        let arguments = self.arguments(rest);
        let mut keys = self.mailbox.keys();
        keys.push(self.mailbox.key("dead"));
        let mut failures = 0;
        loop {
            if !self.is_up().await {
                return Err(End::Left(Vec::new()));
            }
            let (known, sent) = (self.known.commits(), Instant::now());
            let redis = &self.host.endpoint.redis;
            let answer = redis.run(script, &keys, &arguments).await;
            let answer = answer.and_then(|answer| {
                let mut answer = answer.into_list()?;
                Ok((answer.text()?, answer.number()?, answer))
            });
            let error = match answer {
                Ok((result, commits, mut answer)) => {
                    self.known.confirmed(known, commits);
                    match &*result {
                        "fenced" => {
                            let token = answer.number().unwrap_or(0);
                            // Another owner has a greater one.
                            if token < self.token.parse().unwrap_or(0) {
                                self.known.forgotten("this owner");
                            }
                            return Err(End::Fenced);
                        }
                        "lost" => {
                            self.known.forgotten("that messages were read");
                            return Err(End::Left(Vec::new()));
                        }
                        _ => {}
                    }
                    let mut renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
                    *renewed = sent.max(*renewed);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            failures += 1;
            if failures == TOLD {
                tracing::warn!(target: "conclib::redis", %error, urn = self.urn, "a mailbox cannot be changed; it is tried on");
            }
            if *self.phases.borrow() == Phase::Closing {
                return Err(End::Left(Vec::new()));
            }
            sleep(AGAIN).await;
        }
    }

    /// Waits for the connection. False if the system ends before.
    async fn is_up(&self) -> bool {
        let mut phases = self.phases.clone();
        tokio::select! {
            biased;
            up = self.host.endpoint.up() => up.is_some(),
            // A sender that is gone has closed too.
            _ = phases.wait_for(|phase| *phase == Phase::Closing) => false,
        }
    }

    fn arguments(&self, rest: Vec<Bytes>) -> Vec<Bytes> {
        let mut arguments = vec![
            self.token.to_string().into(),
            self.host.nonce.to_string().into(),
            millis(LEASE),
        ];
        arguments.extend(rest);
        arguments
    }
}
