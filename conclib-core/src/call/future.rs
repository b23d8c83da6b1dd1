//! The futures of a call.

use std::fmt;
use std::future::Future;
use std::mem::needs_drop;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use conclib_wire::{Cycle, Delivery, Failure, Urn};

use super::in_flight::InFlight;
use super::target::{Sending, Slot, Target};
use super::{Call, Outcome, To};
use crate::deadlock::{Wait, polled};
use crate::error::{AskError, TellError};
use crate::message::Message;
use crate::observe::has_something_to_note;
use crate::reply::{Pick, Reply, poll_answer, settled};
use crate::time::{Deadline, Late};
use crate::turn_scope as current;

/// Message on its way to a mailbox or a connection. A drop gives up its place in the
/// queue of waiting senders.
struct Departure<T: Target<M>, M: Message> {
    to: T,
    sending: Sending<M>,
    deadline: Deadline,
}

impl<T: Target<M>, M: Message> Departure<T, M> {
    #[inline(always)]
    fn ask(to: T, message: M, priority: u8, deadline: Deadline) -> (Self, Slot<M>) {
        let (sending, answer) = Sending::ask(message, priority);
        let departure = Self {
            to,
            sending,
            deadline,
        };
        (departure, answer)
    }

    /// Prepares an ask before it is sent: sets the deadline, which is no later than
    /// that of the turn that asks, and enters the wait of this turn, unless that would
    /// close a circle.
    #[inline]
    fn begin(&mut self, cx: &Context<'_>) -> Result<Option<Wait>, AskError<M::Error>> {
        self.begin_to_count()?;
        let Some(who) = current::in_turn() else {
            return Ok(None);
        };
        let begun = Wait::begin_for(who, &self.to, cx.waker()).map_err(before)?;
        match (&begun, &mut self.sending.request) {
            (Some(wait), Some(request)) => request.reply.set_wait(wait.number()),
            _ => self.sending.waits = true,
        }
        Ok(begun)
    }

    /// Checks whether a wait that was entered in doubt closes a circle. A future that
    /// is now polled outside of the turn that asked is no wait.
    #[cold]
    fn settle(
        &mut self,
        wait: &mut Option<Wait>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), AskError<M::Error>>> {
        *wait = wait.take().filter(Wait::is_here);
        match wait.as_mut().map(|wait| wait.poll(cx)) {
            None | Some(Poll::Ready(Ok(()))) => Poll::Ready(Ok(())),
            Some(Poll::Ready(Err(circle))) => Poll::Ready(Err(before(circle))),
            Some(Poll::Pending) => {
                self.limit();
                self.deadline.poll(cx).map(|late| Err(self.late(late)))
            }
        }
    }

    /// Enters, before the message is sent, that the running turn will wait once it
    /// polls for the answer.
    fn expect(&mut self) -> Option<Wait> {
        let wait = Wait::expected(&self.to)?;
        if let Some(request) = &mut self.sending.request {
            request.reply.set_wait(wait.number());
        }
        Some(wait)
    }

    #[inline]
    fn begin_to_count<E>(&mut self) -> Result<(), AskError<E>> {
        self.limit();
        let inherited = current::due();
        if inherited.is_some() || !matches!(self.deadline, Deadline::Never) {
            let due = self.deadline.begin(inherited);
            if let Some(request) = &mut self.sending.request {
                request.reply.set_due(due);
            }
            return self.deadline.has_any().map_err(|late| self.late(late));
        }
        Ok(())
    }

