//! Origin of a message.

use std::fmt;
use std::sync::Arc;

/// Origin of a message that came from outside, and the number of the attempt to deliver it.
#[derive(Clone)]
pub(crate) struct Outside {
    pub(crate) origin: Arc<Origin>,
    pub(crate) attempt: u32,
}

/// Origin of a message.
///
/// ```
/// assert_eq!(conclib::spi::Origin::Local.to_string(), "local");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// Inside the process.
    Local,
    /// Another process on this machine, by its id.
    Process(u32),
    /// Connection whose peer has no process id on this machine, by the peer's address or name.
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
