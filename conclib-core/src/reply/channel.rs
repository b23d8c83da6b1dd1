//! Channel for one answer, from a handler to its asker: one allocation and one mutex.

use std::any::Any;
use std::mem;
use std::task::{Context, Poll, Waker, ready};

use tokio::task::coop;

use crate::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[cfg(all(test, any(shuttle, conclib_loom)))]
mod model;

/// Creates a channel for one answer.
#[inline(always)]
pub(crate) fn channel<T>() -> (AnswerSender<T>, AnswerReceiver<T>) {
    let state = Arc::new(Mutex::new(State::Open {
        asker: None,
        handler: None,
    }));
    (
        AnswerSender(Some(state.clone())),
        AnswerReceiver(Some(state)),
    )
}

/// Receiver of an answer that its asker has left behind.
pub(crate) type Lost<T> = Box<dyn FnOnce(T) + Send>;

enum State<T> {
    /// No answer has come. The wakers are those of the asker, and of a handler that waits
    /// for the asker to leave.
    Open {
        asker: Option<Waker>,
        handler: Option<Waker>,
    },
    Answered(T),
    /// Answered, with a receiver for an answer that the asker leaves behind.
    Offered(Box<(T, Lost<T>)>),
    /// The handler has dropped its end.
    Unanswered,
    /// The asker has dropped its end.
    Left,
}

/// Handler's end of a channel. A drop tells the asker that no answer comes.
pub(crate) struct AnswerSender<T>(Option<Arc<Mutex<State<T>>>>);

impl<T> AnswerSender<T> {
    /// Sends the answer; drops it if the asker has left.
    #[inline(always)]
    pub(crate) fn send(mut self, answer: T) {
        let shared = self.0.take();
        // Nothing is left in it to drop.
        mem::forget(self);
        if let Some(shared) = shared {
            finish(shared, State::Answered(answer));
        }
    }

    /// Sends the answer; gives it to `lost` if the asker has left, or leaves without it.
    #[cold]
    pub(crate) fn offer(mut self, answer: T, lost: Lost<T>) {
        if let Some(shared) = self.0.take() {
            finish(shared, State::Offered(Box::new((answer, lost))));
        }
    }

    /// Returns this end without the type of the answer; [`of_any`](Self::of_any) returns it with
    /// that type, and has to be called.
    pub(crate) fn into_any(mut self) -> Option<Arc<dyn Any + Send + Sync>>
    where
        T: Send + 'static,
    {
        let shared: Arc<dyn Any + Send + Sync> = self.0.take()?;
        Some(shared)
    }

    /// Returns the end of the handler that was made by [`into_any`](Self::into_any). `None` if its
    /// answer has another type.
    pub(crate) fn of_any(shared: Arc<dyn Any + Send + Sync>) -> Option<Self>
    where
        T: Send + 'static,
    {
        Some(Self(Some(shared.downcast().ok()?)))
    }

    /// Tells whether the asker has left.
    #[inline(always)]
    pub(crate) fn is_closed(&self) -> bool {
        self.0
            .as_ref()
            .is_none_or(|shared| Arc::strong_count(shared) == 1)
    }

    /// Waits until the asker has left.
    pub(crate) fn poll_closed(&self, cx: &Context<'_>) -> Poll<()> {
        let Some(shared) = &self.0 else {
            return Poll::Ready(());
        };
        let mut state = lock(shared);
        let State::Open { handler, .. } = &mut *state else {
            return Poll::Ready(());
        };
        let former = handler.replace(cx.waker().clone());
        // A waker may run code of any executor, so the lock is released before its drop.
        drop(state);
        drop(former);
        Poll::Pending
    }
}

impl<T> Drop for AnswerSender<T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            finish(shared, State::Unanswered);
        }
    }
}

impl<T> State<T> {
    /// Returns the answer, if there is one.
    fn answer(self) -> Option<T> {
        match self {
            Self::Answered(answer) => Some(answer),
            Self::Offered(offered) => Some(offered.0),
            _ => None,
        }
    }

    /// Drops an answer that the asker does not take, or gives it back.
    #[inline]
    fn give_up(self) {
        if let Self::Offered(offered) = self {
            let (answer, lost) = *offered;
            lost(answer);
        }
    }
}

/// Ends the sender's part: sets the state, if the asker has not left, and wakes the asker.
#[inline(always)]
fn finish<T>(shared: Arc<Mutex<State<T>>>, end: State<T>) {
    let mut state = lock(&shared);
    let State::Open { asker, handler } = &mut *state else {
        // Unlocks before the drop of an answer, which is foreign code.
        drop(state);
        return end.give_up();
    };
    let (asker, handler) = (asker.take(), handler.take());
    // Nothing is left in the former state to drop.
    mem::forget(mem::replace(&mut *state, end));
    drop(state);
    // Dropped before the wake, so that the asker finds itself alone.
    drop(shared);
    if let Some(asker) = asker {
        asker.wake();
    }
    drop(handler);
}

/// Asker's end of a channel. A drop tells the handler that the asker has left.
pub(crate) struct AnswerReceiver<T>(Option<Arc<Mutex<State<T>>>>);

impl<T> AnswerReceiver<T> {
    /// Takes the answer if it is there and the handler has dropped its end: without the
    /// lock, and without a unit of tokio's budget. Meant for a caller that was told to
    /// wait by [`poll`](Self::poll).
    #[inline(always)]
    pub(crate) fn take(&mut self) -> Option<T> {
        match &self.0 {
            Some(shared) if Arc::strong_count(shared) == 1 => {}
            _ => return None,
        }
        let mutex = Arc::into_inner(self.0.take()?)?;
        let state = mutex.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.answer()
    }

    /// Waits for the answer; `None` if none comes.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let Some(shared) = &self.0 else {
            return Poll::Ready(None);
        };
        let mut state = lock(shared);
        if let State::Open { asker, .. } = &mut *state {
            if asker
                .as_ref()
                .is_none_or(|asker| !asker.will_wake(cx.waker()))
            {
                let former = asker.replace(cx.waker().clone());
                drop(state);
                drop(former);
            }
            return Poll::Pending;
        }
        drop(state);
        self.poll_done(cx)
    }

    /// Rest of [`poll`](Self::poll) for a channel that is done.
    #[inline(never)]
    fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        // A loop over answers that are there yields now and then.
        let budget = ready!(coop::poll_proceed(cx));
        budget.made_progress();
        let Some(shared) = self.0.take() else {
            return Poll::Ready(None);
        };
        let state = mem::replace(&mut *lock(&shared), State::Left);
        Poll::Ready(state.answer())
    }
}

impl<T> Drop for AnswerReceiver<T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            leave(shared);
        }
    }
}

#[inline(never)]
fn leave<T>(shared: Arc<Mutex<State<T>>>) {
    let before = mem::replace(&mut *lock(&shared), State::Left);
    // Dropped before the wake, so that the handler finds that the asker has left.
    drop(shared);
    match before {
        State::Open {
            handler: Some(handler),
            ..
        } => handler.wake(),
        before => before.give_up(),
    }
}

#[inline(always)]
fn lock<T>(shared: &Mutex<State<T>>) -> MutexGuard<'_, State<T>> {
    // No foreign code runs under this lock, so it cannot be poisoned half-way through a
    // change.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
