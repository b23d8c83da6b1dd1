//! Bounded channel between a stream of replies and its reader.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use conclib_wire::{Delivery, FIRST_CREDIT, Failure};

/// Number of items that a stream may be ahead of its reader.
pub(crate) const CREDIT: usize = FIRST_CREDIT as usize;

/// End of a stream: after its last item, or by a failure.
pub(crate) type PipeEnd = Result<(), Failure>;

/// Reader's end of a pipe.
pub(crate) struct ItemReceiver<T>(Arc<Pipe<T>>);

/// Writer's end of a pipe. A drop before [`finish`](Self::finish) means that the stream
/// was cut off, and tells the reader so.
pub(crate) struct ItemSender<T>(Arc<Pipe<T>>);

struct Pipe<T>(Mutex<PipeState<T>>);

struct PipeState<T> {
    items: VecDeque<T>,
    end: Option<PipeEnd>,
    /// Waker of the reader, which waits for an item.
    reader: Option<Waker>,
    /// Waker of the writer, which waits for room or for the reader to leave.
    writer: Option<Waker>,
    /// True if the writer waits for room.
    is_full: bool,
    /// True if the reader has left.
    left: bool,
}

pub(crate) fn pipe<T>() -> (ItemSender<T>, ItemReceiver<T>) {
    let pipe = Arc::new(Pipe::new(VecDeque::new(), None));
    (ItemSender(pipe.clone()), ItemReceiver(pipe))
}

impl<T> Pipe<T> {
    const fn new(items: VecDeque<T>, end: Option<PipeEnd>) -> Self {
        Self(Mutex::new(PipeState {
            items,
            end,
            reader: None,
            writer: None,
            is_full: false,
            left: false,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, PipeState<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stores the waker of `cx` in `place`.
fn keep(place: &mut Option<Waker>, cx: &Context<'_>) {
    match place {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *place = Some(cx.waker().clone()),
    }
}

impl<T> ItemSender<T> {
    /// Waits for room for an item; resolves to `false` once the reader has left. The
    /// waker of `cx` is woken by that in any case.
    pub(crate) fn poll_room(&self, cx: &Context<'_>) -> Poll<bool> {
        let mut state = self.0.lock();
        if state.left {
            return Poll::Ready(false);
        }
        keep(&mut state.writer, cx);
        state.is_full = state.items.len() >= CREDIT;
        match state.is_full {
            true => Poll::Pending,
            false => Poll::Ready(true),
        }
    }

    pub(crate) fn push(&self, item: T) {
        let (reader, _unread) = {
            let mut state = self.0.lock();
            match state.left {
                // The item is dropped outside of the lock.
                true => (None, Some(item)),
                false => {
                    state.items.push_back(item);
                    (state.reader.take(), None)
                }
            }
        };
        reader.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn finish(self, end: PipeEnd) {
        self.end(end);
    }

    fn end(&self, end: PipeEnd) {
        let reader = {
            let mut state = self.0.lock();
            state.end.get_or_insert(end);
            state.writer = None;
            state.reader.take()
        };
        reader.into_iter().for_each(Waker::wake);
    }
}

impl<T> Drop for ItemSender<T> {
    fn drop(&mut self) {
        // Has no effect after `finish`.
        self.end(Err(Failure::Stopped(Delivery::MayHaveRun)));
    }
}

impl<T> ItemReceiver<T> {
    /// Creates a receiver that has all its items already.
    pub(crate) fn full(items: VecDeque<T>) -> Self {
        Self(Arc::new(Pipe::new(items, Some(Ok(())))))
    }

    /// Polls for the next item; after the last one, returns the end of the stream.
    pub(crate) fn poll_item(&self, cx: &Context<'_>) -> Poll<Result<T, PipeEnd>> {
        let (item, writer) = {
            let mut state = self.0.lock();
            match (state.items.pop_front(), &state.end) {
                (Some(item), _) => {
                    // Wakes the writer once half of the room is free: a wake-up for
                    // each item would cost more than the items.
                    let wake = state.is_full && state.items.len() <= CREDIT / 2;
                    let writer = if wake { state.writer.take() } else { None };
                    (item, writer)
                }
                (None, Some(end)) => return Poll::Ready(Err(end.clone())),
                (None, None) => {
                    keep(&mut state.reader, cx);
                    return Poll::Pending;
                }
            }
        };
        writer.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(item))
    }
}

impl<T> Drop for ItemReceiver<T> {
    fn drop(&mut self) {
        let (_unread, writer) = {
            let mut state = self.0.lock();
            state.left = true;
            (std::mem::take(&mut state.items), state.writer.take())
        };
        writer.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn who_waits_for_room_is_woken_once_when_half_of_it_is_free() {
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(wakes.clone());
        let cx = Context::from_waker(&waker);
        let (sender, receiver) = pipe();
        let mut given = 0;
        while sender.poll_room(&cx) == Poll::Ready(true) {
            sender.push(given);
            given += 1;
        }
        assert_eq!(given, CREDIT);
        for taken in 1..=CREDIT {
            assert!(receiver.poll_item(&cx).is_ready());
            let woken = wakes.0.load(Ordering::Relaxed);
            assert_eq!(woken, usize::from(taken >= CREDIT / 2), "{taken} taken");
        }
    }
}
