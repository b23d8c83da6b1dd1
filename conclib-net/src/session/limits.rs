//! Limits for the resources that one link uses.

use std::time::Duration;

use conclib_core::wire::MAX_FRAME;

/// Shortest limit for frames: every frame without a body is shorter, also one with the keys of many
/// references.
const SHORTEST: usize = 16 * 1024;

/// Bytes above those at which senders wait that never end a link: twice the longest frame, since large
/// frames are counted apart.
const LEAST_STALLED: usize = 2 * MAX_FRAME;

/// Limits of a link, for both of its ends and both of its directions.
///
/// A limit protects this process from its peer, and the peer's own limits
/// protect the peer. The same at both ends, they never refuse a peer that keeps
/// to them. Ends with different limits work together all the same: each of them
/// refuses the messages over its own limits, with an error for each.
///
/// A number of 0 permits nothing, but for `frame`.
///
/// # Examples
///
/// ```
/// use conclib_core::System;
/// use conclib_core::wire::Broker as _;
/// use conclib_net::{Address, Client, LinkLimits, LocalBroker};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let address = Address::unix(directory.path().join("app.sock"))?;
/// # let system = System::new("docs");
/// let mut limits = LinkLimits::default();
/// limits.frame = 64 * 1024;
/// limits.window = 100;
/// let broker = LocalBroker::open_with_limits(&address, None, system.inlet(), limits).await?;
/// let client = Client::connect(&address, None).await?;
/// # client.close().await;
/// # broker.close().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkLimits {
    /// Bytes of a frame that the peer may send. The body of a longer one is not
    /// kept: its request, its answer or its stream fails with
    /// [`CodecError::TooLarge`](conclib_core::wire::CodecError::TooLarge). At
    /// most [`MAX_FRAME`], which is the default: 8 MiB for the body, and room
    /// for its head. A frame over that ends the link, before anything is
    /// allocated for it. At least 16 KiB, which a smaller number stands for.
    pub frame: usize,
    /// Time from the first byte of a frame to its last, and time in which a peer
    /// has to take a byte that is sent to it: 60 s. Half a frame occupies only
    /// the memory of the bytes that came.
    pub frame_time: Duration,
    /// Requests under way in one direction: 1024. An actor gets a quarter of
    /// the free slots at most. A sender waits for a slot; a peer that sends more
    /// gets a refusal for each.
    pub window: usize,
    /// Requests of the peer that their actors still have although they were
    /// given up: 4096, no more than a quarter of the free ones with one actor.
    /// At the limit new requests are refused. A request in a mailbox is dropped
    /// when its turn comes, and one that a handler keeps when the handler drops
    /// it.
    pub abandoned: usize,
    /// Open streams of replies to the peer: 256; one more is refused.
    pub streams: usize,
    /// References to actors that the peer holds, and as many that it lends to
    /// this end: 65536 in each direction. One more is an error of the message;
    /// a peer that lends more ends the link.
    pub references: usize,
    /// Unwritten bytes at which senders wait, and at which no request is read
    /// from the peer: 1 MiB.
    pub waiting: usize,
    /// Unwritten bytes at which the link ends, because the peer does not read:
    /// 272 MiB. An answer that would bring them above 15/16 of that is replaced
    /// by a failure. The link never ends below 16 MiB more than `waiting`, so that
    /// no single frame ends it.
    pub stalled: usize,
    /// Time for sending the last frames at the end: 2 s.
    pub flush: Duration,
}

impl LinkLimits {
    /// Returns the limit for frames that holds.
    pub(super) fn longest_frame(&self) -> usize {
        self.frame.clamp(SHORTEST, MAX_FRAME)
    }

    /// Returns the number of unwritten bytes at which the link ends: a frame that follows on those at
    /// which senders wait does not end it.
    pub(super) fn most_unwritten(&self) -> usize {
        let least = self.waiting.saturating_add(LEAST_STALLED);
        self.stalled.max(least)
    }
}

impl Default for LinkLimits {
    fn default() -> Self {
        Self {
            frame: MAX_FRAME,
            frame_time: Duration::from_secs(60),
            window: 1024,
            abandoned: 4096,
            streams: 256,
            references: 65536,
            waiting: 1024 * 1024,
            stalled: 272 * 1024 * 1024,
            flush: Duration::from_secs(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_single_frame_ends_a_link() {
        let mut limits = LinkLimits::default();
        assert_eq!(limits.most_unwritten(), limits.stalled);
        limits.stalled = 0;
        // The largest frame may come on top of the bytes at which senders wait.
        assert!(limits.most_unwritten() > limits.waiting + MAX_FRAME);
        limits.waiting = usize::MAX;
        assert_eq!(limits.most_unwritten(), usize::MAX);
    }

    #[test]
    fn a_limit_for_frames_holds_those_without_a_body_and_no_more_than_the_wire() {
        let mut limits = LinkLimits::default();
        for (set, holds) in [
            (0, SHORTEST),
            (SHORTEST + 1, SHORTEST + 1),
            (usize::MAX, MAX_FRAME),
        ] {
            limits.frame = set;
            assert_eq!(limits.longest_frame(), holds);
        }
    }
}
