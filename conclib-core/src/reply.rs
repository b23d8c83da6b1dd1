//! The two ends of one answer.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::current::ActorId;
use crate::deadline::Deadline;
use crate::error::{AskError, Delivery, Failure};
use crate::message::{Message, Never};
use crate::named::Named;
use crate::wire::{CancelOnDrop, WireAsker, WireReply};

/// What comes back through a local reply slot.
pub(crate) type Answer<T, E> = Result<T, Refusal<E>>;

/// Why there is no reply: the handler's error, or one of ours.
pub(crate) enum Refusal<E> {
    Handler(E),
    Failure(Box<Failure>),
}

/// The end of an answer that the handler holds.
///
/// It is consumed by answering, so there is one answer at most. Dropped
/// unanswered, it tells the asker so: [`AskError::NoReply`].
///
/// A handler gets hold of one by [`Context::defer`](crate::Context::defer).
pub struct ReplyTo<T, E = Never>(Slot<T, E>);

enum Slot<T, E> {
    /// Nobody asked: the message was told.
    Nobody,
    Local(oneshot::Sender<Answer<T, E>>),
    /// The asker is in another process.
    Wire(Box<WireReply<T, E>>),
    /// The handler has not returned its [`Deferred`] yet.
    Deferred(Unanswered<T, E>),
}

impl<T, E> ReplyTo<T, E> {
    pub(crate) const fn nobody() -> Self {
        Self(Slot::Nobody)
    }

    pub(crate) fn local() -> (Self, oneshot::Receiver<Answer<T, E>>) {
        let (sender, receiver) = oneshot::channel();
        (Self(Slot::Local(sender)), receiver)
    }

    pub(crate) fn wire(reply: WireReply<T, E>) -> Self {
        Self(Slot::Wire(Box::new(reply)))
    }

    /// Answers with a reply. If the asker has left, the reply is dropped.
    pub fn send(self, reply: T) {
        self.answer(Ok(reply));
    }

    /// Answers with an error of the domain.
    pub fn fail(self, error: E) {
        self.answer(Err(Refusal::Handler(error)));
    }

    /// Whether somebody still waits for the answer. A message that was told
    /// has no asker.
    pub fn is_wanted(&self) -> bool {
        match &self.0 {
            Slot::Nobody => false,
            Slot::Local(sender) => !sender.is_closed(),
            Slot::Wire(reply) => reply.is_wanted(),
            Slot::Deferred(later) => later.is_wanted(),
        }
    }

    /// Whether the message came with an asker at all.
    pub(crate) fn was_asked(&self) -> bool {
        match &self.0 {
            Slot::Nobody => false,
            Slot::Wire(reply) => reply.was_asked(),
            _ => true,
        }
    }

    #[inline]
    pub(crate) fn wire_asker(&self) -> Option<&WireAsker> {
        match &self.0 {
            Slot::Wire(reply) => Some(reply.asker()),
            _ => None,
        }
    }

    /// Answers with a failure of ours.
    pub(crate) fn refuse(self, failure: Failure) {
        if !matches!(self.0, Slot::Nobody) {
            self.answer(Err(Refusal::Failure(Box::new(failure))));
        }
    }

    #[inline(always)]
    pub(crate) fn answer(self, answer: Answer<T, E>) {
        match self.0 {
            Slot::Nobody => {}
            // An asker that has left is no mistake of the handler's.
            Slot::Local(sender) => drop(sender.send(answer)),
            Slot::Wire(reply) => reply.answer(answer),
            Slot::Deferred(later) => later.answer(answer),
        }
    }
}

impl<T, E> fmt::Debug for ReplyTo<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyTo").finish_non_exhaustive()
    }
}

/// What a handler returns when it answers later, through the [`ReplyTo`] that
/// was made with it by [`Context::defer`](crate::Context::defer).
#[must_use = "return it from the handler: it is what ties the asker to the `ReplyTo`"]
pub struct Deferred<T, E = Never>(Arc<Later<T, E>>);

impl<T, E> Deferred<T, E> {
    pub(crate) fn pair() -> (ReplyTo<T, E>, Self) {
        let later = Arc::new(Later(Mutex::new(Meeting::Neither)));
        (
            ReplyTo(Slot::Deferred(Unanswered(later.clone()))),
            Self(later),
        )
    }

    /// The handler returned: from now on answers go to its asker.
    pub(crate) fn meet(self, asker: ReplyTo<T, E>) {
        self.0.asker(asker);
    }
}

impl<T, E> fmt::Debug for Deferred<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deferred").finish_non_exhaustive()
    }
}

/// The end of the one who is to answer. Dropped without it, the asker is told
/// so; of a local asker's end, its channel does that.
struct Unanswered<T, E>(Arc<Later<T, E>>);

impl<T, E> Unanswered<T, E> {
    fn answer(self, answer: Answer<T, E>) {
        self.0.answer(answer);
    }

    fn is_wanted(&self) -> bool {
        let meeting = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*meeting {
            // The handler has not returned yet: nobody knows.
            Meeting::Neither => true,
            Meeting::Asker(Some(asker)) => asker.is_wanted(),
            Meeting::Asker(None) | Meeting::Answer(_) => false,
        }
    }
}

impl<T, E> Drop for Unanswered<T, E> {
    fn drop(&mut self) {
        // After an answer this comes too late, and changes nothing.
        self.0
            .answer(Err(Refusal::Failure(Box::new(Failure::NoReply))));
    }
}

/// Where an answer and its asker meet, whichever comes first.
struct Later<T, E>(Mutex<Meeting<T, E>>);

