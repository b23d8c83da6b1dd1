//! The frames that are to leave over a link.

use std::io;
use std::task::{Context, Poll, Waker};

use conclib_core::wire::{Frame, FrameError};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

/// A buffer that was grown for much is given back after it was written.
const KEPT: usize = 64 * 1024;

/// Frames that wait to be written, as bytes in a row.
///
/// Whoever has something to send appends it here; the task of the link takes
/// all of it at once. So requests that are under way together leave together,
/// without anyone waiting for more to come.
///
/// It lies under a lock of its owner, which the wakers it returns are woken
/// outside of.
#[derive(Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    /// How much the writer has taken and perhaps not written yet.
    taken: usize,
    /// The writer, while there is nothing for it.
    writer: Option<Waker>,
    sealed: bool,
}

impl Outbox {
    /// Appends a frame, and returns how many bytes it has. The writer is still
    /// to be woken: [`waker`](Self::waker).
    pub(crate) fn push(&mut self, frame: &Frame<'_>) -> Result<usize, FrameError> {
        if self.sealed {
            return Ok(0);
        }
        let before = self.bytes.len();
        frame.encode(&mut self.bytes)?;
        Ok(self.bytes.len() - before)
    }

    /// The writer, if it waits.
    #[must_use]
    pub(crate) fn waker(&mut self) -> Option<Waker> {
        self.writer.take()
    }

    /// How many bytes wait, or are being written.
    pub(crate) fn waiting(&self) -> usize {
        self.bytes.len() + self.taken
    }

    /// Takes nothing more. The writer ends when it has written what is here.
    pub(crate) fn seal(&mut self) {
        self.sealed = true;
    }

    /// Takes nothing more, and forgets what is here.
    pub(crate) fn discard(&mut self) {
        self.sealed = true;
        self.bytes = Vec::new();
        self.taken = 0;
    }

    /// Gives the writer what is here for its empty buffer. False when it is
    /// empty and sealed.
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

/// Where a writer gets its bytes: an [`Outbox`] and the lock around it.
pub(crate) trait Source {
    /// See [`Outbox::poll_take`].
    fn poll_take(&self, cx: &mut Context<'_>, empty: &mut Vec<u8>) -> Poll<bool>;

    /// So many bytes more have been handed to the system.
    fn wrote(&self, bytes: usize);
}

/// Writes what `source` has until it is sealed; then closes this direction.
pub(crate) async fn write_out<W>(mut writer: W, source: &impl Source) -> io::Result<()>
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
