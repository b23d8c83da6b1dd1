//! State that all connections of one broker share.

use std::sync::Arc;

use conclib_core::wire::{Inlet, Origin};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::counters::Counters;
use super::limits::BrokerLimits;
use crate::AuthKey;
use crate::handshake::{AdmitError, Refusal};

/// Stage in the life of a broker; it only moves forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Serving,
    /// No new clients, no new requests; answers are still sent.
    Refusing,
    /// Finished answers are sent, and then all clients are disconnected.
    Closing,
}

/// State that all connections of one broker share.
pub(super) struct ServerContext {
    pub(super) key: Option<AuthKey>,
    pub(super) inlet: Inlet,
    /// Address of the broker.
    pub(super) url: Box<str>,
    pub(super) limits: BrokerLimits,
    pub(super) counters: Arc<Counters>,
    /// Permits, one for each open connection.
    pub(super) slots: Arc<Semaphore>,
}

impl ServerContext {
    /// Reserves the slot of a connection.
    pub(super) fn slot(&self, phases: &watch::Receiver<Phase>) -> Result<ConnectionSlot, Refusal> {
        if *phases.borrow() != Phase::Serving {
            return Err(Refusal::Leaving);
        }
        let permit = self
            .slots
            .clone()
            .try_acquire_owned()
            .map_err(|_| Refusal::Full)?;
        self.counters.admitted.up();
        self.counters.connections.up();
        Ok(ConnectionSlot {
            counters: self.counters.clone(),
            _permit: permit,
        })
    }

    /// Counts and logs a client that was not accepted.
    pub(super) fn turned_away(&self, turned: &AdmitError, origin: &Origin) {
        let wrong_key = matches!(
            turned,
            AdmitError::Refused(Refusal::WrongKey | Refusal::KeyNeeded)
        );
        let count = if wrong_key {
            &self.counters.wrong_key
        } else {
            &self.counters.turned_away
        };
        match count.up() {
            Some(so_far) if !matches!(turned, AdmitError::Io(_) | AdmitError::Evicted) => {
                tracing::warn!(target: "conclib::net", %origin, so_far, "client refused: {turned}");
            }
            _ => tracing::debug!(target: "conclib::net", %origin, "client refused: {turned}"),
        }
    }
}

/// Slot among the connections of a broker.
pub(super) struct ConnectionSlot {
    counters: Arc<Counters>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.counters.connections.down();
    }
}
