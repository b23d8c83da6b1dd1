//! Statement about the handler of a request that got no reply.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Delivery state of a request that got no reply: decides if the request can be sent again without
/// running its handler twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Delivery {
    /// The handler has not run and will not run.
    NotDelivered,
    /// The handler ran, runs, or may still run.
    MayHaveRun,
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotDelivered => "its handler has not run",
            Self::MayHaveRun => "its handler may have run",
        })
    }
}
