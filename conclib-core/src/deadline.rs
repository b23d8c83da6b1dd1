//! The time an answer is given, with a timer that is armed only when needed.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::due::Due;
use crate::error::{AskError, Delivery};
use crate::urn::Urn;

/// A timer costs more than the rest of a local ask, and nearly every ask is
/// answered at the poll after the one that sent it. So the first poll that
/// finds nothing only asks for another one; the second arms the timer.
#[derive(Debug)]
pub enum Deadline {
    Never,
    /// Kept by whoever polls; a request takes it along.
    Kept(Duration),
    /// Counts from when the request is sent, or is so far off that it may as
    /// well count from the first poll.
    After(Duration),
    /// Counts.
    Begun {
        due: Due,
        after: Duration,
    },
    /// A poll has found nothing.
    Noted {
        due: Due,
        after: Duration,
    },
    Armed {
        timer: Pin<Box<Sleep>>,
        after: Duration,
    },
}

impl Deadline {
    pub(crate) fn new(after: Option<Duration>) -> Self {
        after.map_or(Self::Never, Self::After)
    }

    /// A deadline that counts from now.
    pub(crate) fn after(after: Duration) -> Self {
        match Due::after(after) {
            Some(due) => Self::Noted { due, after },
            None => Self::After(after),
        }
    }

    /// Begins to count, and not beyond the moment until which the asker of the
    /// turn waits that asks. When it ends.
    #[inline(never)]
    pub(crate) fn begin(&mut self, inherited: Option<Due>) -> Option<Due> {
        let (&mut Self::After(after), None) = (&mut *self, inherited) else {
            return self.begin_within(inherited);
        };
        let due = Due::after(after)?;
        *self = Self::Begun { due, after };
        Some(due)
    }

    #[inline(never)]
    fn begin_within(&mut self, inherited: Option<Due>) -> Option<Due> {
        let own = match *self {
            Self::Never => None,
            Self::After(after) | Self::Kept(after) => Due::after(after),
            Self::Begun { due, .. } | Self::Noted { due, .. } => Some(due),
            Self::Armed { ref timer, .. } => Due::at(timer.deadline()),
        };
        let due = match (own, inherited) {
            (Some(own), Some(due)) if own.is_after(due) => due,
            (Some(own), _) => {
                if let Self::After(after) = *self {
                    *self = Self::Begun { due: own, after };
                }
                return Some(own);
            }
            (None, due) => due?,
        };
        let after = due.remaining();
        *self = match self {
            Self::Kept(_) => Self::Kept(after),
            _ => Self::Begun { due, after },
        };
        Some(due)
    }

    /// The time that was given at the start.
    pub(crate) fn given(&self) -> Option<Duration> {
        match self {
            Self::Never => None,
            Self::Kept(after)
            | Self::After(after)
            | Self::Begun { after, .. }
            | Self::Noted { after, .. }
            | Self::Armed { after, .. } => Some(*after),
        }
    }

    /// What is left, for a request that takes its deadline along.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        match self {
            Self::Never => None,
            Self::After(after) | Self::Kept(after) => Some(*after),
            Self::Begun { due, .. } | Self::Noted { due, .. } => Some(due.remaining()),
            Self::Armed { timer, .. } => {
                Some(timer.deadline().saturating_duration_since(Instant::now()))
            }
        }
    }

    /// Resolves when the time is over; without a limit never.
    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Late> {
        match self {
            Self::Never | Self::Kept(_) => Poll::Pending,
            &mut Self::Begun { due, after } => {
                *self = Self::Noted { due, after };
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            _ => self.poll_limit(cx),
        }
    }

    fn poll_limit(&mut self, cx: &mut Context<'_>) -> Poll<Late> {
        let (at, after) = match *self {
            Self::Never | Self::Kept(_) | Self::Begun { .. } => return Poll::Pending,
            Self::After(after) => match Due::after(after) {
                Some(due) => {
                    *self = Self::Noted { due, after };
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                None => (instant_after(after), after),
            },
            Self::Noted { due, after } => (due.instant(), after),
            Self::Armed {
                ref mut timer,
                after,
            } => return timer.as_mut().poll(cx).map(|()| Late::Passed(after)),
        };
        if Handle::try_current().is_err() {
            return Poll::Ready(Late::NoRuntime);
        }
        let mut timer = Box::pin(sleep_until(at));
        let polled = timer.as_mut().poll(cx);
        *self = Self::Armed { timer, after };
        polled.map(|()| Late::Passed(after))
    }
}

/// Why a wait ended without what was waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Late {
    Passed(Duration),
    NoRuntime,
}

impl Late {
    pub(crate) fn into_ask_error<E>(self, urn: Urn, delivery: Delivery) -> AskError<E> {
        match self {
            Self::Passed(after) => AskError::Deadline {
                urn,
                after,
                delivery,
            },
            Self::NoRuntime => AskError::NoRuntime { urn, delivery },
        }
    }
}

/// Far enough to be never, where the clock cannot count so far.
pub(crate) fn instant_after(after: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);
    let now = Instant::now();
    now.checked_add(after).unwrap_or_else(|| now + FAR)
}
