//! What one peer may use up.

use std::time::Duration;

use conclib_core::wire::MAX_FRAME;

/// How many requests a client has under way at once.
pub(crate) const CLIENT_WINDOW: usize = 256;

/// How many bytes may wait in a client to be written before it takes no more.
pub(crate) const CLIENT_WAITING: usize = 1024 * 1024;

/// What a broker allows its clients. Tests make it smaller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// How long a handshake may take, from the first byte to the last.
    pub(crate) handshake: Duration,
    /// How many handshakes may be under way; one more ends the oldest. A good
    /// client needs a few milliseconds, so it is never the oldest for long.
    pub(crate) handshakes: usize,
    /// How many connections there may be; one more is refused.
    pub(crate) connections: usize,
    /// How many requests of one client may be unanswered before it is not read
    /// from any more.
    pub(crate) window: usize,
    /// How many streams of replies may be open to one client; one more is
    /// refused.
    pub(crate) streams: usize,
    /// How many bytes may wait for one client before it is not read from any
    /// more.
    pub(crate) waiting: usize,
    /// How many bytes may wait for one client before it is thrown out. It is
    /// more than a client of ours can have asked for at once.
    pub(crate) stalled: usize,
    /// How long answers may take to leave at the end.
    pub(crate) flush: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(5),
            handshakes: 256,
            connections: 1024,
            window: 1024,
            streams: 256,
            waiting: 1024 * 1024,
            stalled: 16 * 1024 * 1024 + CLIENT_WINDOW * MAX_FRAME,
            flush: Duration::from_secs(2),
        }
    }
}
