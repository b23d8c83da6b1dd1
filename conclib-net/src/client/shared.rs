//! State that the callers of a client share with the task of its connection,
//! and the callers' part of it. The part of the task is in
//! [`task_side`](super::task_side).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use conclib_core::wire::{
    Answerer, CodecError, Envelope, Frame, FrameError, MAX_BODY, MAX_TIMEOUT, Outage, RequestId,
    SendRefused,
};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::doubt::Doubt;
use super::ids::Ids;
use super::outlet::ClientStats;
use super::room::Queue;
use super::streams::Flow;
use crate::id_map::IdMap;
use crate::limits::{CLIENT_WAITING, CLIENT_WINDOW};
use crate::outbox::Outbox;
use crate::shares::{Shares, Target};

pub(super) struct Shared {
    pub(super) ids: Ids,
    pub(super) state: Mutex<State>,
    /// Number of bytes of this connection that were handed to the operating
    /// system.
    pub(super) written: AtomicU64,
    /// Set when bytes come in.
    pub(super) heard: AtomicBool,
    pub(super) late: AtomicU64,
    pub(super) reconnects: AtomicU64,
    /// Tells the task of the connection that the client was closed.
    pub(super) closing: Notify,
    /// Tells the task that no data comes over the connection any more.
    pub(super) dead: Notify,
    /// Tells the task that a request ends before the next timer tick.
    pub(super) sooner: Notify,
}

/// State under the lock. Answerers and wakers are called after the lock is
/// released: they run foreign code, which may call back.
pub(super) struct State {
    pub(super) link: Link,
    pub(super) out: Outbox,
    /// Number of bytes that were put into `out` since the link is up.
    pub(super) pushed: u64,
    pub(super) waiting: IdMap<Waiting>,
    /// Slots of the requests in `waiting`, and those reserved for callers in
    /// `queue`.
    pub(super) shares: Shares,
    /// Open streams of replies.
    pub(super) streams: IdMap<Arc<Flow>>,
    /// Time of the next timer tick, no later than the deadline of any request.
    pub(super) next_look: Option<Instant>,
    /// Set while there is no connection.
    pub(super) down: Option<Down>,
    pub(super) doubt: Doubt,
    /// Id of the request that checks if the server is alive.
    pub(super) probe: Option<RequestId>,
    pub(super) queue: Queue,
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
    since: Instant,
    /// Reason, from the last attempt to connect.
    why: Box<str>,
}

pub(super) struct Waiting {
    pub(super) answerer: Answerer,
    target: Target,
    /// Deadline of the caller.
    pub(super) until: Instant,
    /// Timeout given by the caller.
    pub(super) timeout: Duration,
    /// Value of `pushed` after its frame: the server cannot have all of it
    /// before that many bytes were sent.
    pub(super) end: u64,
}

impl State {
    /// Notes that the connection is down, and the reason.
    pub(super) fn is_down(&mut self, why: &str) {
        let since = self
            .down
            .as_ref()
            .map_or_else(Instant::now, |down| down.since);
        let why = why.into();
        self.down = Some(Down { since, why });
    }

    /// Tests if a send to this target would not have to wait.
    pub(super) fn is_worth_a_try(&self, target: Target) -> bool {
        match self.link {
            Link::Up => self.has_room(target),
            Link::Leaving | Link::Down => false,
            Link::Closed => true,
        }
    }

    fn has_room(&self, target: Target) -> bool {
        self.out.waiting() < CLIENT_WAITING && self.shares.has_room(target)
    }

    /// Removes a request, and frees its slot.
    pub(super) fn remove(&mut self, id: RequestId) -> Option<Waiting> {
        let removed = self.waiting.remove(&id)?;
        self.shares.give_back(removed.target);
        Some(removed)
    }

    /// Removes all requests.
    pub(super) fn remove_all(&mut self) -> IdMap<Waiting> {
        for waiting in self.waiting.values() {
            self.shares.give_back(waiting.target);
        }
        std::mem::take(&mut self.waiting)
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
        if self.link == Link::Leaving && self.waiting.is_empty() && self.streams.is_empty() {
            self.out.seal();
        }
        self.out.waker()
    }
}

