//! Limits of what one peer may use up.

use std::time::Duration;

use conclib_core::wire::MAX_FRAME;

/// Number of requests that a client has under way at once. An actor gets a
/// quarter of the places at most: see [`Shares`](crate::shares::Shares).
pub(crate) const CLIENT_WINDOW: usize = 1024;

/// Number of bytes that may wait in a client to be written before it takes no more.
pub(crate) const CLIENT_WAITING: usize = 1024 * 1024;

/// The time from the first byte of a frame to its last. The largest frame makes
/// it at 18 kB a second; half a frame holds as much memory as has come of it.
pub(crate) const FRAME_TIME: Duration = Duration::from_secs(60);

/// Limits that a broker sets its clients. Tests make them smaller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Time that a handshake may take, from the first byte to the last.
    pub(crate) handshake: Duration,
    /// Number of handshakes that may be under way; one more ends another: see
    /// `server/handshakes.rs`.
    pub(crate) handshakes: usize,
    /// Number of connections that may be open; one more is refused.
    pub(crate) connections: usize,
    /// Number of requests of one client that may wait for an answer, no more than a
    /// quarter for one actor; one more is refused. A client of ours never has
    /// more.
    pub(crate) window: usize,
    /// Number of requests of one client that may be with their actors although they
    /// were given up, no more than a quarter with one actor; then new requests
    /// are refused. A request in a mailbox is given up for good when its turn
    /// comes, and one that a handler has put aside when the handler lets it go.
    pub(crate) left: usize,
    /// Number of streams of replies that may be open to one client; one more is
    /// refused.
    pub(crate) streams: usize,
    /// Number of bytes that may wait for one client before it is not read from any
    /// more.
    pub(crate) waiting: usize,
    /// Number of bytes that may wait for one client before it is thrown out: more
    /// than one actor can be asked for at once.
    pub(crate) stalled: usize,
    /// Time that answers may take to leave at the end.
    pub(crate) flush: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(5),
            handshakes: 256,
            connections: 1024,
            window: CLIENT_WINDOW,
            left: 4 * CLIENT_WINDOW,
            streams: 256,
            waiting: 1024 * 1024,
            stalled: 16 * 1024 * 1024 + CLIENT_WINDOW / 4 * MAX_FRAME,
            flush: Duration::from_secs(2),
        }
    }
}
