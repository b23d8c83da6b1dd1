//! Requests of the peer that actors of this process have.

use std::time::Duration;

use conclib_core::wire::{Cancellation, Codec, RequestId};
use tokio::time::Instant;

use super::id_map::IdMap;
use super::limits::LinkLimits;
use super::open_streams::OpenStreams;
use super::shares::{Shares, Target};

/// Requests of the peer, under the lock of the session.
pub(super) struct Served {
    /// Requests that their actors still have.
    live: IdMap<ServedRequest>,
    /// Slots of the requests that wait for an answer.
    waited: Shares,
    /// Slots of the requests that were given up.
    abandoned: Shares,
    /// Requests that are being answered by a stream.
    pub(super) streams: OpenStreams,
    /// Set once the peer was told to send no new requests.
    pub(super) is_refusing: bool,
}

struct ServedRequest {
    target: Target,
    stage: Stage,
}

enum Stage {
    Waiting(WaitingRequest),
    /// The caller has left, or got an early answer. The actor still has the
    /// request.
    Abandoned,
}

pub(super) struct WaitingRequest {
    pub(super) cancellation: Cancellation,
    pub(super) codec: Codec,
    /// Deadline of the caller.
    pub(super) until: Instant,
    /// Timeout given by the caller.
    pub(super) timeout: Duration,
}

impl Served {
    pub(super) fn new(limits: &LinkLimits) -> Self {
        Self {
            live: IdMap::default(),
            waited: Shares::new(limits.window),
            abandoned: Shares::new(limits.abandoned),
            streams: OpenStreams::default(),
            is_refusing: false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.live.len()
    }

    /// Tests if nothing more is to be answered.
    pub(super) fn is_done(&self) -> bool {
        self.live.is_empty() && self.streams.is_empty()
    }

    pub(super) fn contains(&self, id: RequestId) -> bool {
        self.streams.contains(id) || self.live.contains_key(&id)
    }

    pub(super) fn has_slot(&self, target: Target) -> bool {
        self.waited.has_room(target) && self.abandoned.has_room(target)
    }

    /// Adds a request that is about to be delivered: its answer may come before
    /// the delivery returns.
    pub(super) fn begin(&mut self, id: RequestId, target: Target, waiting: WaitingRequest) {
        self.waited.take(target);
        let stage = Stage::Waiting(waiting);
        self.live.insert(id, ServedRequest { target, stage });
    }

    pub(super) fn waiting(&self, id: RequestId) -> Option<&WaitingRequest> {
        match &self.live.get(&id)?.stage {
            Stage::Waiting(waiting) => Some(waiting),
            Stage::Abandoned => None,
        }
    }

    /// Frees the slot of a request whose caller no longer waits. Its actor may
    /// keep it for any time.
    pub(super) fn abandon(&mut self, id: RequestId) -> Option<WaitingRequest> {
        let live = self.live.get_mut(&id)?;
        let Stage::Waiting(_) = live.stage else {
            return None;
        };
        self.waited.give_back(live.target);
        self.abandoned.take(live.target);
        match std::mem::replace(&mut live.stage, Stage::Abandoned) {
            Stage::Waiting(waiting) => Some(waiting),
            Stage::Abandoned => None,
        }
    }

    /// Gives up the requests whose deadline has passed.
    pub(super) fn abandon_late(&mut self, now: Instant) -> Vec<(RequestId, WaitingRequest)> {
        self.abandon_if(|waiting| waiting.until <= now)
    }

    /// Gives up all requests whose callers wait.
    pub(super) fn abandon_all(&mut self) -> Vec<(RequestId, WaitingRequest)> {
        self.abandon_if(|_| true)
    }

    fn abandon_if(
        &mut self,
        is_meant: impl Fn(&WaitingRequest) -> bool,
    ) -> Vec<(RequestId, WaitingRequest)> {
        let meant = self.live.iter().filter_map(|(id, live)| match &live.stage {
            Stage::Waiting(waiting) if is_meant(waiting) => Some(*id),
            _ => None,
        });
        let meant: Vec<_> = meant.collect();
        let abandoned = meant.into_iter().map(|id| Some((id, self.abandon(id)?)));
        abandoned.flatten().collect()
    }

    /// Returns the earliest deadline of the requests that wait.
    pub(super) fn earliest(&self) -> Option<Instant> {
        let deadlines = self.live.values().filter_map(|live| match &live.stage {
            Stage::Waiting(waiting) => Some(waiting.until),
            Stage::Abandoned => None,
        });
        deadlines.min()
    }

    /// Removes a request that its actor has finished, and says if its answer is
    /// still wanted. `None` if the connection has ended.
    pub(super) fn done(&mut self, id: RequestId) -> Option<bool> {
        let live = self.live.remove(&id)?;
        let is_wanted = !matches!(live.stage, Stage::Abandoned);
        match is_wanted {
            true => self.waited.give_back(live.target),
            false => self.abandoned.give_back(live.target),
        }
        Some(is_wanted)
    }

    /// Removes all requests, and returns those that wait.
    pub(super) fn remove_all(&mut self) -> (Vec<WaitingRequest>, OpenStreams) {
        for live in self.live.values() {
            match live.stage {
                Stage::Abandoned => self.abandoned.give_back(live.target),
                Stage::Waiting(_) => self.waited.give_back(live.target),
            }
        }
        let live = std::mem::take(&mut self.live).into_values();
        let waiting = live.filter_map(|live| match live.stage {
            Stage::Waiting(waiting) => Some(waiting),
            Stage::Abandoned => None,
        });
        (waiting.collect(), std::mem::take(&mut self.streams))
    }
}

#[cfg(all(test, shuttle))]
impl Served {
    /// Numbers of slots that are not free.
    pub(super) fn taken(&self) -> [usize; 2] {
        [self.waited.taken(), self.abandoned.taken()]
    }
}
