//! Direction from the peer.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf as _;
use tokio::io::{AsyncRead, ReadBuf};

use super::{Pipe, Publishing, WINDOW, received};

/// Read bytes after which the peer is told.
const TELL: u64 = WINDOW as u64 / 4;

/// Direction from the peer.
pub(crate) struct PipeReader {
    pipe: Pipe,
    telling: Option<Publishing>,
}

impl PipeReader {
    pub(super) fn new(pipe: Pipe) -> Self {
        Self {
            pipe,
            telling: None,
        }
    }
}

impl AsyncRead for PipeReader {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let reader = self.get_mut();
        if let Some(telling) = &mut reader.telling
            && let Poll::Ready(told) = telling.as_mut().poll(cx)
        {
            reader.telling = None;
            received(told)?;
        }
        let mut state = reader.pipe.lock();
        state.broken()?;
        let mut read = 0;
        while let Some(first) = state.unread.front_mut() {
            let len = first.len().min(buffer.remaining());
            buffer.put_slice(&first[..len]);
            first.advance(len);
            read += len;
            if !first.is_empty() {
                break;
            }
            state.unread.pop_front();
        }
        if read == 0 && state.end.is_none() && buffer.remaining() > 0 {
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        state.waiting -= read;
        state.read += read as u64;
        let tells = state.read - state.told >= TELL;
        drop(state);
        if tells && reader.telling.is_none() {
            let mut telling = reader.pipe.tell();
            match telling.as_mut().poll(cx) {
                Poll::Ready(told) => received(told)?,
                Poll::Pending => reader.telling = Some(telling),
            }
        }
        Poll::Ready(Ok(()))
    }
}
