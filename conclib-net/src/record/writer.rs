//! Writing end of signed records.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

use super::{MAX_PAYLOAD, RecordKey};

/// Maximum capacity that the buffer keeps after a write.
const KEPT: usize = 16 * 1024;

/// Writer that makes one record of the bytes of each write. A record is written
/// to its end by the next write, or by a flush.
pub(crate) struct RecordWriter<W> {
    inner: W,
    key: RecordKey,
    /// Record that is being written, and the number of its bytes that were.
    record: Vec<u8>,
    written: usize,
}

impl<W> RecordWriter<W> {
    pub(crate) fn new(inner: W, key: RecordKey) -> Self {
        Self {
            inner,
            key,
            record: Vec::new(),
            written: 0,
        }
    }
}

#[cfg(test)]
impl<W> RecordWriter<W> {
    pub(crate) fn into_inner(self) -> W {
        self.inner
    }
}

impl<W: AsyncWrite + Unpin> RecordWriter<W> {
    /// Writes the rest of the current record.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.record.len() {
            let rest = &self.record[self.written..];
            match ready!(Pin::new(&mut self.inner).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                written => self.written += written,
            }
        }
        self.record.clear();
        self.record.shrink_to(KEPT);
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for RecordWriter<W> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_rest(cx))?;
        let payload = &bytes[..bytes.len().min(MAX_PAYLOAD)];
        if payload.is_empty() {
            return Poll::Ready(Ok(0));
        }
        this.key.seal(payload, &mut this.record);
        // The rest that the connection does not take now is left to the next call. An
        // error is that of a connection that is gone.
        match this.poll_rest(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(payload.len())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_rest(cx))?;
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_rest(cx))?;
        Pin::new(&mut this.inner).poll_shutdown(cx)
    }
}
