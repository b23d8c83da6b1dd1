//! Deferred answers: the handler returns first, and the answer comes later.

use std::fmt;
use std::task::{Context, Poll, Waker};

use conclib_wire::{Delivery, Failure, Never};

use super::Answer;
use super::channel::Lost;
use super::to::{ReplyTo, Slot};
use crate::deadlock::WaitingTurn;
use crate::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[cfg(all(test, shuttle))]
mod model;

/// Return value of a handler that answers later, through the [`ReplyTo`] that was made
/// with it by [`Context::defer`](crate::node::Context::defer).
#[must_use = "return it from the handler: it connects the asker with the `ReplyTo`"]
pub struct Deferred<T, E = Never>(Promise<T, E>);

enum Promise<T, E> {
    Later(Arc<DeferredSlot<T, E>>),
    Ready(T),
    /// The handler has returned this.
    Kept,
}

impl<T, E> Deferred<T, E> {
    /// Creates one that is answered at once, for a handler that answers later in other
    /// cases.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// struct Cache(Option<u64>);
    ///
    /// #[actor]
    /// impl Cache {
    ///     #[message]
    ///     fn read(&mut self, ctx: &mut Context<Self>) -> Deferred<u64> {
    ///         if let Some(known) = self.0 {
    ///             return Deferred::ready(known);
    ///         }
    ///         let (reply, deferred) = ctx.defer();
    ///         tokio::spawn(async move { reply.send(1) });
    ///         deferred
    ///     }
    /// }
    ///
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// assert_eq!(system.spawn(Cache(None))?.read().await?, 1);
    /// assert_eq!(system.spawn(Cache(Some(7)))?.read().await?, 7);
    /// # Ok(())
    /// # }
    /// ```
    pub const fn ready(reply: T) -> Self {
        Self(Promise::Ready(reply))
    }

    pub(crate) fn pair() -> (ReplyTo<T, E>, Self) {
        Self::pair_for(None, false)
    }

    /// Creates the pair for a request that is passed on; `waiting` is the turn that
    /// waits for its answer. `is_forwarded` says that another actor is to answer.
    pub(crate) fn pair_for(
        waiting: Option<WaitingTurn>,
        is_forwarded: bool,
    ) -> (ReplyTo<T, E>, Self) {
        let later = Arc::new(DeferredSlot {
            meeting: Mutex::new(Meeting::Neither(None)),
            waiting,
            is_forwarded,
        });
        let reply = Slot::Deferred {
            later: Unanswered(later.clone()),
            due: None,
        };
        (ReplyTo(reply), Self(Promise::Later(later)))
    }

    /// Connects the answer with the asker, once the handler has returned.
    pub(crate) fn meet(mut self, asker: ReplyTo<T, E>) {
        match std::mem::replace(&mut self.0, Promise::Kept) {
            Promise::Later(later) => {
                asker.stands_aside();
                later.asker(Some(asker));
            }
            Promise::Ready(reply) => asker.send(reply),
            Promise::Kept => {}
        }
    }
}

impl<T, E> Drop for Deferred<T, E> {
    fn drop(&mut self) {
        // The handler did not return this, or returned another one: its asker is told
        // elsewhere.
        if let Promise::Later(later) = &self.0 {
            later.asker(None);
        }
    }
}

impl<T, E> fmt::Debug for Deferred<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deferred").finish_non_exhaustive()
    }
}

/// Answering end of a deferred reply. A drop without an answer tells the asker so, as
/// the channel of a local reply does by itself.
pub(super) struct Unanswered<T, E>(Arc<DeferredSlot<T, E>>);

impl<T, E> Unanswered<T, E> {
    /// Turn that waits for the answer to a request that is passed on.
    pub(super) fn waiting(&self) -> Option<&WaitingTurn> {
        self.0.waiting.as_ref()
    }

    pub(super) fn answer(self, answer: Answer<T, E>) {
        self.0.answer(answer, None);
    }

    pub(super) fn offer(self, answer: Answer<T, E>, lost: Lost<Answer<T, E>>) {
        self.0.answer(answer, Some(lost));
    }

    pub(super) fn is_wanted(&self) -> bool {
        match &*self.0.lock() {
            // The handler has not returned yet, so the asker is not known here.
            Meeting::Neither(_) => true,
            Meeting::Asker(Some(asker)) => asker.is_wanted(),
            Meeting::Asker(None) | Meeting::Answer(..) => false,
        }
    }

