//! Endpoint: the channels of one process in a namespace, and its pipes to other endpoints.

mod accept;
mod check;
mod find;
mod listen;
mod open;
mod receive;
mod run;
mod seen;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use bytes::Bytes;
use conclib_core::wire::{Inlet, Outage, RefScope};
use conclib_net::AuthKey;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

pub(crate) use self::accept::{EndOnDrop, Phase};
pub(crate) use self::find::{Answers, Finding};
pub(crate) use self::listen::Listener;
use self::open::Opening;
pub(crate) use self::run::run;
use self::seen::Seen;
use crate::error::RedisError;
use crate::meter::DeadMeter;
use crate::pipe::Pipe;
use crate::redis::{Events, Redis};
use crate::signer::{Signer, random};
use crate::stats::RedisStats;
use crate::url::RedisUrl;

/// Maximum number of pipes of an endpoint; one more is refused.
const MAX_PIPES: usize = 4096;

/// Channels of one process in a namespace.
///
/// An endpoint reads its inbox, a channel of a random name; one that serves a system also reads the
/// channel on which all proxies are asked for the owner of a name. A lost connection breaks all
/// pipes, and the inbox after it has another name: what was on its way to the old one is lost, and
/// its sender is told so, as nobody receives there.
pub(crate) struct Endpoint {
    pub(crate) url: RedisUrl,
    pub(crate) redis: Arc<Redis>,
    pub(crate) signer: Signer,
    /// First part of the names of all channels and keys.
    pub(crate) prefix: Box<str>,
    served: OnceLock<Served>,
    state: Mutex<State>,
    status: watch::Sender<Status>,
    pub(crate) counters: Counters,
}

/// System that an endpoint serves, and the scope of the bodies.
#[derive(Clone)]
pub(crate) struct Served {
    pub(crate) inlet: Inlet,
    pub(crate) scope: Arc<dyn RefScope>,
}

struct State {
    inbox: Arc<str>,
    pipes: HashMap<u64, Pipe>,
    opening: HashMap<u64, Opening>,
    finding: HashMap<u64, mpsc::UnboundedSender<Finding>>,
    listeners: HashMap<Arc<str>, Weak<dyn Listener>>,
    /// Packets for the peers of broken pipes, with their channels.
    farewells: Vec<(Arc<str>, Bytes)>,
    seen: Seen,
}

/// State of the connection.
#[derive(Clone, Debug)]
pub(crate) enum Status {
    /// The inbox is read since that time. `again` says that the connection was lost before.
    Up {
        since: Instant,
        again: bool,
    },
    Down {
        since: Instant,
        why: Box<str>,
    },
    /// Serves what is under way, and takes no new requests.
    Closed,
}

/// Counts of faults.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Not signed by a key, or not readable.
    pub(crate) forged: AtomicU64,
    /// Seen before, or of a time too far away.
    pub(crate) stale: AtomicU64,
    /// Stored messages that the server has forgotten.
    lost: AtomicU64,
    /// Messages that became dead letters.
    dead: AtomicU64,
    dead_meter: Option<DeadMeter>,
    /// Dead letters that were too many.
    dropped_dead: AtomicU64,
    reconnects: AtomicU64,
    overruns: AtomicU64,
    /// Messages that were lost by overruns.
    overrun: AtomicU64,
}

impl Counters {
    /// Counts messages that the server had stored and has forgotten.
    pub(crate) fn count_lost(&self, lost: u64) {
        self.lost.fetch_add(lost, Ordering::Relaxed);
    }

    /// Counts a message that became a dead letter.
    pub(crate) fn bury(&self) {
        self.dead.fetch_add(1, Ordering::Relaxed);
        if let Some(meter) = &self.dead_meter {
            meter.buried();
        }
    }

    /// Counts dead letters of a name that were dropped, and logs the 1st, 2nd, 4th, 8th …
    pub(crate) fn drop_dead(&self, urn: &str, dropped: u64) {
        let so_far = self.dropped_dead.fetch_add(dropped, Ordering::Relaxed) + dropped;
        if so_far.is_power_of_two() {
            tracing::error!(
                target: "conclib::redis", urn, so_far,
                "dropped the oldest dead letter, as the name has too many: retry or drop them"
            );
        }
    }

    /// Counts a packet or a message that is not of a peer, and logs the 1st, 2nd, 4th, 8th …
    pub(crate) fn drop_forged(&self) {
        let so_far = self.forged.fetch_add(1, Ordering::Relaxed) + 1;
        if so_far.is_power_of_two() {
            tracing::warn!(target: "conclib::redis", so_far, "dropped a packet without a valid signature");
        }
    }

    /// Counts a packet that came twice or too late.
    pub(crate) fn drop_stale(&self, what: &str) {
        let so_far = self.stale.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::debug!(target: "conclib::redis", so_far, "dropped {what}");
    }
}