    #[inline]
    fn poll<E>(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AskError<E>>> {
        if has_something_to_note() {
            self.sending.note();
        }
        match self.to.poll_send(cx, &mut self.sending, &self.deadline) {
            Poll::Ready(Ok(())) => Poll::Ready(Ok(())),
            Poll::Ready(Err(failure)) => Poll::Ready(Err(self.failed(failure))),
            Poll::Pending if self.sending.is_out() => Poll::Pending,
            Poll::Pending => {
                self.limit();
                self.deadline.poll(cx).map(|late| Err(self.late(late)))
            }
        }
    }

    /// Applies the default timeout of the target to a call that sets none. A tell does
    /// so only if it has to wait for a place.
    #[inline]
    fn limit(&mut self) {
        if matches!(self.deadline, Deadline::Never) {
            self.deadline = Deadline::new(self.to.default_timeout());
        }
    }
}

impl<T: Target<M>, M: Message> Departure<T, M> {
    /// Tells whether nothing is left in here that has to be dropped.
    #[inline(always)]
    fn is_spent(&self) -> bool {
        let Sending {
            request,
            ticket,
            leaving,
            ..
        } = &self.sending;
        !needs_drop::<T>()
            && request.is_none()
            && ticket.is_none()
            && leaving.is_none()
            && !matches!(self.deadline, Deadline::Armed { .. })
    }
}

impl<T: Target<M>, M: Message> Drop for Departure<T, M> {
    fn drop(&mut self) {
        if self.sending.ticket.is_some() {
            self.to.leave(&mut self.sending);
        }
    }
}

/// The future of an ask; see [`Call`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Asking<T: Target<M>, M: Message>(InFlight<Ask<T, M>>);

enum Ask<T: Target<M>, M: Message> {
    Away {
        departure: Departure<T, M>,
        stage: Stage,
        answer: Slot<M>,
        /// Wait of the turn that asks.
        wait: Option<Wait>,
    },
    Ready(Box<Outcome<M>>),
}

/// Progress of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The future has not been polled.
    New,
    /// The wait may close a circle, which has to be settled before the request is sent.
    InDoubt,
    /// The request waits for a place in the mailbox, or for its connection.
    Leaving,
    Sent,
}

// No field is ever pinned.
impl<T: Target<M>, M: Message> Unpin for Asking<T, M> {}

impl<T: Target<M>, M: Message> Asking<T, M> {
    #[inline(always)]
    pub(super) fn new(call: Call<T, M>) -> Self {
        match call.to {
            To::Target(to, message) => {
                let deadline = Deadline::new(call.timeout);
                Self::send(to, message, call.priority, deadline)
            }
            To::Ready(answer) => Self(InFlight::new(Some(Ask::Ready(answer)))),
        }
    }

    #[inline(always)]
    pub(super) fn send(to: T, message: M, priority: u8, deadline: Deadline) -> Self {
        let (departure, answer) = Departure::ask(to, message, priority, deadline);
        Self(InFlight::new(Some(Ask::Away {
            departure,
            stage: Stage::New,
            answer,
            wait: None,
        })))
    }

