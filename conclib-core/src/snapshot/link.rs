//! State of a link to another process at one moment.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde::{Deserialize, Serialize};

use crate::error::Outage;

/// Snapshot of a link to another process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LinkSnapshot {
    /// Name of the peer, as in `Context::origin`.
    pub peer: String,
    /// True while there is a connection.
    pub connected: bool,
    /// Requests of this end that wait for their answers.
    pub pending: usize,
    /// Requests of the peer that actors of the system have, also those that were given up.
    pub serving: usize,
    /// Open streams of replies, in both directions.
    pub streams: usize,
    /// References to actors of this end that the peer holds.
    pub exported: usize,
    /// References to actors of the peer that this end holds.
    pub imported: usize,
    /// Bytes that wait to be written.
    pub unwritten: usize,
    /// Number of answers that nobody waited for any more: late, repeated or invented ones.
    pub late: u64,
    /// Number of times that the connection was lost and made again.
    pub reconnects: u64,
    /// Outage that lasts at the moment of the snapshot: its time so far, and its reason. Also while a
    /// peer that is about to leave takes no new requests.
    pub outage: Option<Outage>,
}

/// Link to another process that serves a system and shows its state in the system's snapshot.
pub trait Link: Send + Sync + 'static {
    /// Returns the state of the link.
    fn snapshot(&self) -> LinkSnapshot;
}

/// Links of a system, while they exist.
#[derive(Default)]
pub(crate) struct Links(Mutex<Vec<Weak<dyn Link>>>);

impl Links {
    pub(crate) fn add(&self, link: Weak<dyn Link>) {
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|link| link.strong_count() > 0);
        links.push(link);
    }

    pub(crate) fn snapshot(&self) -> Vec<LinkSnapshot> {
        let links: Vec<Arc<_>> = {
            let links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            links.iter().filter_map(Weak::upgrade).collect()
        };
        // A link may end with the handle that is dropped here, so the lock is free.
        links.iter().map(|link| link.snapshot()).collect()
    }
}
