//! Bytes that came in over a link, and the frames in them.

use std::io;

use std::time::Duration;

use conclib_core::wire::{FrameError, MAX_BODY, MAX_FRAME};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::{Instant, timeout_at};

use super::limits::LinkLimits;

/// Number of bytes of the length before a frame.
const PREFIX: usize = 4;

/// Usual size of the buffer: room for the requests of many tasks in one read.
const USUAL: usize = 16 * 1024;

/// Maximum length that an empty buffer keeps. A larger one is replaced.
const KEPT: usize = 4 * USUAL;

/// Maximum room for a frame, in times of its bytes that have come.
const GROWTH: usize = 4;

/// Longest time for a frame: a later instant may not exist.
const LONGEST: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// Maximum length of the part of a frame before its body.
const HEAD: usize = MAX_FRAME - MAX_BODY;

/// Frame that came in, without its length.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming<'a> {
    Whole(&'a [u8]),
    /// Frame over the limit of this end. The bytes after its beginning are
    /// skipped as they come.
    Oversized {
        /// Beginning of the frame, which has all that comes before its body.
        beginning: &'a [u8],
        /// Number of bytes of the whole frame.
        len: usize,
    },
}

/// Buffer that a link is read into, and that frames are borrowed from.
///
/// The buffer grows with the bytes that arrived, never with the length that a
/// peer announces.
pub(crate) struct FrameReader {
    /// Bytes that were read; those from `start` on were not handed out yet.
    bytes: Vec<u8>,
    start: usize,
    /// Number of bytes that are still to be skipped, of a frame over the limit.
    skip: usize,
    /// Time since which the rest of a frame is missing.
    since: Option<Instant>,
    /// Maximum length of a frame that is kept.
    limit: usize,
    /// Time from the first byte of a frame to its last.
    time: Duration,
}

/// Reason why nothing was read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    #[error("the rest of a frame did not come within {0:?}")]
    Unfinished(Duration),
}

impl FrameReader {
    pub(crate) fn new(limits: &LinkLimits) -> Self {
        Self {
            bytes: Vec::with_capacity(USUAL),
            start: 0,
            skip: 0,
            since: None,
            limit: limits.longest_frame(),
            time: limits.frame_time.min(LONGEST),
        }
    }

    /// Tests if everything that came was handed out: a link that ends here ends
    /// between two frames.
    pub(crate) fn is_empty(&self) -> bool {
        self.has_nothing() && self.skip == 0
    }

    fn has_nothing(&self) -> bool {
        self.start == self.bytes.len()
    }

    /// Returns the next frame, without its length. `None` until more has come.
    ///
    /// # Errors
    /// A frame announces more than [`MAX_FRAME`].
    pub(crate) fn next(&mut self) -> Result<Option<Incoming<'_>>, FrameError> {
        if self.skip > 0 && !self.skips() {
            return Ok(None);
        }
        let Some(prefix) = self.bytes[self.start..].first_chunk::<PREFIX>() else {
            return Ok(None);
        };
        let len = u32::from_be_bytes(*prefix) as usize;
        if len > self.limit {
            return self.next_oversized(len);
        }
        let from = self.start + PREFIX;
        let Some(frame) = self.bytes.get(from..from + len) else {
            return Ok(None);
        };
        self.start = from + len;
        self.since = None;
        Ok(Some(Incoming::Whole(frame)))
    }

    /// Returns the beginning of a frame over the limit, once it has come, and
    /// skips the rest.
    #[cold]
    fn next_oversized(&mut self, len: usize) -> Result<Option<Incoming<'_>>, FrameError> {
        if len > MAX_FRAME {
            return Err(FrameError::TooLarge { len });
        }
        let from = self.start + PREFIX;
        let Some(beginning) = self.bytes.get(from..from + HEAD) else {
            return Ok(None);
        };
        self.start = from + HEAD;
        self.skip = len - HEAD;
        Ok(Some(Incoming::Oversized { beginning, len }))
    }

    /// Skips bytes of a frame over the limit. True at its end.
    #[cold]
    fn skips(&mut self) -> bool {
        let skipped = self.skip.min(self.bytes.len() - self.start);
        self.start += skipped;
        self.skip -= skipped;
        if self.skip == 0 {
            self.since = None;
        }
        self.skip == 0
    }

    /// Reads the available bytes, and returns their number, 0 at the end of the
    /// link. Cancel safe.
    ///
    /// # Errors
    /// The link broke, or part of a frame has been here for too long.
    /// Time in which the caller did not read does not count.
    pub(crate) async fn fill<R: AsyncRead + Unpin>(
        &mut self,
        reader: &mut R,
    ) -> Result<usize, ReadError> {
        self.make_room();
        let part = !self.is_empty();
        let reading = reader.read_buf(&mut self.bytes);
        Ok(if part {
            let until = *self.since.get_or_insert_with(Instant::now) + self.time;
            let read = timeout_at(until, reading).await;
            read.map_err(|_| ReadError::Unfinished(self.time))??
        } else {
            reading.await?
        })
    }

    /// Makes room for at least one byte, and usually for many more.
    fn make_room(&mut self) {
        if self.has_nothing() {
            self.bytes.clear();
            self.start = 0;
            if self.bytes.capacity() > KEPT {
                self.bytes = Vec::with_capacity(USUAL);
            }
        }
        if self.start > 0 && self.is_nearly_full() {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        if self.is_nearly_full() {
            // The bytes are the first part of one frame.
            let arrived = self.bytes.len();
            let prefix = self.bytes.first_chunk::<PREFIX>();
            let len = prefix.map_or(0, |prefix| u32::from_be_bytes(*prefix) as usize);
            let whole = PREFIX + len.min(self.limit);
            let room = whole.min(GROWTH * arrived);
            self.bytes.reserve_exact(room.saturating_sub(arrived));
        }
    }

    fn is_nearly_full(&self) -> bool {
        self.bytes.capacity() - self.bytes.len() < self.bytes.capacity() / 4
    }

    #[cfg(test)]
    fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

#[cfg(test)]
mod tests;
