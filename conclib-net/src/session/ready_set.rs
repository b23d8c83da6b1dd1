//! Set of the streams that can make progress, and their wakers.

use std::sync::Arc;
use std::task::{Wake, Waker};

use conclib_core::wire::{Codec, OutboundStream, RequestId};

use super::id_map::IdMap;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(all(test, shuttle))]
mod model;

/// Set of streams that can make progress, or are to end. An insert wakes the
/// scheduler.
#[derive(Default)]
pub(super) struct ReadySet {
    /// Flag, so that a connection without streams does not take the lock.
    is_changed: AtomicBool,
    state: Mutex<ReadyState>,
}

#[derive(Default)]
struct ReadyState {
    ids: IdMap<()>,
    scheduler: Option<Waker>,
}

impl ReadySet {
    pub(super) fn insert(&self, id: RequestId) {
        let mut state = self.lock();
        state.ids.insert(id, ());
        self.wake_after(state);
    }

    /// Wakes the scheduler without a stream: unwritten bytes have left.
    pub(super) fn wake(&self) {
        self.wake_after(self.lock());
    }

    fn wake_after(&self, state: MutexGuard<'_, ReadyState>) {
        let scheduler = state.scheduler.clone();
        // Set under the lock: a scheduler that registers after this sees the flag.
        self.is_changed.store(true, Ordering::Release);
        drop(state);
        scheduler.into_iter().for_each(Waker::wake);
    }

    /// Registers the waker of the scheduler.
    pub(super) fn register(&self, waker: Waker) {
        self.lock().scheduler = Some(waker);
    }

    /// Takes all streams out. `None` if nothing has changed since the last
    /// call.
    pub(super) fn take(&self) -> Option<IdMap<()>> {
        let is_changed = self.is_changed.swap(false, Ordering::AcqRel);
        is_changed.then(|| std::mem::take(&mut self.lock().ids))
    }

    fn lock(&self) -> MutexGuard<'_, ReadyState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waker of one stream.
struct StreamWaker {
    id: RequestId,
    ready_set: Arc<ReadySet>,
}

impl Wake for StreamWaker {
    fn wake(self: Arc<Self>) {
        self.ready_set.insert(self.id);
    }
}

/// Stream with its waker.
pub(super) struct ScheduledStream {
    pub(super) items: OutboundStream,
    pub(super) codec: Codec,
    pub(super) waker: Waker,
    /// Set while the stream is in the queue of the scheduler.
    pub(super) is_ready: bool,
}

impl ScheduledStream {
    pub(super) fn new(
        id: RequestId,
        codec: Codec,
        items: OutboundStream,
        ready_set: &Arc<ReadySet>,
    ) -> Self {
        let ready_set = ready_set.clone();
        Self {
            items,
            codec,
            waker: Waker::from(Arc::new(StreamWaker { id, ready_set })),
            is_ready: false,
        }
    }
}
