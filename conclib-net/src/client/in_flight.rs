//! Requests of a client that are in flight, and the rest of the state under the
//! lock of its [`Session`](super::session::Session).

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use conclib_core::wire::{Answerer, RequestId};
use tokio::time::Instant;

use super::liveness::Liveness;
use super::stream_buffer::StreamBuffer;
use super::wait_queue::WaitQueue;
use crate::id_map::IdMap;
use crate::limits::{CLIENT_WAITING, CLIENT_WINDOW};
use crate::outbox::Outbox;
use crate::shares::{Shares, Target};

/// State under the lock. Answerers and wakers are called after the lock is
/// released: they run foreign code, which may call back.
pub(super) struct InFlight {
    pub(super) link: Link,
    pub(super) out: Outbox,
    /// Number of bytes that were put into `out` since the link is up.
    pub(super) pushed: u64,
    pub(super) pending: IdMap<PendingRequest>,
    /// Slots of the requests in `pending`, and those reserved for callers in
    /// `queue`.
    pub(super) shares: Shares,
    /// Open streams of replies.
    pub(super) streams: IdMap<Arc<StreamBuffer>>,
    /// Time of the next timer tick, no later than the deadline of any request.
    pub(super) next_tick: Option<Instant>,
    /// Set while there is no connection.
    pub(super) down: Option<Down>,
    pub(super) liveness: Liveness,
    /// Id of the request that checks if the server is alive.
    pub(super) probe: Option<RequestId>,
    pub(super) queue: WaitQueue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    Up,
    /// The server takes no new requests. Answers to earlier ones still come.
    Leaving,
    Down,
    /// The client is closed for ever.
    Closed,
}

/// Interval without a connection.
pub(super) struct Down {
    pub(super) since: Instant,
    /// Reason, from the last attempt to connect.
    pub(super) why: Box<str>,
}

pub(super) struct PendingRequest {
    pub(super) answerer: Answerer,
    pub(super) target: Target,
    /// Deadline of the caller.
    pub(super) until: Instant,
    /// Timeout given by the caller.
    pub(super) timeout: Duration,
    /// Value of `pushed` after its frame: the server cannot have all of it
    /// before that many bytes were sent.
    pub(super) end: u64,
}

impl InFlight {
    /// Creates the state of a connection that is up.
    pub(super) fn new() -> Self {
        Self {
            link: Link::Up,
            out: Outbox::default(),
            pushed: 0,
            pending: IdMap::default(),
            shares: Shares::new(CLIENT_WINDOW),
            streams: IdMap::default(),
            next_tick: None,
            down: None,
            liveness: Liveness::default(),
            probe: None,
            queue: WaitQueue::default(),
        }
    }

    /// Notes that the connection is down, and the reason.
    pub(super) fn set_down(&mut self, why: &str) {
        let since = self
            .down
            .as_ref()
            .map_or_else(Instant::now, |down| down.since);
        let why = why.into();
        self.down = Some(Down { since, why });
    }

    /// Tests if a send to this target would not have to wait.
    pub(super) fn is_sendable(&self, target: Target) -> bool {
        match self.link {
            Link::Up => self.has_room(target),
            Link::Leaving | Link::Down => false,
            Link::Closed => true,
        }
    }

    pub(super) fn has_room(&self, target: Target) -> bool {
        self.out.waiting() < CLIENT_WAITING && self.shares.has_room(target)
    }

    /// Removes a request, and frees its slot.
    pub(super) fn remove(&mut self, id: RequestId) -> Option<PendingRequest> {
        let removed = self.pending.remove(&id)?;
        self.shares.give_back(removed.target);
        Some(removed)
    }

    /// Removes all requests.
    pub(super) fn remove_all(&mut self) -> IdMap<PendingRequest> {
        for waiting in self.pending.values() {
            self.shares.give_back(waiting.target);
        }
        std::mem::take(&mut self.pending)
    }

    /// Reserves the free slots for waiting callers, and returns their wakers,
    /// to be called outside of the lock.
    #[must_use]
    pub(super) fn admit(&mut self) -> Vec<Waker> {
        let mut admitted = Vec::new();
        if self.queue.is_empty() || self.link != Link::Up || self.out.waiting() >= CLIENT_WAITING {
            return admitted;
        }
        let Self { queue, shares, .. } = self;
        while let Some((target, waker)) = queue.pop(|target| shares.has_room(target)) {
            shares.take(target);
            admitted.push(waker);
        }
        admitted
    }

    /// Ends a connection on which nothing more is to come. Returns the waker of
    /// its writer.
    #[must_use]
    pub(super) fn seal_if_done(&mut self) -> Option<Waker> {
        if self.link == Link::Leaving && self.pending.is_empty() && self.streams.is_empty() {
            self.out.seal();
        }
        self.out.waker()
    }
}
