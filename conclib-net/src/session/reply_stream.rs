//! Streams of replies that come to this end.

use std::sync::Arc;
use std::task::{Context, Poll};

use conclib_core::__private::Failure;
use conclib_core::Delivery;
use conclib_core::wire::{CodecError, Frame, RefScope, RequestId, StreamSource};

use super::asking::Unrequested;
use super::inner::SessionInner;
use super::stream_buffer::{Next, NotKept, StreamBuffer};

/// Stream of replies, read from its [`StreamBuffer`].
pub(super) struct ReplyStream {
    session: Arc<SessionInner>,
    id: RequestId,
    buffer: Arc<StreamBuffer>,
    /// Keys of the references in the item that was read last, which may still be
    /// decoded.
    keys: Vec<u64>,
}

impl ReplyStream {
    pub(super) fn new(
        session: Arc<SessionInner>,
        id: RequestId,
        buffer: Arc<StreamBuffer>,
    ) -> Self {
        Self {
            session,
            id,
            buffer,
            keys: Vec::new(),
        }
    }
}

impl StreamSource for ReplyStream {
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Box<[u8]>, Failure>>> {
        self.session.revoke(&std::mem::take(&mut self.keys));
        match self.buffer.poll_next(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Next::End(end)) => Poll::Ready(end.err().map(Err)),
            Poll::Ready(Next::Body { body, keys, credit }) => {
                self.keys = keys;
                if let Some(items) = credit {
                    self.session.grant(self.id, items);
                }
                Poll::Ready(Some(Ok(body)))
            }
        }
    }

    fn scope(&self) -> Option<Arc<dyn RefScope>> {
        self.session.body_scope()
    }
}

impl Drop for ReplyStream {
    fn drop(&mut self) {
        self.session.cancel_reply_stream(self.id);
        let mut keys = self.buffer.leave();
        keys.append(&mut self.keys);
        self.session.revoke(&keys);
    }
}

impl SessionInner {
    /// Takes an item. One without a reader was sent before the cancellation
    /// arrived.
    pub(super) fn item(
        &self,
        id: RequestId,
        body: &[u8],
        keys: Vec<u64>,
    ) -> Result<(), Unrequested> {
        let Some(buffer) = self.reply_stream(id)? else {
            self.revoke(&keys);
            return Ok(());
        };
        let Err((why, keys)) = buffer.push(body, keys) else {
            return Ok(());
        };
        self.revoke(&keys);
        if matches!(why, NotKept::NoCredit) {
            let error = CodecError::Malformed {
                codec: buffer.codec,
                detail: "the peer sent more items than it was given credit for".to_owned(),
            };
            buffer.finish(Err(Failure::Codec(Box::new(error), Delivery::MayHaveRun)));
            self.cancel_reply_stream(id);
        }
        Ok(())
    }

    /// Ends the stream of an item that was not kept.
    pub(super) fn refuse_item(
        &self,
        id: RequestId,
        keys: &[u64],
        why: Failure,
    ) -> Result<(), Unrequested> {
        if let Some(buffer) = self.reply_stream(id)? {
            buffer.finish(Err(why));
            self.cancel_reply_stream(id);
        }
        self.revoke(keys);
        Ok(())
    }

    /// Returns the buffer of a stream, unless its reader has left.
    fn reply_stream(&self, id: RequestId) -> Result<Option<Arc<StreamBuffer>>, Unrequested> {
        let state = self.lock();
        match state.pending.had_stream {
            true => Ok(state.pending.streams.get(&id).cloned()),
            false => Err(Unrequested),
        }
    }

    /// Ends a stream, as the peer said.
    pub(super) fn end_reply_stream(
        &self,
        id: RequestId,
        end: Result<(), Failure>,
    ) -> Result<(), Unrequested> {
        let buffer = self.update(|state| match state.pending.had_stream {
            true => Ok(state.pending.streams.remove(&id)),
            false => Err(Unrequested),
        })?;
        if let Some(buffer) = buffer {
            buffer.finish(end);
        }
        Ok(())
    }

    fn grant(&self, id: RequestId, items: u32) {
        self.update(|state| {
            if state.pending.streams.contains_key(&id) {
                state.send_short(&Frame::Credit { id, items });
            }
        });
    }

    /// Ignores all further items of this stream, and tells the peer.
    fn cancel_reply_stream(&self, id: RequestId) {
        let buffer = self.update(|state| {
            let buffer = state.pending.streams.remove(&id)?;
            state.send_short(&Frame::Cancel(id));
            Some(buffer)
        });
        drop(buffer);
    }
}
