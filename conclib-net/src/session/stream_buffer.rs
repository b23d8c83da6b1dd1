//! Buffer for the items of one stream of replies.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use conclib_core::__private::Failure;
use conclib_core::wire::Codec;

use super::flow::ReceiveCredit;
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// Received items of a stream that were not read yet.
pub(super) struct StreamBuffer {
    pub(super) codec: Codec,
    state: Mutex<BufferState>,
}

struct BufferState {
    items: VecDeque<(Box<[u8]>, Vec<u64>)>,
    credit: ReceiveCredit,
    end: Option<Result<(), Failure>>,
    reader: Option<Waker>,
    /// Set when the reader has left.
    is_left: bool,
}

/// Reason why an item is not kept.
pub(super) enum NotKept {
    /// The reader has left.
    Left,
    /// The sender had no credit.
    NoCredit,
}

/// Next event of a stream, for its reader.
pub(super) enum Next {
    Body {
        body: Box<[u8]>,
        /// Keys of the references in the body.
        keys: Vec<u64>,
        /// Credit to grant to the sender.
        credit: Option<u32>,
    },
    End(Result<(), Failure>),
}

impl StreamBuffer {
    pub(super) fn new(codec: Codec) -> Self {
        let state = BufferState {
            items: VecDeque::new(),
            credit: ReceiveCredit::new(),
            end: None,
            reader: None,
            is_left: false,
        };
        Self {
            codec,
            state: Mutex::new(state),
        }
    }

    /// Adds an item.
    ///
    /// # Errors
    /// Returns the keys of an item that is not kept, and the reason.
    pub(super) fn push(&self, body: &[u8], keys: Vec<u64>) -> Result<(), (NotKept, Vec<u64>)> {
        let reader = {
            let mut state = self.lock();
            if state.is_left {
                return Err((NotKept::Left, keys));
            }
            if !state.credit.receive() {
                return Err((NotKept::NoCredit, keys));
            }
            state.items.push_back((body.into(), keys));
            state.reader.take()
        };
        reader.into_iter().for_each(Waker::wake);
        Ok(())
    }

    pub(super) fn finish(&self, end: Result<(), Failure>) {
        let reader = {
            let mut state = self.lock();
            state.end.get_or_insert(end);
            state.reader.take()
        };
        reader.into_iter().for_each(Waker::wake);
    }

    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Next> {
        let mut state = self.lock();
        match (state.items.pop_front(), &state.end) {
            (Some((body, keys)), end) => {
                let has_ended = end.is_some();
                let credit = state.credit.read().filter(|_| !has_ended);
                Poll::Ready(Next::Body { body, keys, credit })
            }
            (None, Some(end)) => Poll::Ready(Next::End(end.clone())),
            (None, None) => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Drops the items, and those that still come, as the reader leaves. Returns the keys of the
    /// references in them.
    pub(super) fn leave(&self) -> Vec<u64> {
        let items = {
            let mut state = self.lock();
            state.is_left = true;
            std::mem::take(&mut state.items)
        };
        items.into_iter().flat_map(|(_, keys)| keys).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BufferState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
