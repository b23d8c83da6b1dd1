//! State of a session under its lock.

use std::error::Error;
use std::sync::Arc;
use std::task::Waker;

use conclib_core::wire::{Frame, Origin, Outage, RequestId};
use tokio::time::Instant;

use super::limits::LinkLimits;
use super::outbox::Outbox;
use super::pending::Pending;
use super::references::References;
use super::served::Served;
use super::shares::Target;

/// Number of bytes below which a write makes room for no other work: no limit on
/// unwritten bytes is lower.
const LOW: usize = 16 * 1024;

/// State under the lock: what this end asks, what it serves, and the frames
/// that leave for both.
///
/// Answerers, cancellations and wakers are called after the lock is released:
/// they run foreign code, which may call back.
pub(super) struct State {
    pub(super) limits: LinkLimits,
    /// Peer, as the origin of its messages.
    pub(super) origin: Arc<Origin>,
    pub(super) link: Connection,
    pub(super) out: Outbox,
    pub(super) pending: Pending,
    pub(super) served: Served,
    pub(super) references: References,
    /// Time of the next timer tick, no later than the deadline of any request
    /// in either direction.
    pub(super) next_tick: Option<Instant>,
    /// Set when `next_tick` was made earlier, until the timer is told.
    pub(super) is_earlier: bool,
    /// Number of reads that had brought bytes at the last timer tick.
    pub(super) reads: u64,
    /// Set while there is no connection.
    pub(super) down: Option<Down>,
    /// Waker of the task that drives the session.
    pub(super) driver: Option<Waker>,
}

/// Connection of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Connection {
    Up,
    /// The peer takes no new requests. Answers to earlier ones still come.
    Leaving,
    Down,
    /// The session is closed for ever.
    Closed,
}

/// Interval without a connection.
pub(super) struct Down {
    pub(super) since: Instant,
    /// Reason, from the last attempt to connect.
    pub(super) why: Box<str>,
    /// Error of that attempt. `None` before the first one.
    pub(super) cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl State {
    /// Creates the state of a connection that is up.
    pub(super) fn new(limits: LinkLimits, origin: Origin) -> Self {
        Self {
            origin: Arc::new(origin),
            limits,
            link: Connection::Up,
            out: Outbox::default(),
            pending: Pending::new(&limits),
            served: Served::new(&limits),
            references: References::default(),
            next_tick: None,
            is_earlier: false,
            reads: 0,
            down: None,
            driver: None,
        }
    }

    /// Notes that the connection is down, the reason, and the error of the attempt to connect.
    pub(super) fn set_down(&mut self, why: &str, cause: Option<Arc<dyn Error + Send + Sync>>) {
        let since = self
            .down
            .as_ref()
            .map_or_else(Instant::now, |down| down.since);
        let why = why.into();
        self.down = Some(Down { since, why, cause });
    }

    /// Returns the outage that lasts now.
    pub(super) fn outage(&self) -> Option<Outage> {
        self.down.as_ref().map(|down| Outage {
            lasted: down.since.elapsed(),
            why: down.why.clone(),
            cause: down.cause.clone(),
        })
    }

    /// Tests if a send to this target would not have to wait.
    pub(super) fn is_sendable(&self, target: Target) -> bool {
        match self.link {
            Connection::Up => self.has_slot(target),
            Connection::Leaving | Connection::Down => false,
            Connection::Closed => true,
        }
    }

    pub(super) fn has_slot(&self, target: Target) -> bool {
        !self.is_full() && self.pending.shares.has_room(target)
    }

    /// Tests if too many bytes wait to be written.
    pub(super) fn is_full(&self) -> bool {
        self.out.waiting() >= self.limits.waiting
    }

    /// Tests if an answer of `len` bytes would leave too many unwritten.
    pub(super) fn is_overfull(&self, len: usize) -> bool {
        self.out.waiting() + len > self.limits.stalled / 16 * 15
    }

    /// Tests if nothing is to be read from the peer until it reads.
    ///
    /// An end that waits for answers of its peer always reads: two ends that
    /// both paused would wait for each other.
    pub(super) fn is_paused(&self) -> bool {
        self.is_full() && self.pending.expects_nothing()
    }

    /// Sends a frame without names and without a body, or with a short body of
    /// this crate: such a frame always fits.
    pub(super) fn send_short(&mut self, frame: &Frame<'_>) {
        // Only a frame that is too large is an error.
        let _ = self.out.push(frame, None);
    }

    /// Plans a timer tick at that time at the latest.
    pub(super) fn plan(&mut self, until: Instant) {
        if self.next_tick.is_none_or(|next| until < next) {
            self.next_tick = Some(until);
            self.is_earlier = true;
        }
    }

    /// Reserves the free slots for waiting callers, and returns their wakers.
    #[inline]
    pub(super) fn admit(&mut self) -> Vec<Waker> {
        if self.pending.queue.is_empty() {
            return Vec::new();
        }
        self.admit_queued()
    }

    fn admit_queued(&mut self) -> Vec<Waker> {
        let mut admitted = Vec::new();
        if self.link != Connection::Up || self.is_full() {
            return admitted;
        }
        let Pending { queue, shares, .. } = &mut self.pending;
        while let Some((target, waker)) = queue.pop(|target| shares.has_room(target)) {
            shares.take(target);
            admitted.push(waker);
        }
        admitted
    }

    /// Ends a connection on which nothing more is to come or to go.
    pub(super) fn seal_if_done(&mut self) {
        if self.link == Connection::Leaving && self.pending.is_done() && self.served.is_done() {
            self.out.seal();
        }
    }

    /// Tests if the writer has to look at the outbox: for more bytes, or since
    /// others may wait until those that it took are written.
    pub(super) fn wants_writer(&self) -> bool {
        let limits = self.limits;
        self.out.has_work() || self.out.taken() >= LOW.min(limits.waiting).min(limits.stalled)
    }

    /// Tests if a request of the peer, or its stream, has that id.
    pub(super) fn serves(&self, id: RequestId) -> bool {
        self.served.contains(id)
    }
}
