//! Outage of a connection.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Outage: a time without a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// Time that the outage has lasted.
    pub lasted: Duration,
    /// Reason: the error of the last try to connect, or of the loss of the
    /// connection.
    pub why: Box<str>,
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no connection for {:.1?} ({})", self.lasted, self.why)
    }
}
