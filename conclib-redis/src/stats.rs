//! Counts of one connection.

/// Current state of a connection to a namespace, and its counts so far.
///
/// # Examples
///
/// ```no_run
/// use conclib_redis::{RedisClient, RedisUrl};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let url: RedisUrl = "redis://127.0.0.1:6379".parse()?;
/// let client = RedisClient::connect(url, None).await?;
/// assert_eq!(client.stats().forged, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisStats {
    /// True if requests can be sent now.
    pub connected: bool,
    /// Open connections to other processes of the namespace.
    pub peers: usize,
    /// Number of times that the connection was lost and made again.
    pub reconnects: u64,
    /// Number of times that messages came faster than this process read them. All requests that
    /// were under way have failed then.
    pub overruns: u64,
    /// Messages that were lost in these overruns.
    pub overrun_messages: u64,
    /// Messages that were dropped as no key has signed them, or as they were not readable.
    pub forged: u64,
    /// Signatures that were found good by the [second key](conclib_net::AuthKey#change-of-the-key). In
    /// the last step of a change the old key is given up: when this does not grow any more.
    pub by_second_key: u64,
    /// Messages that were dropped as they came twice, or were issued at a time too far away.
    pub stale: u64,
    /// Durable messages, and changes of their mailboxes, that the server had confirmed and has
    /// forgotten: after a failover, or after a crash of a server that does not write each change to
    /// its disk.
    pub lost: u64,
    /// Durable messages that this process has made dead letters.
    pub dead_letters: u64,
    /// Dead letters that this process has dropped, the oldest of a name first: a name keeps 10,000.
    pub dropped_dead_letters: u64,
}
