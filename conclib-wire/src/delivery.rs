//! Statement about the handler of a request that got no reply.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Says whether a handler may have run although no reply came: that decides if a
/// request can be sent again without harm.
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
