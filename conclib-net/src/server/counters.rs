//! Counts of a broker.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of a [`LocalBroker`](crate::LocalBroker) so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrokerStats {
    /// Connections that are open now.
    pub connections: u64,
    /// Connections that were let in, ever.
    pub admitted: u64,
    /// Peers that had the wrong authkey or none.
    pub wrong_key: u64,
    /// Peers that were refused for another reason, did not finish their
    /// handshake, or spoke another protocol.
    pub turned_away: u64,
    /// Connections that were closed because of an invalid frame, or because the
    /// peer did not read its answers.
    pub thrown_out: u64,
}

#[derive(Default)]
pub(super) struct Counters {
    pub(super) connections: Counter,
    pub(super) admitted: Counter,
    pub(super) wrong_key: Counter,
    pub(super) turned_away: Counter,
    pub(super) thrown_out: Counter,
    /// Connections that could not be accepted.
    pub(super) not_accepted: Counter,
}

impl Counters {
    pub(super) fn stats(&self) -> BrokerStats {
        BrokerStats {
            connections: self.connections.value(),
            admitted: self.admitted.value(),
            wrong_key: self.wrong_key.value(),
            turned_away: self.turned_away.value(),
            thrown_out: self.thrown_out.value(),
        }
    }
}

#[derive(Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    /// Counts one more, and returns the total if it should be logged: at powers
    /// of two, so that a flood of bad peers causes no flood of warnings.
    pub(super) fn up(&self) -> Option<u64> {
        let now = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        now.is_power_of_two().then_some(now)
    }

    pub(super) fn down(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
