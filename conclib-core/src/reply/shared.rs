//! Answer that several tasks share.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use conclib_wire::{Never, Urn};
use slab::Slab;

use super::pick::Reply;
use crate::error::AskError;
use crate::time::DeadlineTimer;

impl<T: Clone, E: Clone> Reply<T, E> {
    /// Shares the answer among any number of tasks: each has its clone of the
    /// [`SharedReply`], and awaits it.
    pub fn shared(self) -> SharedReply<T, E> {
        SharedReply {
            shared: Arc::new(SharedState {
                state: Mutex::new(SharedReplyState::SharedWaiters(self)),
                waiting: Arc::default(),
                limit: Mutex::new(None),
            }),
            place: None,
        }
    }
}

/// Answer that several tasks share: it is picked up once, and each clone that is
/// awaited gives a copy of it.
///
/// Dropping the last clone gives the answer up, as with a [`Reply`].
///
/// ```
/// use conclib::prelude::*;
///
/// # #[actor]
/// # struct Oracle;
/// #
/// # #[actor]
/// # impl Oracle {
/// #     #[message]
/// #     fn answer(&mut self) -> u64 { 42 }
/// # }
/// #
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let oracle = system.spawn(Oracle)?;
/// let answer = oracle.answer().reply().await?.shared();
/// let other = tokio::spawn(answer.clone());
/// assert_eq!(answer.await?, 42);
/// assert_eq!(other.await.unwrap()?, 42);
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
/// A `SharedReply` is a plain future: `&mut reply` can be awaited again and again, also
/// after the answer came. A task that stops waiting takes nothing from the others.
#[must_use = "the answer is never picked up: use `.tell()` if you do not want one"]
pub struct SharedReply<T, E = Never> {
    shared: Arc<SharedState<T, E>>,
    /// Key of this clone's waker, while this clone waits.
    place: Option<usize>,
}

struct SharedState<T, E> {
    state: Mutex<SharedReplyState<T, E>>,
    /// Wakers of the clones that wait. Apart from the reply, which holds this as its
    /// own waker and must not hold itself.
    waiting: Arc<SharedWaiters>,
    /// New limit, which the next poll applies.
    limit: Mutex<Option<DeadlineTimer>>,
}

enum SharedReplyState<T, E> {
    SharedWaiters(Reply<T, E>),
    /// A clone has taken the reply, and polls it without the lock: combinators run user
    /// code.
    Polled,
    Here(Result<T, AskError<E>>),
}

/// Wakers of the clones that wait. Each wake-up wakes all of them, so it does not
/// matter which of them leave.
#[derive(Default)]
struct SharedWaiters(Mutex<Slab<Waker>>);

impl SharedWaiters {
    fn enter(&self, place: &mut Option<usize>, waker: &Waker) {
        let mut wakers = self.lock();
        match place.and_then(|place| wakers.get_mut(place)) {
            Some(known) => known.clone_from(waker),
            None => *place = Some(wakers.insert(waker.clone())),
        }
    }

    fn leave(&self, place: &mut Option<usize>) {
        if let Some(place) = place.take() {
            let waker = self.lock().try_remove(place);
            // A waker may run code of any executor, so it is dropped without the lock.
            drop(waker);
        }
    }

    fn wake_all(&self) {
        let wakers: Vec<_> = self.lock().iter().map(|(_, waker)| waker.clone()).collect();
        wakers.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Slab<Waker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for SharedWaiters {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_all();
    }
}

impl<T, E> SharedState<T, E> {
    fn state(&self) -> MutexGuard<'_, SharedReplyState<T, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn limit(&self) -> MutexGuard<'_, Option<DeadlineTimer>> {
        self.limit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the reply to poll it, unless another clone does.
    fn take(&self) -> Option<Taken<'_, T, E>> {
        let mut state = self.state();
        match std::mem::replace(&mut *state, SharedReplyState::Polled) {
            SharedReplyState::SharedWaiters(reply) => Some(Taken {
                shared: self,
                reply: Some(reply),
            }),
            other => {
                *state = other;
                None
            }
        }
    }
}

/// Reply while one clone polls it. If this poll panics, the other clones get an error.
struct Taken<'a, T, E> {
    shared: &'a SharedState<T, E>,
    reply: Option<Reply<T, E>>,
}

impl<T, E> Taken<'_, T, E> {
    /// Polls the reply. Returns true if the answer came.
    fn poll(mut self) -> bool {
        let Some(reply) = &mut self.reply else {
            return false;
        };
        if let Some(limit) = self.shared.limit().take() {
            reply.deadline = limit;
        }
        let waker = Waker::from(self.shared.waiting.clone());
        let polled = Pin::new(reply).poll(&mut Context::from_waker(&waker));
        // The rest of the reply is dropped without the lock.
        let reply = self.reply.take();
        let mut state = self.shared.state();
        match (polled, reply) {
            (Poll::Ready(answer), _used_up) => {
                *state = SharedReplyState::Here(answer);
                drop(state);
                true
            }
            (Poll::Pending, reply) => {
                if let Some(reply) = reply {
                    *state = SharedReplyState::SharedWaiters(reply);
                }
                false
            }
        }
    }
}

impl<T, E> Drop for Taken<'_, T, E> {
    fn drop(&mut self) {
        if let Some(reply) = self.reply.take() {
            let urn = reply.urn().unwrap_or_else(Urn::anonymous);
            *self.shared.state() = SharedReplyState::Here(Err(AskError::NoReply { urn }));
            self.shared.waiting.wake_all();
        }
    }
}

impl<T, E> SharedReply<T, E> {
    /// Limits the time for the answer, counted from this call, in place of any former
    /// limit: for all clones, whichever this is called on.
    pub fn timeout(self, after: Duration) -> Self {
        *self.shared.limit() = Some(DeadlineTimer::after(after));
        self.shared.waiting.wake_all();
        self
    }
}

impl<T: Clone, E: Clone> Future for SharedReply<T, E> {
    type Output = Result<T, AskError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { shared, place } = self.get_mut();
        // Registered first, so that no wake-up is missed, whichever clone polls.
        shared.waiting.enter(place, cx.waker());
        let came = shared.take().is_some_and(Taken::poll);
        let answer = match &*shared.state() {
            SharedReplyState::Here(answer) => answer.clone(),
            _ => return Poll::Pending,
        };
        shared.waiting.leave(place);
        if came {
            shared.waiting.wake_all();
        }
        Poll::Ready(answer)
    }
}

impl<T, E> Clone for SharedReply<T, E> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            place: None,
        }
    }
}

impl<T, E> Drop for SharedReply<T, E> {
    fn drop(&mut self) {
        self.shared.waiting.leave(&mut self.place);
    }
}

impl<T, E> fmt::Debug for SharedReply<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedReply").finish_non_exhaustive()
    }
}