enum Meeting<T, E> {
    Neither,
    Answer(Answer<T, E>),
    /// Taken by the answer.
    Asker(Option<ReplyTo<T, E>>),
}

impl<T, E> Later<T, E> {
    fn answer(&self, answer: Answer<T, E>) {
        let mut meeting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let asker = match &mut *meeting {
            Meeting::Neither => {
                *meeting = Meeting::Answer(answer);
                return;
            }
            Meeting::Asker(asker) => asker.take(),
            // There is an answer already.
            Meeting::Answer(_) => None,
        };
        // An answer is encoded by a user's code: not under the lock.
        drop(meeting);
        if let Some(asker) = asker {
            asker.answer(answer);
        }
    }

    fn asker(&self, asker: ReplyTo<T, E>) {
        let mut meeting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *meeting, Meeting::Asker(None)) {
            Meeting::Answer(answer) => {
                drop(meeting);
                asker.answer(answer);
            }
            Meeting::Neither | Meeting::Asker(_) => *meeting = Meeting::Asker(Some(asker)),
        }
    }
}

/// A message on its way to a handler, with the place for its reply.
///
/// The variants of a generated inbox hold one of these.
pub struct Request<M: Message> {
    /// The message.
    pub message: M,
    /// Where the reply goes.
    pub reply: ReplyTo<M::Reply, M::Error>,
    /// Which actor of the same system sent it.
    pub(crate) from: Option<ActorId>,
}

impl<M: Message> Request<M> {
    /// Tells whoever asks that this was not served.
    #[doc(hidden)]
    pub fn refuse(self, failure: Failure) {
        self.reply.refuse(failure);
    }

    /// A message that came by itself.
    #[doc(hidden)]
    pub const fn tick(message: M) -> Self {
        Self {
            message,
            reply: ReplyTo::nobody(),
            from: None,
        }
    }

    /// Word to a wire that a told message is queued.
    #[doc(hidden)]
    pub fn queued(&mut self) {
        if let Slot::Wire(reply) = &mut self.reply.0 {
            reply.queued();
        }
    }
}

impl<M: Message> fmt::Debug for Request<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("message", &M::NAME)
            .finish_non_exhaustive()
    }
}

/// An answer to pick up later: the request was queued when this was made.
///
/// Dropped, it gives the answer up; the handler of a local actor runs all the
/// same.
///
/// # Cancel safety
/// It is a plain future: `&mut reply` can be awaited in `select!` again and
/// again.
#[must_use = "an answer that nobody picks up: use `.tell()` if you do not want one"]
pub struct Reply<T, E = Never> {
    pub(crate) answer: Pick<T, E>,
    pub(crate) deadline: Deadline,
    pub(crate) cancel: Option<CancelOnDrop>,
}

/// Where a [`Reply`] picks its answer up.
pub(crate) enum Pick<T, E> {
    Slot(oneshot::Receiver<Answer<T, E>>, Arc<dyn Named>),
    Ready(Option<Result<T, AskError<E>>>),
}

// Nothing inside is ever pinned.
impl<T, E> Unpin for Reply<T, E> {}

impl<T, E> Reply<T, E> {
    pub(crate) fn ready(answer: Result<T, AskError<E>>) -> Self {
        Self {
            answer: Pick::Ready(Some(answer)),
            deadline: Deadline::Never,
            cancel: None,
        }
    }

    /// Gives the answer this long from now, in place of any former limit.
    pub fn timeout(mut self, after: Duration) -> Self {
        self.deadline = Deadline::after(after);
        self
    }
}

impl<T, E> Future for Reply<T, E> {
    type Output = Result<T, AskError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let answer = ready!(match &mut this.answer {
            Pick::Slot(slot, who) => poll_answer(slot, &mut this.deadline, cx, &**who),
            Pick::Ready(answer) => answer.take().map_or(Poll::Pending, Poll::Ready),
        });
        settle(this.cancel.take(), &answer);
        Poll::Ready(answer)
    }
}

impl<T, E> fmt::Debug for Reply<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").finish_non_exhaustive()
    }
}

/// Waits for the answer, until the deadline.
#[inline]
pub(crate) fn poll_answer<T, E>(
    answer: &mut oneshot::Receiver<Answer<T, E>>,
    deadline: &mut Deadline,
    cx: &mut Context<'_>,
    who: &(impl Named + ?Sized),
) -> Poll<Result<T, AskError<E>>> {
    match Pin::new(answer).poll(cx) {
        Poll::Ready(Ok(Ok(reply))) => Poll::Ready(Ok(reply)),
        Poll::Ready(Ok(Err(Refusal::Handler(error)))) => Poll::Ready(Err(AskError::Handler(error))),
        Poll::Ready(Ok(Err(Refusal::Failure(failure)))) => {
            Poll::Ready(Err(AskError::new(who.urn(), *failure)))
        }
        Poll::Ready(Err(_)) => Poll::Ready(Err(AskError::NoReply { urn: who.urn() })),
        Poll::Pending => deadline
            .poll(cx)
            .map(|late| Err(late.into_ask_error(who.urn(), Delivery::MayHaveRun))),
    }
}

/// An answer came, so there is nothing to cancel; unless it was the deadline
/// that ended the wait.
pub(crate) fn settle<T, E>(cancel: Option<CancelOnDrop>, answer: &Result<T, AskError<E>>) {
    if let Some(cancel) = cancel
        && !matches!(answer, Err(AskError::Deadline { .. }))
    {
        cancel.done();
    }
}
