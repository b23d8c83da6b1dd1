//! Asker's end of an answer.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use conclib_wire::{Cycle, Delivery, Never, Urn};

use super::Answer;
use super::channel::AnswerReceiver;
use super::combine::Parts;
use crate::deadlock::{Wait, polled, wait_from_now};
use crate::error::AskError;
use crate::named::Named;
use crate::spi::CancelOnDrop;
use crate::time::{DeadlineTimer, Elapsed};
use crate::turn_scope;

/// Answer to await later: the request was queued when this was made.
///
/// Replies can be mapped and combined into one: see [`map`](Self::map),
/// [`zip`](Self::zip) and [`join_all`](Self::join_all). For answers in the order in
/// which they come there is a [`ReplyGroup`](super::group::ReplyGroup).
///
/// Dropping a `Reply` gives the answer up: the request is skipped if its handler has
/// not begun.
///
/// ```
/// use std::time::Duration;
/// use conclib::prelude::*;
///
/// # #[actor]
/// # struct Adder;
/// #
/// # #[actor]
/// # impl Adder {
/// #     #[message]
/// #     fn add(&mut self, a: u64, b: u64) -> u64 { a + b }
/// # }
/// #
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let adder = system.spawn(Adder)?;
/// let thirty = adder.add(10, 20).reply().await?;
/// let ten = adder.add(4, 6).reply().await?;
/// let sum = thirty.zip(ten).map(|(a, b)| a + b);
/// assert_eq!(sum.timeout(Duration::from_secs(1)).await?, 40);
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
/// A `Reply` is a plain future: `&mut reply` can be awaited in `select!` again and
/// again. A turn that stops polling a reply does not wait for it any more: the actor
/// that was asked may then ask the actor of that turn.
#[must_use = "the answer is never picked up: use `.tell()` if you do not want one"]
pub struct Reply<T, E = Never> {
    pub(crate) answer: Pick<T, E>,
    /// Wait of the turn that polls for the answer.
    pub(crate) wait: Option<Wait>,
    pub(crate) deadline: DeadlineTimer,
    pub(crate) cancel: Option<CancelOnDrop>,
}

/// Source of the answer of a [`Reply`].
pub(crate) enum Pick<T, E> {
    /// Receiver of the answer, the actor that was asked, and the name of the request.
    Slot(AnswerReceiver<Answer<T, E>>, Arc<dyn Named>, &'static str),
    Ready(Option<Result<T, AskError<E>>>),
    /// Combination of other replies. The mutex is never contended: it makes this
    /// `Sync`.
    Parts(Mutex<Box<dyn Parts<T, E>>>),
}

// No field is ever pinned.
impl<T, E> Unpin for Reply<T, E> {}

impl<T, E> Reply<T, E> {
    pub(crate) fn ready(answer: Result<T, AskError<E>>) -> Self {
        Self {
            answer: Pick::Ready(Some(answer)),
            wait: None,
            deadline: DeadlineTimer::Never,
            cancel: None,
        }
    }

    pub(super) fn of(parts: impl Parts<T, E> + 'static) -> Self {
        Self {
            answer: Pick::Parts(Mutex::new(Box::new(parts))),
            wait: None,
            deadline: DeadlineTimer::Never,
            cancel: None,
        }
    }

    /// Limits the time for the answer, counted from this call, in place of any former
    /// limit.
    ///
    /// For a reply that is made of others, the limit bounds the whole. The limits of its
    /// parts stay in force.
    pub fn timeout(mut self, after: Duration) -> Self {
        self.deadline = DeadlineTimer::after(after);
        self
    }

    /// Returns the name of the actor that is to answer; of several, one that has not
    /// answered. `None` if no answer is awaited.
    pub(super) fn urn(&self) -> Option<Urn> {
        match &self.answer {
            Pick::Slot(_, who, request) => Some(who.urn().about(request)),
            Pick::Ready(_) => None,
            Pick::Parts(parts) => parts.lock().unwrap_or_else(PoisonError::into_inner).urn(),
        }
    }

