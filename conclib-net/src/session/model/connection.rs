//! Connection of a model: two pipes with little room, which can be cut.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::sync::Mutex;

/// Direction of a connection.
#[derive(Clone)]
pub(super) struct Pipe {
    flow: Arc<Mutex<Flow>>,
    room: usize,
}

#[derive(Default)]
struct Flow {
    bytes: VecDeque<u8>,
    /// Set when no byte comes any more; those in the pipe are still read.
    is_shut: bool,
    /// Set when the connection is gone.
    is_cut: bool,
    wakers: Vec<Waker>,
}

impl Pipe {
    /// Makes a pipe that holds so many bytes.
    pub(super) fn new(room: usize) -> Self {
        let flow = Arc::default();
        Self { flow, room }
    }

    /// Ends the connection now.
    pub(super) fn cut(&self) {
        self.change(|flow| flow.is_cut = true);
    }

    fn change<R>(&self, change: impl FnOnce(&mut Flow) -> R) -> R {
        let mut flow = self.flow.lock().unwrap();
        let result = change(&mut flow);
        let wakers = std::mem::take(&mut flow.wakers);
        drop(flow);
        wakers.into_iter().for_each(Waker::wake);
        result
    }

    /// Makes progress, or waits for a change of the pipe.
    fn poll<R>(
        &self,
        cx: &Context<'_>,
        step: impl FnOnce(&mut Flow) -> Option<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        let mut flow = self.flow.lock().unwrap();
        match step(&mut flow) {
            Some(result) => {
                let wakers = std::mem::take(&mut flow.wakers);
                drop(flow);
                wakers.into_iter().for_each(Waker::wake);
                Poll::Ready(result)
            }
            None => {
                flow.wakers.push(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll(cx, |flow| {
            if flow.is_cut {
                return Some(Err(io::ErrorKind::ConnectionReset.into()));
            }
            if flow.bytes.is_empty() {
                return flow.is_shut.then_some(Ok(()));
            }
            let count = flow.bytes.len().min(buffer.remaining());
            let bytes: Vec<_> = flow.bytes.drain(..count).collect();
            buffer.put_slice(&bytes);
            Some(Ok(()))
        })
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let room = self.room;
        self.poll(cx, |flow| {
            if flow.is_cut {
                return Some(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let count = bytes.len().min(room - flow.bytes.len());
            flow.bytes.extend(&bytes[..count]);
            (count > 0).then_some(Ok(count))
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.change(|flow| flow.is_shut = true);
        Poll::Ready(Ok(()))
    }
}