    /// Returns the error for an answer that has not come in this time.
    pub(super) fn late(&self, urn: Urn, after: Duration) -> AskError<M::Error> {
        match self.0.get() {
            Some(Ask::Away {
                stage: Stage::New | Stage::InDoubt | Stage::Leaving,
                departure,
                ..
            }) => {
                let outage = departure.sending.outage();
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
                departure,
                stage,
                answer,
                wait,
            }) => {
                if *stage != Stage::Sent {
                    if *stage == Stage::New {
                        *stage = Stage::Leaving;
                        match departure.begin(cx) {
                            Ok(None) => {}
                            Ok(begun) => {
                                if begun.as_ref().is_some_and(|wait| !wait.is_sure()) {
                                    *stage = Stage::InDoubt;
                                }
                                *wait = begun;
                            }
                            Err(error) => return Poll::Ready(Err(error)),
                        }
                    }
                    if *stage == Stage::InDoubt {
                        if let Err(error) = ready!(departure.settle(wait, cx)) {
                            return Poll::Ready(Err(error));
                        }
                        *stage = Stage::Leaving;
                    }
                    if let Err(error) = ready!(departure.poll(cx)) {
                        return Poll::Ready(Err(error));
                    }
                    *stage = Stage::Sent;
                }
                let Departure {
                    to,
                    sending,
                    deadline,
                } = departure;
                let answered = poll_answer(answer, cx, &*to, M::NAME);
                if answered.is_ready() && wait.is_none() && sending.leaving.is_none() {
                    if answer.is_terminated() && departure.is_spent() {
                        self.0.arrived();
                    }
                    return answered;
                }
                let answer = match answered {
                    Poll::Ready(answer) => answer,
                    Poll::Pending if sending.is_out() => {
                        sending.is_polled();
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
                        let late = ready!(deadline.poll(cx));
                        Err(late.into_ask_error(to.urn().about(M::NAME), Delivery::MayHaveRun))
                    }
                };
                *wait = None;
                Poll::Ready(match sending.take_cancel() {
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
pub struct Telling<T: Target<M>, M: Message>(InFlight<Departure<T, M>>);

impl<T: Target<M>, M: Message> Unpin for Telling<T, M> {}

impl<T: Target<M>, M: Message> Telling<T, M> {
    #[inline(always)]
    pub(super) fn new(call: Call<T, M>) -> Self {
        Self(InFlight::new(match call.to {
            To::Target(to, message) => Some(Departure {
                sending: Sending::tell(message, call.priority),
                deadline: Deadline::new(call.timeout),
                to,
            }),
            To::Ready(_) => None,
        }))
    }
}

impl<T: Target<M>, M: Message> Future for Telling<T, M> {
    type Output = Result<(), TellError<M>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(departure) = self.0.get_mut() else {
            return Poll::Ready(Ok(()));
        };
        match ready!(departure.poll(cx)) {
            Ok(()) => {
                if departure.is_spent() {
                    self.0.arrived();
                } else if let Some(cancel) = departure.sending.take_cancel() {
                    cancel.done();
                }
                Poll::Ready(Ok(()))
            }
            Err(error) => departure.not_told(error),
        }
    }
}

/// The future of [`Call::reply`].
#[must_use = "a message is not sent unless this is awaited"]
pub struct Queueing<T: Target<M>, M: Message>(Queue<T, M>);

enum Queue<T: Target<M>, M: Message> {
    Away {
        departure: Departure<T, M>,
        answer: Option<Slot<M>>,
        /// Wait of the turn that polls for the answer later.
        wait: Option<Wait>,
        late: Option<AskError>,
    },
    Ready(Option<Box<Outcome<M>>>),
}

impl<T: Target<M>, M: Message> Unpin for Queueing<T, M> {}

impl<T: Target<M>, M: Message> Queueing<T, M> {
    pub(super) fn new(call: Call<T, M>) -> Self {
        Self(match call.to {
            To::Target(to, message) => {
                let deadline = Deadline::new(call.timeout);
                let (mut departure, answer) = Departure::ask(to, message, call.priority, deadline);
                let late = departure.begin_to_count().err();
                let wait = departure.expect();
                Queue::Away {
                    departure,
                    answer: Some(answer),
                    wait,
                    late,
                }
            }
            To::Ready(answer) => Queue::Ready(Some(answer)),
        })
    }
}

impl<T: Target<M>, M: Message> Future for Queueing<T, M> {
    type Output = Result<Reply<M::Reply, M::Error>, TellError<M>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Queue::Away {
                departure,
                answer,
                wait,
                late,
            } => {
                if let Some(error) = late.take() {
                    return departure.not_told(error);
                }
                match departure.poll(cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(error)) => return departure.not_told(error),
                    // The turn waits for a place now, as it will for the answer.
                    Poll::Pending => {
                        return match polled(wait, cx, &departure.to) {
                            Ok(()) => Poll::Pending,
                            Err(circle) => departure.not_told(before(circle)),
                        };
                    }
                }
                let Some(answer) = answer.take() else {
                    return Poll::Pending;
                };
                let deadline = match departure.sending.is_out() {
                    true => Deadline::Never,
                    // The deadline goes on counting, whenever the answer is awaited.
                    false => std::mem::replace(&mut departure.deadline, Deadline::Never),
                };
                let mut wait = wait.take();
                wait.iter_mut().for_each(Wait::rest);
                Poll::Ready(Ok(Reply {
                    answer: Pick::Slot(answer, departure.to.to_named(), M::NAME),
                    wait,
                    deadline,
                    cancel: departure.sending.take_cancel(),
                }))
            }
            Queue::Ready(answer) => answer.take().map_or(Poll::Pending, |answer| {
                Poll::Ready(Ok(Reply::ready(*answer)))
            }),
        }
    }
}

impl<T: Target<M>, M: Message> Departure<T, M> {
    /// It was not handed over.
    #[cold]
    fn failed<E>(&self, failure: Failure) -> AskError<E> {
        AskError::new(self.to.urn().about(M::NAME), failure)
    }

    /// Returns the error for a message that was not sent in time.
    #[cold]
    fn late<E>(&self, late: Late) -> AskError<E> {
        let urn = self.to.urn().about(M::NAME);
        let delivery = Delivery::NotDelivered;
        match late {
            Late::Passed(after) => AskError::late(urn, after, delivery, self.sending.outage()),
            Late::NoRuntime => AskError::NoRuntime { urn, delivery },
            Late::NoTimers => AskError::NoTimers { urn, delivery },
        }
    }

    fn not_told<R>(&mut self, error: AskError) -> Poll<Result<R, TellError<M>>> {
        // A message that was handed over cannot be delayed any more, so the request is
        // still here.
        let Some(request) = self.sending.request.take() else {
            return Poll::Pending;
        };
        Poll::Ready(Err(TellError::new(error, request.message)))
    }
}

/// Error of a call that would close a circle of waits, before it is sent.
#[cold]
fn before<E>(path: Cycle) -> AskError<E> {
    AskError::Cycle {
        path,
        delivery: Delivery::NotDelivered,
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