    /// Tells whether the asker has stopped waiting. Not known, and so false, before the
    /// handler has returned.
    #[cold]
    pub(super) fn has_left(&self) -> bool {
        match &*self.0.lock() {
            Meeting::Asker(Some(asker)) => asker.outlook().1,
            Meeting::Neither(_) | Meeting::Asker(None) | Meeting::Answer(..) => false,
        }
    }

    pub(super) fn poll_closed(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut *self.0.lock() {
            Meeting::Neither(waker) => {
                waker
                    .get_or_insert_with(|| cx.waker().clone())
                    .clone_from(cx.waker());
                Poll::Pending
            }
            Meeting::Asker(Some(asker)) => asker.poll_closed(cx),
            Meeting::Asker(None) | Meeting::Answer(..) => Poll::Ready(()),
        }
    }
}

impl<T, E> Drop for Unanswered<T, E> {
    fn drop(&mut self) {
        let mut meeting = self.0.lock();
        let asker = match &mut *meeting {
            Meeting::Neither(_) => {
                *meeting = Meeting::Answer(Err(Box::new(Failure::NoReply)), None);
                return;
            }
            // After an answer the asker is gone.
            Meeting::Asker(asker) => asker.take(),
            Meeting::Answer(..) => None,
        };
        drop(meeting);
        // The drop of its own end tells the asker.
        drop(asker);
    }
}

/// Meeting point of an answer and its asker, whichever comes first.
struct DeferredSlot<T, E> {
    meeting: Mutex<Meeting<T, E>>,
    waiting: Option<WaitingTurn>,
    /// True if the handler has passed the request on to another actor.
    is_forwarded: bool,
}

enum Meeting<T, E> {
    /// No answer and no asker is here yet. The waker is that of the answering end, if
    /// it waits for the asker to leave.
    Neither(Option<Waker>),
    /// Answer, and the receiver for one that the asker does not get.
    Answer(Answer<T, E>, Option<Lost<Answer<T, E>>>),
    /// Asker; `None` once the answer has taken it, or if the handler never returned.
    Asker(Option<ReplyTo<T, E>>),
}

impl<T, E> DeferredSlot<T, E> {
    fn answer(&self, mut answer: Answer<T, E>, lost: Option<Lost<Answer<T, E>>>) {
        if let Err(failure) = &mut answer
            && self.is_forwarded
        {
            has_begun(failure);
        }
        let mut meeting = self.lock();
        let asker = match &mut *meeting {
            Meeting::Neither(_) => {
                *meeting = Meeting::Answer(answer, lost);
                return;
            }
            Meeting::Asker(asker) => asker.take(),
            // An answer is here already.
            Meeting::Answer(..) => None,
        };
        // User code encodes an answer, so the lock is released before.
        drop(meeting);
        give(asker, answer, lost);
    }

    fn asker(&self, asker: Option<ReplyTo<T, E>>) {
        let mut meeting = self.lock();
        match std::mem::replace(&mut *meeting, Meeting::Asker(None)) {
            Meeting::Answer(answer, lost) => {
                drop(meeting);
                give(asker, answer, lost);
            }
            Meeting::Neither(waker) => {
                *meeting = Meeting::Asker(asker);
                drop(meeting);
                // A task that waits for the asker to leave has to poll this asker.
                if let Some(waker) = waker {
                    waker.wake();
                }
            }
            Meeting::Asker(_) => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Meeting<T, E>> {
        self.meeting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that a request may have run which another actor has not had: the handler that has passed it on
/// has run.
fn has_begun(failure: &mut Failure) {
    match failure {
        Failure::Stopped(delivery)
        | Failure::Disconnected(delivery)
        | Failure::Codec(_, delivery)
        | Failure::Cycle(_, delivery)
        | Failure::Unsupported(_, delivery) => *delivery = Delivery::MayHaveRun,
        Failure::Unknown(unknown) => unknown.delivery = Delivery::MayHaveRun,
        _ => {}
    }
}

/// Gives the answer to the asker, or back.
fn give<T, E>(
    asker: Option<ReplyTo<T, E>>,
    answer: Answer<T, E>,
    lost: Option<Lost<Answer<T, E>>>,
) {
    match (asker, lost) {
        (Some(asker), None) => asker.answer(answer),
        (Some(asker), Some(lost)) => asker.offer(answer, lost),
        (None, Some(lost)) => lost(answer),
        (None, None) => {}
    }
}
