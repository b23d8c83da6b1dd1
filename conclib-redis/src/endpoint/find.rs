//! Search for the proxies that have a name.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use conclib_core::wire::{Failure, Found, NodeId};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout_at};

use super::Endpoint;
use crate::error::RedisError;
use crate::packet::{Packet, now};
use crate::signer::random;

/// Time in which proxies answer.
const ANSWER: Duration = Duration::from_secs(1);

/// Time for further answers after the first proxy that has the name. It passes only if a proxy is
/// slow or hangs.
const FURTHER: Duration = Duration::from_millis(500);

/// Time after an outage in which proxies may not be connected again.
const SETTLE: Duration = Duration::from_secs(2);

/// Pause before proxies are asked again.
const AGAIN: Duration = Duration::from_millis(50);

/// Answer of one proxy.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) node: NodeId,
    pub(crate) found: Option<Found>,
    pub(crate) inbox: Arc<str>,
}

/// Answers of the proxies.
#[derive(Debug)]
pub(crate) enum Answers {
    /// Proxies that have the name, at least one.
    Found(Vec<Finding>),
    /// No proxy has the name, or there is none.
    Nobody(Failure),
    /// Not all proxies have answered.
    Unknown,
}

/// Removes the wait for answers when it is dropped.
struct Asking<'a>(&'a Endpoint, u64);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.lock().finding.remove(&self.1);
    }
}

impl Endpoint {
    /// Finds the proxies that have a name, once the server is reached. `None` if the endpoint is
    /// closed first.
    pub(crate) async fn find(&self, urn: &str) -> Option<Answers> {
        loop {
            let (since, again) = self.up().await?;
            match self.ask_proxies(urn).await {
                Ok(Answers::Nobody(Failure::NoProxy)) if again && since.elapsed() < SETTLE => {}
                Ok(answers) => return Some(answers),
                Err(error) => {
                    tracing::debug!(target: "conclib::redis", %error, urn, "search failed, and is tried again");
                }
            }
            sleep(AGAIN).await;
        }
    }

    async fn ask_proxies(&self, urn: &str) -> Result<Answers, RedisError> {
        let find = u64::from_be_bytes(random()?);
        let (send, mut answers) = mpsc::unbounded_channel();
        let inbox = {
            let mut state = self.lock();
            state.finding.insert(find, send);
            state.inbox.clone()
        };
        let _asking = Asking(self, find);
        let channel = self.find_channel();
        let packet = Packet::Find {
            find,
            issued: now(),
            inbox: (*inbox).into(),
            urn: urn.into(),
        };
        let packet = packet.encode(&channel, &self.signer);
        let proxies = self.redis.publish(channel, packet).await?;
        let mut until = Instant::now() + ANSWER;
        let (mut owners, mut answered) = (Vec::new(), HashSet::new());
        while (answered.len() as u64) < proxies {
            let Ok(Some(finding)) = timeout_at(until, answers.recv()).await else {
                break;
            };
            if !answered.insert(finding.inbox.clone()) {
                self.counters.drop_stale("an answer that came twice");
                continue;
            }
            if finding.found.is_some() {
                owners.push(finding);
                until = until.min(Instant::now() + FURTHER);
            }
        }
        Ok(match (owners.is_empty(), proxies) {
            (false, _) => Answers::Found(owners),
            (true, 0) => Answers::Nobody(Failure::NoProxy),
            (true, proxies) if proxies == answered.len() as u64 => {
                Answers::Nobody(Failure::NoSuchActor)
            }
            (true, _) => Answers::Unknown,
        })
    }
}
