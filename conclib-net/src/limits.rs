//! Limits for the resources that one peer uses.

use std::time::Duration;

use conclib_core::wire::MAX_FRAME;

/// Number of requests that a client has under way at once. An actor gets a
/// quarter of the slots at most: see [`Shares`](crate::shares::Shares).
pub(crate) const CLIENT_WINDOW: usize = 1024;

/// Number of unwritten bytes at which a client takes no more requests.
pub(crate) const CLIENT_WAITING: usize = 1024 * 1024;

/// Time from the first byte of a frame to its last. The largest frame then
/// needs 18 kB a second; half a frame occupies only the memory of the bytes
/// that came.
pub(crate) const FRAME_TIME: Duration = Duration::from_secs(60);

/// Limits of a broker for its clients. Tests make them smaller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Duration of a handshake, from the first byte to the last.
    pub(crate) handshake: Duration,
    /// Number of handshakes under way; one more ends another: see
    /// `server/handshakes.rs`.
    pub(crate) handshakes: usize,
    /// Number of open connections; one more is refused.
    pub(crate) connections: usize,
    /// Number of requests of one client that wait for an answer, no more than a
    /// quarter for one actor; one more is refused. A conclib client never has
    /// more.
    pub(crate) window: usize,
    /// Number of requests of one client that their actors still have although
    /// they were given up, no more than a quarter with one actor. At the limit
    /// new requests are refused. A request in a mailbox is dropped when its
    /// turn comes, and one that a handler keeps when the handler drops it.
    pub(crate) abandoned: usize,
    /// Number of open streams to one client; one more is refused.
    pub(crate) streams: usize,
    /// Number of unwritten bytes for one client at which nothing more is read
    /// from it.
    pub(crate) waiting: usize,
    /// Number of unwritten bytes for one client at which it is disconnected:
    /// more than the largest answers to all requests that one actor may have.
    pub(crate) stalled: usize,
    /// Time for sending the last answers at the end.
    pub(crate) flush: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(5),
            handshakes: 256,
            connections: 1024,
            window: CLIENT_WINDOW,
            abandoned: 4 * CLIENT_WINDOW,
            streams: 256,
            waiting: 1024 * 1024,
            stalled: 16 * 1024 * 1024 + CLIENT_WINDOW / 4 * MAX_FRAME,
            flush: Duration::from_secs(2),
        }
    }
}
