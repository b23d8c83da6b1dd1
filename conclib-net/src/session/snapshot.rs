//! State of a session at one moment.

use conclib_core::wire::{Link, LinkSnapshot, Outage};

use super::inner::SessionInner;
use super::state::Connection;
use crate::sync::atomic::Ordering;

/// Current state of a session, and its counts so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionStats {
    /// True if requests can be sent now.
    pub connected: bool,
    /// Requests of this end that are under way.
    pub in_flight: usize,
    /// Requests of the peer that actors of this process have.
    pub serving: usize,
    /// Open streams of replies, in both directions.
    pub streams: usize,
    /// Bytes that wait to be written.
    pub unwritten: usize,
    /// Number of answers without a request that waits for them: late, repeated,
    /// or invented.
    pub late: u64,
    /// Number of times that the connection was lost and made again.
    pub reconnects: u64,
}

impl SessionInner {
    pub(super) fn stats(&self) -> SessionStats {
        let state = self.lock();
        SessionStats {
            connected: state.link == Connection::Up,
            in_flight: state.pending.len(),
            serving: state.served.len(),
            streams: state.pending.streams.len() + state.served.streams.len(),
            unwritten: state.out.unwritten(self.written()),
            late: self.late.load(Ordering::Relaxed),
            reconnects: self.reconnects.load(Ordering::Relaxed),
        }
    }
}

impl Link for SessionInner {
    fn snapshot(&self) -> LinkSnapshot {
        let mut snapshot = LinkSnapshot::default();
        snapshot.imported = self.imported.load(Ordering::Relaxed);
        snapshot.late = self.late.load(Ordering::Relaxed);
        snapshot.reconnects = self.reconnects.load(Ordering::Relaxed);
        let state = self.lock();
        snapshot.peer = state.origin.to_string();
        snapshot.connected = state.link == Connection::Up;
        snapshot.pending = state.pending.len();
        snapshot.serving = state.served.len();
        snapshot.streams = state.pending.streams.len() + state.served.streams.len();
        snapshot.exported = state.references.exported();
        snapshot.unwritten = state.out.waiting();
        snapshot.outage = state.outage().map(|outage| Outage {
            cause: None,
            ..outage
        });
        snapshot
    }
}