impl Endpoint {
    /// Connects to the server. The events are for [`run`].
    pub(crate) async fn connect(
        url: RedisUrl,
        key: Option<AuthKey>,
        messages: usize,
    ) -> Result<(Arc<Self>, Events), RedisError> {
        let key = match (key, &url.keyfile) {
            (Some(key), _) => Some(key),
            (None, Some(file)) => Some(AuthKey::from_file(file)?),
            (None, None) => AuthKey::from_env()?,
        };
        let (redis, events) = Redis::connect(&url, messages).await?;
        let prefix: Box<str> = url.prefix().into();
        let state = State {
            inbox: new_inbox(&prefix)?,
            pipes: HashMap::new(),
            opening: HashMap::new(),
            finding: HashMap::new(),
            listeners: HashMap::new(),
            farewells: Vec::new(),
            seen: Seen::default(),
        };
        let (since, why) = (Instant::now(), "not connected yet".into());
        let endpoint = Self {
            redis: Arc::new(redis),
            signer: Signer::new(key.as_ref()),
            prefix,
            served: OnceLock::new(),
            state: Mutex::new(state),
            status: watch::Sender::new(Status::Down { since, why }),
            counters: Counters {
                dead_meter: DeadMeter::of(&url.namespace),
                ..Counters::default()
            },
            url,
        };
        let inbox = endpoint.lock().inbox.clone();
        if let Err(error) = endpoint.redis.subscribe(&inbox).await {
            endpoint.redis.close().await;
            return Err(error);
        }
        let since = Instant::now();
        endpoint.status.send_replace(Status::Up {
            since,
            again: false,
        });
        Ok((Arc::new(endpoint), events))
    }

    /// Serves a system: its actors are found by their names. Only the first call has an effect.
    pub(crate) async fn serve(&self, served: Served) -> Result<(), RedisError> {
        match self.served.set(served) {
            Ok(()) => self.redis.subscribe(&self.find_channel()).await,
            Err(_) => Ok(()),
        }
    }

    pub(crate) fn served(&self) -> Option<&Served> {
        self.served.get()
    }

    /// Returns the outage, if the server is out of reach.
    pub(crate) fn outage(&self) -> Option<Outage> {
        match &*self.status.borrow() {
            Status::Down { since, why } => Some(Outage {
                lasted: since.elapsed(),
                why: why.clone(),
                cause: None,
            }),
            Status::Up { .. } | Status::Closed => None,
        }
    }

    pub(crate) fn stats(&self) -> RedisStats {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RedisStats {
            connected: matches!(*self.status.borrow(), Status::Up { .. }),
            peers: self.lock().pipes.len(),
            reconnects: count(&self.counters.reconnects),
            overruns: count(&self.counters.overruns),
            overrun_messages: count(&self.counters.overrun),
            forged: count(&self.counters.forged),
            by_second_key: self.signer.by_second(),
            stale: count(&self.counters.stale),
            lost: count(&self.counters.lost),
            dead_letters: count(&self.counters.dead),
            dropped_dead_letters: count(&self.counters.dropped_dead),
        }
    }

    /// Waits until the inbox is read; `None` if the endpoint is closed.
    pub(crate) async fn up(&self) -> Option<(Instant, bool)> {
        let mut status = self.status.subscribe();
        loop {
            match *status.borrow_and_update() {
                Status::Up { since, again } => return Some((since, again)),
                Status::Down { .. } => {}
                Status::Closed => return None,
            }
            if status.changed().await.is_err() {
                return None;
            }
        }
    }

    /// Ends all pipes and the connection.
    pub(crate) async fn close(&self) {
        let pipes: Vec<_> = self.lock().pipes.drain().map(|(_, pipe)| pipe).collect();
        for pipe in pipes {
            pipe.close().await;
        }
        self.disconnect().await;
    }

    /// Ends the connection, without a word to the peers.
    pub(crate) async fn disconnect(&self) {
        self.status.send_replace(Status::Closed);
        self.redis.close().await;
    }

    fn find_channel(&self) -> Arc<str> {
        format!("{}:find", self.prefix).into()
    }

    /// Returns the channel on which owners of mailboxes are searched.
    pub(crate) fn mail_channel(&self) -> Arc<str> {
        format!("{}:mail", self.prefix).into()
    }

    /// Tells the peers of broken pipes that these have ended.
    async fn say_farewells(self: Arc<Self>) {
        let farewells = std::mem::take(&mut self.lock().farewells);
        for (there, packet) in farewells {
            // A peer that is not there needs no word.
            let _ = self.redis.publish(there, packet).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the name of an inbox that nobody else has or guesses.
fn new_inbox(prefix: &str) -> Result<Arc<str>, RedisError> {
    let number = u128::from_be_bytes(random()?);
    Ok(format!("{prefix}:in:{number:032x}").into())
}
