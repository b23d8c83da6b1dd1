//! The futures of a call.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use conclib_wire::{Delivery, DeliveryClass, Urn};

use super::addressed::{Addressed, before};
use super::forget_when_done::ForgetWhenDone;
use super::target::{Outbound, ReplyReceiver, Target};
use super::{AskResult, Call, To};
use crate::deadlock::{Wait, polled};
use crate::error::{AskError, TellError};
use crate::message::Message;
use crate::reply::{Pick, Reply, poll_answer, settled, to_result};
use crate::time::DeadlineTimer;

/// The future of an ask; see [`Call`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Asking<T: Target<M>, M: Message>(ForgetWhenDone<Ask<T, M>>);

enum Ask<T: Target<M>, M: Message> {
    Away {
        addressed: Addressed<T, M>,
        stage: AskStage,
        answer: ReplyReceiver<M>,
        /// Wait of the turn that asks.
        wait: Option<Wait>,
    },
    Ready(Box<AskResult<M>>),
}

/// Progress of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AskStage {
    /// The future has not been polled.
    New,
    /// The wait may close a cycle. The request is sent once it is known that it does not.
    InDoubt,
    /// The request waits for a slot in the mailbox, or for its connection.
    Sending,
    Sent,
}

// No field is ever pinned.
impl<T: Target<M>, M: Message> Unpin for Asking<T, M> {}

impl<T: Target<M>, M: Message> Asking<T, M> {
    #[inline(always)]
    pub(super) fn new(call: Call<T, M>) -> Self {
        match call.to {
            To::Target(to, message) => {
                let deadline = DeadlineTimer::new(call.timeout);
                Self::send(to, message, call.priority, call.class, deadline)
            }
            To::Ready(answer) => Self(ForgetWhenDone::new(Some(Ask::Ready(answer)))),
        }
    }

    #[inline(always)]
    pub(super) fn send(
        to: T,
        message: M,
        priority: u8,
        class: DeliveryClass,
        deadline: DeadlineTimer,
    ) -> Self {
        let (mut addressed, answer) = Addressed::ask(to, message, priority, deadline);
        addressed.outbound.class = class;
        Self(ForgetWhenDone::new(Some(Ask::Away {
            addressed,
            stage: AskStage::New,
            answer,
            wait: None,
        })))
    }

    /// Returns the error for an answer that has not come in this time.
    pub(super) fn late(&self, urn: Urn, after: Duration) -> AskError<M::Error> {
        match self.0.get() {
            Some(Ask::Away {
                stage: AskStage::New | AskStage::InDoubt | AskStage::Sending,
                addressed,
                ..
            }) => {
                let outage = addressed.outbound.outage();
                AskError::late(urn, after, Delivery::NotDelivered, outage)
            }
            _ => AskError::late(urn, after, Delivery::MayHaveRun, None),
        }
    }
}

impl<T: Target<M>, M: Message> Future for Asking<T, M> {
    type Output = Result<M::Reply, AskError<M::Error>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0.get_mut() {
            Some(Ask::Away {
                addressed,
                stage,
                answer,
                wait,
            }) => {
                let was_sent = *stage == AskStage::Sent;
                if !was_sent {
                    if *stage == AskStage::New {
                        *stage = AskStage::Sending;
                        match addressed.begin(cx) {
                            Ok(None) => {}
                            Ok(begun) => {
                                if begun.as_ref().is_some_and(|wait| !wait.is_sure()) {
                                    *stage = AskStage::InDoubt;
                                }
                                *wait = begun;
                            }
                            Err(error) => return Poll::Ready(Err(error)),
                        }
                    }
                    if *stage == AskStage::InDoubt {
                        if let Err(error) = ready!(addressed.settle(wait, cx)) {
                            return Poll::Ready(Err(error));
                        }
                        *stage = AskStage::Sending;
                    }
                    match addressed.poll(cx) {
                        Poll::Ready(Ok(())) => *stage = AskStage::Sent,
                        Poll::Ready(Err(error)) => return addressed.not_asked(error),
                        // The turn waits for a slot now, as it will for the answer.
                        Poll::Pending if wait.is_some() => {
                            return match polled(wait, cx, &addressed.to) {
                                Ok(()) => Poll::Pending,
                                Err(circle) => addressed.not_asked(before(circle)),
                            };
                        }
                        Poll::Pending => return Poll::Pending,
                    }
                }
                let answered = match was_sent.then(|| answer.take()).flatten() {
                    // Nearly every ask ends here, with nothing left to drop.
                    Some(Ok(Ok(reply))) if wait.is_none() && addressed.is_spent() => {
                        self.0.complete();
                        return Poll::Ready(Ok(reply));
                    }
                    Some(answer) => Poll::Ready(to_result(Some(answer), &addressed.to, M::NAME)),
                    None => poll_answer(answer, cx, &addressed.to, M::NAME),
                };
                let Addressed { to, outbound } = addressed;
                let answer = match answered {
                    Poll::Ready(Err(error)) => match outbound.take_back(&error) {
                        Some(again) => {
                            *answer = again;
                            *stage = AskStage::Sending;
                            cx.waker().wake_by_ref();
                            return Poll::Pending;
                        }
                        None => Err(error),
                    },
                    Poll::Ready(answer) => answer,
                    Poll::Pending if outbound.is_out() => {
                        outbound.is_polled();
                        return Poll::Pending;
                    }
                    Poll::Pending => {
                        if wait.is_some()
                            && let Err(path) = polled(wait, cx, to)
                        {
                            return Poll::Ready(Err(AskError::Cycle {
                                path,
                                delivery: Delivery::MayHaveRun,
                            }));
                        }
                        let late = ready!(outbound.deadline.poll(cx));
                        Err(late.into_ask_error(to.urn().about(M::NAME), Delivery::MayHaveRun))
                    }
                };
                *wait = None;
                Poll::Ready(match outbound.take_cancel() {
                    None => answer,
                    Some(cancel) => settled(cancel, answer),
                })
            }
            Some(Ask::Ready(_)) => match self.0.take() {
                Some(Ask::Ready(answer)) => Poll::Ready(*answer),
                _ => Poll::Pending,
            },
            None => Poll::Pending,
        }
    }
}

