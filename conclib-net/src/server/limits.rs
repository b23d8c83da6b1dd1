//! Limits of a broker for all its clients together.

use std::time::Duration;

use crate::session::LinkLimits;

/// Limits of a broker. Tests make them smaller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BrokerLimits {
    /// Duration of a handshake, from the first byte to the last.
    pub(crate) handshake: Duration,
    /// Number of handshakes under way; one more ends another: see
    /// `server/handshakes.rs`.
    pub(crate) handshakes: usize,
    /// Number of open connections; one more is refused.
    pub(crate) connections: usize,
    /// Limits of each connection.
    pub(crate) link: LinkLimits,
}

impl Default for BrokerLimits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(5),
            handshakes: 256,
            connections: 1024,
            link: LinkLimits::default(),
        }
    }
}
