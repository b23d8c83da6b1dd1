//! Buffer for the items of one stream of replies.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use conclib_core::__private::Failure;
use conclib_core::wire::{Codec, FIRST_CREDIT};

/// Received items of a stream that were not read yet.
pub(super) struct StreamBuffer {
    pub(super) codec: Codec,
    state: Mutex<BufferState>,
}

pub(super) struct BufferState {
    pub(super) bodies: VecDeque<Box<[u8]>>,
    /// Number of further items that the server may send.
    pub(super) allowed: u32,
    pub(super) end: Option<Result<(), Failure>>,
    pub(super) reader: Option<Waker>,
}

impl StreamBuffer {
    pub(super) fn new(codec: Codec) -> Self {
        let state = BufferState {
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
    pub(super) fn push(&self, body: &[u8]) -> bool {
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

    pub(super) fn lock(&self) -> MutexGuard<'_, BufferState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
