//! Session of a client: the state that its callers share with the task of its
//! connection, and the operations of the callers. The task reports to the
//! session in [`events`](super::events).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use conclib_core::wire::{
    Answerer, CodecError, Envelope, Frame, FrameError, MAX_BODY, MAX_TIMEOUT, Outage, RequestId,
    SendRefused,
};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::ids::Ids;
use super::in_flight::{InFlight, Link, PendingRequest};
use super::stats::ClientStats;
use crate::shares::Target;

/// State that the callers of a client share with the task of its connection.
pub(super) struct Session {
    pub(super) ids: Ids,
    pub(super) state: Mutex<InFlight>,
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
    pub(super) earlier: Notify,
}

impl Session {
    /// Creates the state for a connection that is up.
    pub(super) fn new(ids: Ids) -> Self {
        let state = InFlight::new();
        Self {
            ids,
            state: Mutex::new(state),
            written: AtomicU64::new(0),
            heard: AtomicBool::new(false),
            late: AtomicU64::new(0),
            reconnects: AtomicU64::new(0),
            closing: Notify::new(),
            dead: Notify::new(),
            earlier: Notify::new(),
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
        let (replaced, writer, is_earlier) = {
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
            let waiting = PendingRequest {
                answerer,
                target,
                until,
                timeout,
                end: state.pushed,
            };
            let replaced = state.remove(envelope.id);
            state.shares.take(target);
            state.pending.insert(envelope.id, waiting);
            let is_earlier = state.next_tick.is_none_or(|next| until < next);
            if is_earlier {
                state.next_tick = Some(until);
            }
            (replaced, state.out.waker(), is_earlier)
        };
        if is_earlier {
            self.earlier.notify_one();
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
            if !is_up || !state.pending.contains_key(&id) {
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
    pub(super) fn connect_failed(&self, why: &str) {
        self.lock().set_down(why);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().link == Link::Closed
    }

    pub(super) fn stats(&self) -> ClientStats {
        let (link, in_flight) = {
            let state = self.lock();
            (state.link, state.pending.len())
        };
        ClientStats {
            connected: link == Link::Up,
            in_flight,
            late: self.late.load(Ordering::Relaxed),
            reconnects: self.reconnects.load(Ordering::Relaxed),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, InFlight> {
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
