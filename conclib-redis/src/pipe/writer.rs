//! Direction to the peer.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

use super::{Pipe, Publishing, WINDOW, received};
use crate::packet::Packet;

/// Maximum number of bytes in a packet.
const PACKET: usize = 128 * 1024;

/// Direction to the peer.
pub(crate) struct PipeWriter {
    pipe: Pipe,
    /// Publication whose receivers are not known yet. The next one waits for them: what is written
    /// meanwhile goes out together.
    publishing: Option<Publishing>,
}

impl PipeWriter {
    pub(super) fn new(pipe: Pipe) -> Self {
        Self {
            pipe,
            publishing: None,
        }
    }

    fn poll_published(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(publishing) = &mut self.publishing {
            let published = ready!(publishing.as_mut().poll(cx));
            self.publishing = None;
            received(published)?;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for PipeWriter {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let writer = self.get_mut();
        ready!(writer.poll_published(cx))?;
        let inner = &writer.pipe.0;
        let mut state = writer.pipe.lock();
        state.broken()?;
        if state.end.is_some() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let under_way = usize::try_from(state.sent - state.read_there).unwrap_or(WINDOW);
        let len = bytes
            .len()
            .min(PACKET)
            .min(WINDOW.saturating_sub(under_way));
        if len == 0 && !bytes.is_empty() {
            state.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let head = [inner.to, state.number, state.read];
        state.number += 1;
        state.sent += len as u64;
        state.told = state.read;
        drop(state);
        let packet = Packet::data(head, &bytes[..len], &inner.there, &inner.outgoing);
        let (redis, there) = (inner.redis.clone(), inner.there.clone());
        let mut publishing: Publishing =
            Box::pin(async move { redis.publish(there, packet).await });
        // The first poll hands the packet to the connection.
        match publishing.as_mut().poll(cx) {
            Poll::Ready(published) => received(published)?,
            Poll::Pending => writer.publishing = Some(publishing),
        }
        Poll::Ready(Ok(len))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_published(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}
