//! Frames to send over a link.

use std::io;
use std::task::{Context, Poll, Waker};

use conclib_core::wire::{Frame, FrameError};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

/// Maximum capacity that the buffer keeps after a write. A larger one is
/// shrunk.
const KEPT: usize = 64 * 1024;

/// Encoded frames that wait to be written.
///
/// Senders append here, and the task of the link takes all of it at once. So
/// requests that are under way together are sent together, and no sender waits
/// for others.
///
/// The owner keeps this under a lock, and calls the returned wakers after it
/// has released the lock.
#[derive(Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    /// Number of bytes that the writer has taken and perhaps not written yet.
    taken: usize,
    /// Waker of the writer, while it waits for bytes.
    writer: Option<Waker>,
    sealed: bool,
}

impl Outbox {
    /// Appends a frame, and returns its length in bytes. The caller still has
    /// to wake the writer: [`waker`](Self::waker).
    pub(crate) fn push(&mut self, frame: &Frame<'_>) -> Result<usize, FrameError> {
        if self.sealed {
            return Ok(0);
        }
        let before = self.bytes.len();
        frame.encode(&mut self.bytes)?;
        Ok(self.bytes.len() - before)
    }

    /// Takes the waker of the writer, if it waits.
    #[must_use]
    pub(crate) fn waker(&mut self) -> Option<Waker> {
        self.writer.take()
    }

    /// Number of bytes that wait, or are being written.
    pub(crate) fn waiting(&self) -> usize {
        self.bytes.len() + self.taken
    }

    /// Accepts no more frames. The writer ends when it has written the rest.
    pub(crate) fn seal(&mut self) {
        self.sealed = true;
    }

    /// Accepts no more frames, and drops the rest.
    pub(crate) fn discard(&mut self) {
        self.sealed = true;
        self.bytes = Vec::new();
        self.taken = 0;
    }

    /// Swaps the frames with the empty buffer of the writer. False when all is
    /// written and sealed.
    pub(crate) fn poll_take(&mut self, cx: &mut Context<'_>, empty: &mut Vec<u8>) -> Poll<bool> {
        self.taken = self.bytes.len();
        if self.taken > 0 {
            std::mem::swap(&mut self.bytes, empty);
            return Poll::Ready(true);
        }
        if self.sealed {
            return Poll::Ready(false);
        }
        self.writer = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// Source of bytes for a writer: an [`Outbox`] and the lock around it.
pub(crate) trait ByteSource {
    /// See [`Outbox::poll_take`].
    fn poll_take(&self, cx: &mut Context<'_>, empty: &mut Vec<u8>) -> Poll<bool>;

    /// Counts bytes that were handed to the operating system.
    fn wrote(&self, bytes: usize);
}

/// Writes the frames of `source` until it is sealed; then closes this
/// direction.
pub(crate) async fn write_out<W>(mut writer: W, source: &impl ByteSource) -> io::Result<()>
where
    W: AsyncWrite + Unpin,
{
    let mut bytes = Vec::new();
    while std::future::poll_fn(|cx| source.poll_take(cx, &mut bytes)).await {
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let written = writer.write(rest).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            source.wrote(written);
            rest = &rest[written..];
        }
        writer.flush().await?;
        bytes.clear();
        bytes.shrink_to(KEPT);
    }
    writer.shutdown().await
}
