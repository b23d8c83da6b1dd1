//! Deadline of an answer, with a timer that is armed only when needed.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use conclib_wire::{Delivery, Urn};
use tokio::time::{Instant, Sleep, sleep_until};

use super::compact_deadline::CompactDeadline;
use super::timers;
use crate::error::{AskError, SpawnError};

/// Deadline of a future. A timer costs more than the rest of a local ask, and nearly every ask is
/// answered at the poll after the one that sent it. So the first poll that finds no answer only
/// wakes its task for another poll; the second poll arms the timer.
#[doc(hidden)]
#[derive(Debug)]
pub(crate) enum DeadlineTimer {
    Never,
    /// Deadline that the caller enforces; here it is only carried by the request.
    Kept(Duration),
    /// Time that counts from the send of the request.
    After(Duration),
    /// The time counts, and no poll has been made.
    Begun {
        at: Instant,
        after: Duration,
    },
    /// A poll has found no answer.
    Noted {
        at: Instant,
        after: Duration,
    },
    Armed {
        timer: Pin<Box<Sleep>>,
        after: Duration,
    },
}

impl DeadlineTimer {
    pub(crate) fn new(after: Option<Duration>) -> Self {
        after.map_or(Self::Never, Self::After)
    }

    /// Returns a deadline that counts from now.
    pub(crate) fn after(after: Duration) -> Self {
        Self::Noted {
            at: instant_after(after),
            after,
        }
    }

    /// Begins to count, bounded by `inherited`, the deadline of the current turn's asker. Returns
    /// the deadline of the request.
    #[inline]
    pub(crate) fn begin(&mut self, inherited: Option<CompactDeadline>) -> Option<CompactDeadline> {
        match (&mut *self, inherited) {
            (&mut Self::After(after), None) => {
                let now = Instant::now();
                let at = checked_after(now, after);
                *self = Self::Begun { at, after };
                CompactDeadline::ahead(at, after)
            }
            _ => self.begin_within(inherited),
        }
    }

    #[inline(never)]
    fn begin_within(&mut self, inherited: Option<CompactDeadline>) -> Option<CompactDeadline> {
        let now = Instant::now();
        let own = match *self {
            Self::After(after) => {
                let at = checked_after(now, after);
                *self = Self::Begun { at, after };
                CompactDeadline::ahead(at, after)
            }
            Self::Kept(after) => CompactDeadline::ahead(checked_after(now, after), after),
            // The deadline counts already.
            _ => None,
        };
        let (own, due) = match (own, inherited) {
            (own, None) => return own,
            (own, Some(due)) => (own, due),
        };
        if own.is_some_and(|own| !own.is_after(due)) {
            return own;
        }
        let after = due.remaining();
        *self = match self {
            Self::Kept(_) => Self::Kept(after),
            _ => Self::Begun {
                at: due.instant(),
                after,
            },
        };
        Some(due)
    }

    /// Returns the time that was given at the start.
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

    /// Fails if the time given is zero: then nothing is sent.
    #[inline]
    pub(crate) fn has_any(&self) -> Result<(), Elapsed> {
        match self.given() {
            Some(Duration::ZERO) => Err(Elapsed::Passed(Duration::ZERO)),
            _ => Ok(()),
        }
    }

    /// Returns the time left, for a request that carries its deadline.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        match self {
            Self::Never => None,
            Self::After(after) | Self::Kept(after) => Some(*after),
            Self::Begun { at, .. } | Self::Noted { at, .. } => {
                Some(at.saturating_duration_since(Instant::now()))
            }
            Self::Armed { timer, .. } => {
                Some(timer.deadline().saturating_duration_since(Instant::now()))
            }
        }
    }

    /// Resolves when the deadline has passed; never without one.
    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Elapsed> {
        match self {
            Self::Never | Self::Kept(_) => Poll::Pending,
            &mut Self::Begun { at, after } => {
                *self = Self::Noted { at, after };
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            _ => self.poll_limit(cx),
        }
    }

    fn poll_limit(&mut self, cx: &mut Context<'_>) -> Poll<Elapsed> {
        let (at, after) = match *self {
            Self::Never | Self::Kept(_) | Self::Begun { .. } => return Poll::Pending,
            Self::After(after) => {
                *self = Self::after(after);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Self::Noted { at, after } => (at, after),
            Self::Armed {
                ref mut timer,
                after,
            } => return timer.as_mut().poll(cx).map(|()| Elapsed::Passed(after)),
        };
        if let Err(late) = Elapsed::unless_timers() {
            return Poll::Ready(late);
        }
        let mut timer = Box::pin(sleep_until(at));
        let polled = timer.as_mut().poll(cx);
        *self = Self::Armed { timer, after };
        polled.map(|()| Elapsed::Passed(after))
    }
}

/// Reason for which a wait ended without its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Elapsed {
    Passed(Duration),
    NoRuntime,
    NoTimers,
}

impl Elapsed {
    /// Returns the reason for which no timer can be armed on this thread, if there is one.
    pub(crate) fn unless_timers() -> Result<(), Self> {
        match timers::check() {
            Ok(_) => Ok(()),
            Err(SpawnError::NoTimers) => Err(Self::NoTimers),
            Err(_) => Err(Self::NoRuntime),
        }
    }

    pub(crate) fn into_ask_error<E>(self, urn: Urn, delivery: Delivery) -> AskError<E> {
        match self {
            Self::Passed(after) => AskError::Deadline {
                urn,
                after,
                delivery,
            },
            Self::NoRuntime => AskError::NoRuntime { urn, delivery },
            Self::NoTimers => AskError::NoTimers { urn, delivery },
        }
    }
}

/// Returns the instant `after` from now.
pub(crate) fn instant_after(after: Duration) -> Instant {
    checked_after(Instant::now(), after)
}

/// Saturates at thirty years ahead, where the clock cannot count so far.
#[inline(always)]
fn checked_after(now: Instant, after: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);
    now.checked_add(after).unwrap_or_else(|| now + FAR)
}
