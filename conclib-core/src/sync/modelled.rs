//! Types of std and tokio, built from the steps that a model checker knows.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::PoisonError;
use std::task::{Context, Poll, Waker};

use self::atomic::{AtomicBool, Ordering};

#[cfg(conclib_loom)]
pub(crate) use ::loom::sync::{Mutex, MutexGuard};
#[cfg(not(conclib_loom))]
pub(crate) use ::shuttle::sync::{Mutex, MutexGuard, atomic};

#[cfg(conclib_loom)]
pub(crate) mod atomic;

/// Replacement for `std::sync::OnceLock`, behind a flag: each use is a step of the model, with the
/// ordering of the original.
pub(crate) struct OnceLock<T> {
    value: std::sync::OnceLock<T>,
    is_set: AtomicBool,
}

impl<T> OnceLock<T> {
    pub(crate) fn new() -> Self {
        Self {
            value: std::sync::OnceLock::new(),
            is_set: AtomicBool::new(false),
        }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        let is_set = self.is_set.load(Ordering::Acquire);
        is_set.then(|| self.value.get()).flatten()
    }

    pub(crate) fn set(&self, value: T) -> Result<(), T> {
        self.value.set(value)?;
        self.is_set.store(true, Ordering::Release);
        Ok(())
    }
}

/// Replacement for `tokio::sync::Notify`, as far as it is used: a waiter is notified by every
/// [`notify_waiters`](Self::notify_waiters) after its [`notified`](Self::notified), polled or not.
#[derive(Default)]
pub(crate) struct Notify(Mutex<Told>);

#[derive(Default)]
struct Told {
    times: u64,
    waiting: Vec<Waker>,
}

impl Notify {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn notified(&self) -> Notified<'_> {
        let notify = self;
        let before = self.told().times;
        Notified { notify, before }
    }

    pub(crate) fn notify_waiters(&self) {
        let mut told = self.told();
        told.times += 1;
        let waiting = mem::take(&mut told.waiting);
        drop(told);
        waiting.into_iter().for_each(Waker::wake);
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct Notified<'a> {
    notify: &'a Notify,
    before: u64,
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut told = self.notify.told();
        if told.times != self.before {
            return Poll::Ready(());
        }
        told.waiting.push(cx.waker().clone());
        Poll::Pending
    }
}

/// Replacement for the `AtomicWaker` of `futures`, as far as it is used.
#[derive(Debug, Default)]
pub(crate) struct AtomicWaker(Mutex<Option<Waker>>);

impl AtomicWaker {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn register(&self, waker: &Waker) {
        let former = self.place().replace(waker.clone());
        drop(former);
    }

    pub(crate) fn wake(&self) {
        let waker = self.place().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn place(&self) -> MutexGuard<'_, Option<Waker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
