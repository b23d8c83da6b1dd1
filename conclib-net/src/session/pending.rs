//! Requests of this end that wait for their answers.

use std::sync::Arc;
use std::time::Duration;

use conclib_core::wire::{Answerer, Codec, RequestId};
use tokio::time::Instant;

use super::id_map::IdMap;
use super::limits::LinkLimits;
use super::liveness::Liveness;
use super::outbox::Position;
use super::shares::{Shares, Target};
use super::stream_buffer::StreamBuffer;
use super::wait_queue::WaitQueue;

/// Requests of this end, under the lock of the session.
pub(super) struct Pending {
    requests: IdMap<PendingRequest>,
    /// Slots of the requests, and those reserved for callers in `queue`.
    pub(super) shares: Shares,
    pub(super) queue: WaitQueue,
    /// Open streams of replies.
    pub(super) streams: IdMap<Arc<StreamBuffer>>,
    pub(super) liveness: Liveness,
    /// Id of the request that checks if the peer is alive.
    pub(super) probe: Option<RequestId>,
    /// Number of requests sent since the link is up that no answer has come for.
    /// Includes those that were given up, which may still be answered.
    unanswered: u64,
    /// Set once the peer has begun a stream.
    pub(super) had_stream: bool,
    /// Set once the peer has said that it takes no new requests.
    pub(super) has_goodbye: bool,
}

pub(super) struct PendingRequest {
    pub(super) answerer: Answerer,
    pub(super) target: Target,
    /// Deadline of the caller.
    pub(super) until: Instant,
    /// Timeout given by the caller.
    pub(super) timeout: Duration,
    pub(super) position: Position,
}

impl Pending {
    pub(super) fn new(limits: &LinkLimits) -> Self {
        Self {
            requests: IdMap::default(),
            shares: Shares::new(limits.window),
            queue: WaitQueue::default(),
            streams: IdMap::default(),
            liveness: Liveness::default(),
            probe: None,
            unanswered: 0,
            had_stream: false,
            has_goodbye: false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    /// Tests if the peer has nothing to send for the requests of this connection, not even for
    /// those that were given up: their answers and items may fill the connection.
    pub(super) fn expects_nothing(&self) -> bool {
        self.requests.is_empty() && self.unanswered == 0 && !self.had_stream
    }

    /// Tests if no answer and no item is to come.
    pub(super) fn is_done(&self) -> bool {
        self.requests.is_empty() && self.streams.is_empty()
    }

    pub(super) fn contains(&self, id: RequestId) -> bool {
        self.requests.contains_key(&id)
    }

    /// Adds a request, and returns the one that had its id.
    #[must_use]
    pub(super) fn insert(
        &mut self,
        id: RequestId,
        request: PendingRequest,
    ) -> Option<PendingRequest> {
        let replaced = self.remove(id);
        self.unanswered += 1;
        self.shares.take(request.target);
        self.requests.insert(id, request);
        replaced
    }

    /// Removes a request, and frees its slot.
    pub(super) fn remove(&mut self, id: RequestId) -> Option<PendingRequest> {
        let removed = self.requests.remove(&id)?;
        self.shares.give_back(removed.target);
        Some(removed)
    }

    /// Counts the request that checks the peer.
    pub(super) fn probed(&mut self, id: RequestId) {
        self.probe = Some(id);
        self.unanswered += 1;
    }

    /// Counts an answer. False if the peer has sent more answers than it got
    /// requests.
    #[must_use]
    pub(super) fn count_answer(&mut self) -> bool {
        match self.unanswered.checked_sub(1) {
            Some(left) => {
                self.unanswered = left;
                true
            }
            None => false,
        }
    }

    /// Removes the requests whose deadline has passed.
    pub(super) fn remove_late(&mut self, now: Instant) -> Vec<(RequestId, PendingRequest)> {
        let Self {
            requests, shares, ..
        } = self;
        let late: Vec<_> = requests
            .extract_if(|_, request| request.until <= now)
            .collect();
        for (_, request) in &late {
            shares.give_back(request.target);
        }
        late
    }

    /// Removes all requests, as no answer comes any more.
    pub(super) fn remove_all(&mut self) -> IdMap<PendingRequest> {
        self.liveness = Liveness::default();
        self.probe = None;
        self.unanswered = 0;
        self.had_stream = false;
        self.has_goodbye = false;
        for request in self.requests.values() {
            self.shares.give_back(request.target);
        }
        std::mem::take(&mut self.requests)
    }

    /// Returns the earliest deadline, or the time of the next check of the peer.
    pub(super) fn earliest(&self) -> Option<Instant> {
        let deadlines = self.requests.values().map(|request| request.until);
        deadlines.chain(self.liveness.until()).min()
    }

    /// Opens the buffer for the items of a stream.
    pub(super) fn open_stream(&mut self, id: RequestId, codec: Codec) -> Arc<StreamBuffer> {
        self.had_stream = true;
        let buffer = Arc::new(StreamBuffer::new(codec));
        self.streams.insert(id, buffer.clone());
        buffer
    }
}
