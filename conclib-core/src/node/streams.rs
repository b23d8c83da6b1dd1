//! Streams that are attached to an actor. All that does not depend on the type of their messages is
//! compiled once, in [`Streams`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use conclib_wire::Fault;
use futures_core::Stream;
use futures_util::stream::{AbortHandle, Abortable, SelectAll, StreamExt as _};

use crate::turn_scope;

/// Stream that leaves each of its messages in a slot.
pub(super) type SlotStream = Pin<Box<dyn Stream<Item = ()> + Send>>;

/// Streams of one actor, which take turns.
#[derive(Default)]
pub(super) struct Streams(SelectAll<Abortable<SlotStream>>);

impl Streams {
    pub(super) fn push(&mut self, stream: SlotStream) -> AbortHandle {
        let (handle, registration) = AbortHandle::new_pair();
        self.0.push(Abortable::new(stream, registration));
        handle
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Polls for the next message, which is then in the slot. `Pending` also means that no stream
    /// is left. The error is the panic of a stream, or of the closure that makes messages of its
    /// items: both are user code.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Box<Fault>>> {
        let streams = AssertUnwindSafe(|| self.0.poll_next_unpin(cx));
        match catch_unwind(|| turn_scope::beside(None, streams)) {
            Ok(Poll::Ready(Some(()))) => Poll::Ready(Ok(())),
            Ok(Poll::Ready(None) | Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(Err(Box::new(Fault::panic(&*panic)))),
        }
    }
}

/// Message of the stream that was ready last, until the actor takes it.
pub(super) struct Slot<I>(Arc<Mutex<Option<I>>>);

impl<I: Send + 'static> Slot<I> {
    /// Makes a stream that leaves its messages in the slot.
    pub(super) fn stream(&self, stream: impl Stream<Item = I> + Send + 'static) -> SlotStream {
        let slot = Self(self.0.clone());
        Box::pin(IntoSlot { stream, slot })
    }

    pub(super) fn take(&self) -> Option<I> {
        self.put(None)
    }

    fn put(&self, message: Option<I>) -> Option<I> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut slot, message)
    }
}

impl<I> Default for Slot<I> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

pin_project_lite::pin_project! {
    struct IntoSlot<S: Stream> {
        #[pin]
        stream: S,
        slot: Slot<S::Item>,
    }
}

impl<S: Stream<Item: Send + 'static>> Stream for IntoSlot<S> {
    type Item = ();

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<()>> {
        let this = self.project();
        let message = ready!(this.stream.poll_next(cx));
        let is_some = message.is_some();
        this.slot.put(message);
        Poll::Ready(is_some.then_some(()))
    }
}