/// The future of a tell; see [`Call::tell`].
#[must_use = "a message is not sent unless this is awaited"]
pub struct Telling<T: Target<M>, M: Message>(ForgetWhenDone<Addressed<T, M>>);

impl<T: Target<M>, M: Message> Unpin for Telling<T, M> {}

impl<T: Target<M>, M: Message> Telling<T, M> {
    #[inline(always)]
    pub(super) fn new(call: Call<T, M>) -> Self {
        Self(ForgetWhenDone::new(match call.to {
            To::Target(to, message) => {
                let deadline = DeadlineTimer::new(call.timeout);
                let mut outbound = Outbound::tell(message, call.priority, deadline);
                outbound.class = call.class;
                Some(Addressed { to, outbound })
            }
            To::Ready(_) => None,
        }))
    }
}

impl<T: Target<M>, M: Message> Future for Telling<T, M> {
    type Output = Result<(), TellError<M>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(addressed) = self.0.get_mut() else {
            return Poll::Ready(Ok(()));
        };
        let deadline = &addressed.outbound.deadline;
        if !matches!(deadline, DeadlineTimer::Never)
            && let Err(late) = deadline.has_any()
        {
            let error = addressed.late(late);
            return addressed.not_told(error);
        }
        match ready!(addressed.poll(cx)) {
            Ok(()) => {
                if addressed.is_spent() {
                    self.0.complete();
                } else if let Some(cancel) = addressed.outbound.take_cancel() {
                    cancel.done();
                }
                Poll::Ready(Ok(()))
            }
            Err(error) => addressed.not_told(error),
        }
    }
}

/// The future of [`Call::reply`].
#[must_use = "a message is not sent unless this is awaited"]
pub struct Queueing<T: Target<M>, M: Message>(QueueingState<T, M>);

enum QueueingState<T: Target<M>, M: Message> {
    Away {
        addressed: Addressed<T, M>,
        answer: Option<ReplyReceiver<M>>,
        /// Wait of the turn that polls for the answer later.
        wait: Option<Wait>,
        late: Option<AskError>,
    },
    Ready(Option<Box<AskResult<M>>>),
}

impl<T: Target<M>, M: Message> Unpin for Queueing<T, M> {}

impl<T: Target<M>, M: Message> Queueing<T, M> {
    pub(super) fn new(call: Call<T, M>) -> Self {
        Self(match call.to {
            To::Target(to, message) => {
                let deadline = DeadlineTimer::new(call.timeout);
                let (mut addressed, answer) = Addressed::ask(to, message, call.priority, deadline);
                addressed.outbound.class = call.class;
                let late = addressed.begin_to_count().err();
                let wait = addressed.expect();
                QueueingState::Away {
                    addressed,
                    answer: Some(answer),
                    wait,
                    late,
                }
            }
            To::Ready(answer) => QueueingState::Ready(Some(answer)),
        })
    }
}

impl<T: Target<M>, M: Message> Future for Queueing<T, M> {
    type Output = Result<Reply<M::Reply, M::Error>, TellError<M>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            QueueingState::Away {
                addressed,
                answer,
                wait,
                late,
            } => {
                if let Some(error) = late.take() {
                    return addressed.not_told(error);
                }
                match addressed.poll(cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(error)) => return addressed.not_told(error),
                    // The turn waits for a slot now, as it will for the answer.
                    Poll::Pending => {
                        return match polled(wait, cx, &addressed.to) {
                            Ok(()) => Poll::Pending,
                            Err(circle) => addressed.not_told(before(circle)),
                        };
                    }
                }
                let Some(answer) = answer.take() else {
                    return Poll::Pending;
                };
                let deadline = match addressed.outbound.is_out() {
                    true => DeadlineTimer::Never,
                    // The deadline goes on counting, whenever the answer is awaited.
                    false => {
                        std::mem::replace(&mut addressed.outbound.deadline, DeadlineTimer::Never)
                    }
                };
                let mut wait = wait.take();
                wait.iter_mut().for_each(Wait::rest);
                Poll::Ready(Ok(Reply {
                    answer: Pick::Slot(answer, addressed.to.to_named(), M::NAME),
                    wait,
                    deadline,
                    cancel: addressed.outbound.take_cancel(),
                }))
            }
            QueueingState::Ready(answer) => answer.take().map_or(Poll::Pending, |answer| {
                Poll::Ready(Ok(Reply::ready(*answer)))
            }),
        }
    }
}

impl<T: Target<M>, M: Message> fmt::Debug for Asking<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asking")
            .field("message", &M::NAME)
            .finish_non_exhaustive()
    }
}

impl<T: Target<M>, M: Message> fmt::Debug for Telling<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telling")
            .field("message", &M::NAME)
            .finish_non_exhaustive()
    }
}

impl<T: Target<M>, M: Message> fmt::Debug for Queueing<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queueing")
            .field("message", &M::NAME)
            .finish_non_exhaustive()
    }
}
