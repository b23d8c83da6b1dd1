//! Streams of replies at a client.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use conclib_core::__private::Failure;
use conclib_core::Delivery;
use conclib_core::wire::{Codec, CodecError, FIRST_CREDIT, Frame, RequestId, StreamSource};

use super::shared::{Link, Shared};

/// Received items of a stream that were not read yet.
pub(super) struct Flow {
    codec: Codec,
    state: Mutex<State>,
}

struct State {
    bodies: VecDeque<Box<[u8]>>,
    /// Number of further items that the server may send.
    allowed: u32,
    end: Option<Result<(), Failure>>,
    reader: Option<Waker>,
}

impl Flow {
    fn new(codec: Codec) -> Self {
        let state = State {
            bodies: VecDeque::new(),
            allowed: FIRST_CREDIT,
            end: None,
            reader: None,
        };
        Self {
            codec,
            state: Mutex::new(state),
        }
    }

    /// Adds an item. False if the server had no credit for it.
    fn push(&self, body: &[u8]) -> bool {
        let reader = {
            let mut state = self.lock();
            let Some(left) = state.allowed.checked_sub(1) else {
                return false;
            };
            state.allowed = left;
            state.bodies.push_back(body.into());
            state.reader.take()
        };
        reader.into_iter().for_each(Waker::wake);
        true
    }

    pub(super) fn finish(&self, end: Result<(), Failure>) {
        let reader = {
            let mut state = self.lock();
            state.end.get_or_insert(end);
            state.reader.take()
        };
        reader.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reading end of a [`Flow`].
pub(super) struct Reading {
    shared: Arc<Shared>,
    id: RequestId,
    flow: Arc<Flow>,
    /// Number of items read since the last credit frame.
    read: u32,
}

impl StreamSource for Reading {
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Box<[u8]>, Failure>>> {
        let (body, credit) = {
            let mut state = self.flow.lock();
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
            self.shared.grant(self.id, credit);
        }
        Poll::Ready(Some(Ok(body)))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.shared.leave_stream(self.id);
    }
}

impl Shared {
    /// Opens a stream for incoming items.
    pub(super) fn open_stream(self: &Arc<Self>, id: RequestId, codec: Codec) -> Box<Reading> {
        let flow = Arc::new(Flow::new(codec));
        self.lock().streams.insert(id, flow.clone());
        Box::new(Reading {
            shared: self.clone(),
            id,
            flow,
            read: 0,
        })
    }

    /// Takes an item. One without a reader was sent before the cancellation
    /// arrived.
    pub(super) fn item(&self, id: RequestId, body: &[u8]) {
        let flow = self.lock().streams.get(&id).cloned();
        if let Some(flow) = flow
            && !flow.push(body)
        {
            let error = CodecError::Malformed {
                codec: flow.codec,
                detail: "the server sent more items than it was given credit for".to_owned(),
            };
            flow.finish(Err(Failure::Codec(Box::new(error), Delivery::MayHaveRun)));
            self.leave_stream(id);
        }
    }

    /// Ends a stream, as the server said.
    pub(super) fn end_stream(&self, id: RequestId, end: Result<(), Failure>) {
        let (flow, writer) = {
            let mut state = self.lock();
            (state.streams.remove(&id), state.seal_if_done())
        };
        writer.into_iter().for_each(Waker::wake);
        if let Some(flow) = flow {
            flow.finish(end);
        }
    }

    fn grant(&self, id: RequestId, items: u32) {
        self.say(id, &Frame::Credit { id, items }, false);
    }

    /// Ignores all further items of this stream.
    fn leave_stream(&self, id: RequestId) {
        self.say(id, &Frame::Cancel(id), true);
    }

    /// Sends a frame about an open stream to the server.
    fn say(&self, id: RequestId, frame: &Frame<'_>, is_last: bool) {
        let (_flow, writer) = {
            let mut state = self.lock();
            let flow = match is_last {
                true => state.streams.remove(&id),
                false => state.streams.get(&id).cloned(),
            };
            if flow.is_some() && matches!(state.link, Link::Up | Link::Leaving) {
                // Such a frame has no names and no body, so it always fits.
                state.pushed += state.out.push(frame).unwrap_or(0) as u64;
            }
            (flow, state.seal_if_done())
        };
        writer.into_iter().for_each(Waker::wake);
    }
}
