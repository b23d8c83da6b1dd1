//! Statistics of a client.

/// Current state of a [`Client`](super::Client), and its counts so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientStats {
    /// True if requests can be sent now.
    pub connected: bool,
    /// Requests that are under way.
    pub in_flight: usize,
    /// Number of answers without a request that waits for them: late, repeated,
    /// or invented.
    pub late: u64,
    /// Number of times that the connection was lost and made again.
    pub reconnects: u64,
}