    /// Gives the answer up, since its time is over, and returns the error.
    pub(super) fn give_up(&mut self, late: Elapsed) -> AskError<E> {
        let urn = self.urn().unwrap_or_else(Urn::anonymous);
        self.answer = Pick::Ready(None);
        self.wait = None;
        self.cancel = None;
        late.into_ask_error(urn, Delivery::MayHaveRun)
    }
}

impl<T, E> Future for Reply<T, E> {
    type Output = Result<T, AskError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let answer = ready!(match &mut this.answer {
            Pick::Slot(slot, who, request) => {
                let polled = poll_answer(slot, cx, &**who, request);
                if polled.is_pending() {
                    if let Err(path) = enter(&mut this.wait, cx, &**who, this.cancel.as_ref()) {
                        return Poll::Ready(Err(AskError::Cycle {
                            path,
                            delivery: Delivery::MayHaveRun,
                        }));
                    }
                    let late = ready!(this.deadline.poll(cx));
                    return Poll::Ready(Err(this.give_up(late)));
                }
                polled
            }
            Pick::Ready(answer) => return answer.take().map_or(Poll::Pending, Poll::Ready),
            Pick::Parts(parts) => {
                let parts = parts.get_mut().unwrap_or_else(PoisonError::into_inner);
                match parts.poll(cx) {
                    Poll::Pending => {
                        let late = ready!(this.deadline.poll(cx));
                        return Poll::Ready(Err(this.give_up(late)));
                    }
                    answer => {
                        // Drops the parts, which gives up those that are not needed any
                        // more.
                        this.answer = Pick::Ready(None);
                        answer
                    }
                }
            }
        });
        this.wait = None;
        Poll::Ready(match this.cancel.take() {
            None => answer,
            Some(cancel) => settled(cancel, answer),
        })
    }
}

/// Enters the wait of the current turn for an answer whose request was sent before,
/// perhaps by another turn.
fn enter(
    wait: &mut Option<Wait>,
    cx: &Context<'_>,
    whom: &dyn Named,
    away: Option<&CancelOnDrop>,
) -> Result<(), Cycle> {
    polled(wait, cx, whom)?;
    if wait.is_none()
        && let Some(who) = turn_scope::in_turn()
        && let Some((outlet, id)) = away.and_then(CancelOnDrop::request)
    {
        *wait = Some(wait_from_now(who, outlet, id, &whom.urn()));
    }
    Ok(())
}

impl<T, E> fmt::Debug for Reply<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").finish_non_exhaustive()
    }
}

/// Polls for the answer.
#[inline]
pub(crate) fn poll_answer<T, E>(
    answer: &mut AnswerReceiver<Answer<T, E>>,
    cx: &mut Context<'_>,
    who: &(impl Named + ?Sized),
    request: &str,
) -> Poll<Result<T, AskError<E>>> {
    answer
        .poll(cx)
        .map(|answer| to_result(answer, who, request))
}

/// Converts an answer to the result of an ask; `None` is a handler that gave none.
pub(crate) fn to_result<T, E>(
    answer: Option<Answer<T, E>>,
    who: &(impl Named + ?Sized),
    request: &str,
) -> Result<T, AskError<E>> {
    match answer {
        Some(Ok(answer)) => answer.map_err(AskError::Handler),
        Some(Err(failure)) => Err(AskError::new(who.urn().about(request), *failure)),
        None => Err(AskError::NoReply {
            urn: who.urn().about(request),
        }),
    }
}

/// Disarms the cancellation, as an answer came; unless the wait ended by its deadline.
#[cold]
pub(crate) fn settled<T, E>(
    cancel: CancelOnDrop,
    answer: Result<T, AskError<E>>,
) -> Result<T, AskError<E>> {
    if !matches!(answer, Err(AskError::Deadline { .. })) {
        cancel.done();
    }
    answer
}
