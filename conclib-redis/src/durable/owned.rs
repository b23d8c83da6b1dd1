//! Mailbox that a system owns, and the scripts that only its owner may run.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::end::End;
use super::entry::Mailbox;
use super::host::Host;
use super::known::Known;
use crate::endpoint::Phase;
use crate::redis::{Fields, Script};

/// Time for which a mailbox is owned.
pub(super) const LEASE: Duration = Duration::from_secs(15);

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
    pub(super) known: &'a Known<'a>,
    /// Time at which the last command was sent that has renewed the ownership.
    pub(super) renewed: Mutex<Instant>,
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

    pub(super) fn arguments(&self, rest: Vec<Bytes>) -> Vec<Bytes> {
        let mut arguments = vec![
            self.token.to_string().into(),
            self.host.nonce.to_string().into(),
            millis(LEASE),
        ];
        arguments.extend(rest);
        arguments
    }
}
