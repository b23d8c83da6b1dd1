//! Where a message came from.

use std::fmt;
use std::sync::Arc;

/// Where a message came from.
///
/// ```
/// assert_eq!(conclib_core::wire::Origin::Local.to_string(), "local");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// From inside the process.
    Local,
    /// From another process on this machine, by its id.
    Process(u32),
    /// Over a connection whose other end has no process id here, by what is
    /// known of it.
    Peer(Arc<str>),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::Process(pid) => write!(f, "process {pid}"),
            Self::Peer(peer) => write!(f, "peer {peer}"),
        }
    }
}
