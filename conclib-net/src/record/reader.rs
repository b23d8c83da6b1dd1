//! Reading end of signed records.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::{MAX_PAYLOAD, PREFIX, RecordKey, TAG};

/// Usual size of the buffer. It grows with the bytes that arrived.
const USUAL: usize = 16 * 1024;
/// Size of the largest record.
const LARGEST: usize = PREFIX + MAX_PAYLOAD + TAG;
/// Time for a record, from its first byte to its last.
const TIME: Duration = Duration::from_secs(60);

/// Reader of the payloads of records. No byte of a payload leaves before its tag
/// was checked.
///
/// An invalid record is an error of the kind `InvalidData`, and the rest of a
/// record that does not come in a minute one of the kind `TimedOut`; nothing is
/// read after either.
pub(crate) struct RecordReader<R> {
    inner: R,
    key: RecordKey,
    /// Initialised memory; `filled` was read, and is in no record that was
    /// checked.
    bytes: Vec<u8>,
    filled: Range<usize>,
    /// Rest of the last payload.
    payload: Range<usize>,
    /// Timer of a record whose rest is missing.
    rest: Option<Pin<Box<Sleep>>>,
}

/// Error of a record whose tag is not that of its bytes.
#[derive(Debug, thiserror::Error)]
#[error("record {0} is not the one that the peer sent: its bytes were changed on the way")]
struct InvalidRecord(u64);

impl<R> RecordReader<R> {
    pub(crate) fn new(inner: R, key: RecordKey) -> Self {
        Self {
            inner,
            key,
            bytes: vec![0; USUAL],
            filled: 0..0,
            payload: 0..0,
            rest: None,
        }
    }

    /// Checks the next record if it is complete.
    fn next(&mut self) -> io::Result<bool> {
        let filled = &self.bytes[self.filled.clone()];
        let Some((prefix, rest)) = filled.split_first_chunk::<PREFIX>() else {
            return Ok(false);
        };
        let len = usize::from(u16::from_be_bytes(*prefix));
        let number = self.key.next;
        let invalid = || io::Error::new(ErrorKind::InvalidData, InvalidRecord(number));
        if len == 0 {
            return Err(invalid());
        }
        let Some((payload, tag)) = rest.get(..len + TAG).map(|record| record.split_at(len)) else {
            return Ok(false);
        };
        if !self.key.verify(payload, tag) {
            // The same record is never checked as another one.
            self.key.next = number;
            return Err(invalid());
        }
        let start = self.filled.start + PREFIX;
        self.payload = start..start + len;
        self.filled.start = start + len + TAG;
        self.rest = None;
        Ok(true)
    }

    /// Makes room for the rest of a record. The last payload was read by now.
    fn make_room(&mut self) {
        if self.filled.start > 0 {
            self.bytes.copy_within(self.filled.clone(), 0);
            self.filled = 0..self.filled.len();
        }
        if self.filled.end == self.bytes.len() {
            let doubled = 2 * self.bytes.len();
            self.bytes.resize(doubled.min(LARGEST), 0);
        }
    }
}

#[cfg(test)]
impl<R> RecordReader<R> {
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

impl<R: AsyncRead + Unpin> RecordReader<R> {
    /// Reads more bytes, and returns their number.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.make_room();
        let mut room = ReadBuf::new(&mut self.bytes[self.filled.end..]);
        if let Poll::Ready(read) = Pin::new(&mut self.inner).poll_read(cx, &mut room) {
            let read = read.map(|()| room.filled().len());
            self.filled.end += *read.as_ref().unwrap_or(&0);
            return Poll::Ready(read);
        }
        if !self.filled.is_empty() {
            let rest = self.rest.get_or_insert_with(|| Box::pin(sleep(TIME)));
            ready!(rest.as_mut().poll(cx));
            return Poll::Ready(Err(ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for RecordReader<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.payload.is_empty() && !this.next()? {
            let is_between = this.filled.is_empty();
            match ready!(this.poll_fill(cx))? {
                0 if is_between => return Poll::Ready(Ok(())),
                0 => return Poll::Ready(Err(ErrorKind::UnexpectedEof.into())),
                _ => {}
            }
        }
        let len = this.payload.len().min(out.remaining());
        let end = this.payload.start + len;
        out.put_slice(&this.bytes[this.payload.start..end]);
        this.payload.start = end;
        Poll::Ready(Ok(()))
    }
}