impl Shared {
    /// Creates the state for a connection that is up.
    pub(super) fn new(ids: Ids) -> Self {
        let state = State {
            link: Link::Up,
            out: Outbox::default(),
            pushed: 0,
            waiting: IdMap::default(),
            shares: Shares::new(CLIENT_WINDOW),
            streams: IdMap::default(),
            next_look: None,
            down: None,
            doubt: Doubt::default(),
            probe: None,
            queue: Queue::default(),
        };
        Self {
            ids,
            state: Mutex::new(state),
            written: AtomicU64::new(0),
            heard: AtomicBool::new(false),
            late: AtomicU64::new(0),
            reconnects: AtomicU64::new(0),
            closing: Notify::new(),
            dead: Notify::new(),
            sooner: Notify::new(),
        }
    }

    pub(super) fn send(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
    ) -> Result<(), (SendRefused, Answerer)> {
        let timeout = envelope.timeout;
        let until = Instant::now() + timeout.min(MAX_TIMEOUT);
        let target = Target::of(envelope.to);
        let (replaced, writer, sooner) = {
            let mut state = self.lock();
            match state.link {
                Link::Closed => return Err((SendRefused::Closed, answerer)),
                Link::Up if state.has_room(target) => {}
                _ => return Err((SendRefused::Busy, answerer)),
            }
            match state.out.push(&Frame::Request(*envelope)) {
                Ok(bytes) => state.pushed += bytes as u64,
                Err(error) => {
                    return Err((SendRefused::Codec(unsendable(error, envelope)), answerer));
                }
            }
            let waiting = Waiting {
                answerer,
                target,
                until,
                timeout,
                end: state.pushed,
            };
            let replaced = state.remove(envelope.id);
            state.shares.take(target);
            state.waiting.insert(envelope.id, waiting);
            let sooner = state.next_look.is_none_or(|next| until < next);
            if sooner {
                state.next_look = Some(until);
            }
            (replaced, state.out.waker(), sooner)
        };
        if sooner {
            self.sooner.notify_one();
        }
        writer.into_iter().for_each(Waker::wake);
        drop(replaced);
        Ok(())
    }

    /// Forgets a request, and tells the server to skip it.
    pub(super) fn cancel(&self, id: RequestId) {
        let (gone, askers, writer) = {
            let mut state = self.lock();
            let Some(gone) = state.remove(id) else {
                return;
            };
            if matches!(state.link, Link::Up | Link::Leaving) {
                // A cancel frame has no names and no body, so it always fits.
                state.pushed += state.out.push(&Frame::Cancel(id)).unwrap_or(0) as u64;
            }
            (gone, state.admit(), state.seal_if_done())
        };
        askers.into_iter().chain(writer).for_each(Waker::wake);
        drop(gone);
    }

    /// Tells the server which further actors wait for the answer to a request.
    pub(super) fn waits(&self, id: RequestId, chain: &[u8]) {
        let writer = {
            let mut state = self.lock();
            let is_up = matches!(state.link, Link::Up | Link::Leaving);
            if !is_up || !state.waiting.contains_key(&id) {
                return;
            }
            // A chain that does not fit is not sent: the request still has its
            // deadline.
            state.pushed += state.out.push(&Frame::Waits { id, chain }).unwrap_or(0) as u64;
            state.out.waker()
        };
        writer.into_iter().for_each(Waker::wake);
    }

    /// Accepts no more requests; queued ones are still sent.
    pub(super) fn close(&self) {
        let (askers, writer) = {
            let mut state = self.lock();
            state.link = Link::Closed;
            state.out.seal();
            (state.queue.take_all(), state.out.waker())
        };
        askers.into_iter().chain(writer).for_each(Waker::wake);
        self.closing.notify_one();
    }

    pub(super) fn outage(&self) -> Option<Outage> {
        let state = self.lock();
        state.down.as_ref().map(|down| Outage {
            lasted: down.since.elapsed(),
            why: down.why.clone(),
        })
    }

    /// Notes that an attempt to connect has failed.
    pub(super) fn not_back(&self, why: &str) {
        self.lock().is_down(why);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().link == Link::Closed
    }

    pub(super) fn stats(&self) -> ClientStats {
        let (link, in_flight) = {
            let state = self.lock();
            (state.link, state.waiting.len())
        };
        ClientStats {
            connected: link == Link::Up,
            in_flight,
            late: self.late.load(Ordering::Relaxed),
            reconnects: self.reconnects.load(Ordering::Relaxed),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unsendable(error: FrameError, envelope: &Envelope<'_>) -> CodecError {
    match error {
        FrameError::TooLarge { .. } => CodecError::TooLarge { limit: MAX_BODY },
        error => CodecError::Unencodable {
            codec: envelope.codec,
            detail: error.to_string(),
        },
    }
}
