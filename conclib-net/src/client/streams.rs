//! Streams of replies at a client.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use conclib_core::__private::Failure;
use conclib_core::Delivery;
use conclib_core::wire::{Codec, CodecError, FIRST_CREDIT, Frame, RequestId, StreamSource};

use super::in_flight::Link;
use super::session::Session;
use super::stream_buffer::StreamBuffer;

/// Stream of replies, read from its [`StreamBuffer`].
pub(super) struct ReplyStream {
    session: Arc<Session>,
    id: RequestId,
    buffer: Arc<StreamBuffer>,
    /// Number of items read since the last credit frame.
    read: u32,
}

impl StreamSource for ReplyStream {
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Box<[u8]>, Failure>>> {
        let (body, credit) = {
            let mut state = self.buffer.lock();
            match (state.bodies.pop_front(), &state.end) {
                (None, Some(end)) => {
                    return Poll::Ready(end.clone().err().map(Err));
                }
                (None, None) => {
                    state.reader = Some(cx.waker().clone());
                    return Poll::Pending;
                }
                (Some(body), _) => {
                    self.read += 1;
                    // Sends credit for half of the window at once: one frame
                    // for each item would double the frames.
                    let due = state.end.is_none() && self.read >= FIRST_CREDIT / 2;
                    let credit = if due {
                        std::mem::take(&mut self.read)
                    } else {
                        0
                    };
                    state.allowed += credit;
                    (body, credit)
                }
            }
        };
        if credit > 0 {
            self.session.grant(self.id, credit);
        }
        Poll::Ready(Some(Ok(body)))
    }
}

impl Drop for ReplyStream {
    fn drop(&mut self) {
        self.session.cancel_stream(self.id);
    }
}

impl Session {
    /// Opens a stream for incoming items.
    pub(super) fn open_stream(self: &Arc<Self>, id: RequestId, codec: Codec) -> Box<ReplyStream> {
        let buffer = Arc::new(StreamBuffer::new(codec));
        self.lock().streams.insert(id, buffer.clone());
        Box::new(ReplyStream {
            session: self.clone(),
            id,
            buffer,
            read: 0,
        })
    }

    /// Takes an item. One without a reader was sent before the cancellation
    /// arrived.
    pub(super) fn item(&self, id: RequestId, body: &[u8]) {
        let buffer = self.lock().streams.get(&id).cloned();
        if let Some(buffer) = buffer
            && !buffer.push(body)
        {
            let error = CodecError::Malformed {
                codec: buffer.codec,
                detail: "the server sent more items than it was given credit for".to_owned(),
            };
            buffer.finish(Err(Failure::Codec(Box::new(error), Delivery::MayHaveRun)));
            self.cancel_stream(id);
        }
    }

    /// Ends a stream, as the server said.
    pub(super) fn end_stream(&self, id: RequestId, end: Result<(), Failure>) {
        let (buffer, writer) = {
            let mut state = self.lock();
            (state.streams.remove(&id), state.seal_if_done())
        };
        writer.into_iter().for_each(Waker::wake);
        if let Some(buffer) = buffer {
            buffer.finish(end);
        }
    }

    fn grant(&self, id: RequestId, items: u32) {
        self.send_about(id, &Frame::Credit { id, items }, false);
    }

    /// Ignores all further items of this stream.
    fn cancel_stream(&self, id: RequestId) {
        self.send_about(id, &Frame::Cancel(id), true);
    }

    /// Sends a frame about an open stream to the server.
    fn send_about(&self, id: RequestId, frame: &Frame<'_>, is_last: bool) {
        let (_flow, writer) = {
            let mut state = self.lock();
            let buffer = match is_last {
                true => state.streams.remove(&id),
                false => state.streams.get(&id).cloned(),
            };
            if buffer.is_some() && matches!(state.link, Link::Up | Link::Leaving) {
                // Such a frame has no names and no body, so it always fits.
                state.pushed += state.out.push(frame).unwrap_or(0) as u64;
            }
            (buffer, state.seal_if_done())
        };
        writer.into_iter().for_each(Waker::wake);
    }
}
