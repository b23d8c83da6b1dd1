//! The time an answer is given, with a timer that is armed only when needed.

use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep_until};

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
    /// Counts from when the request is sent.
    After(Duration),
    /// Counts.
    Begun {
        at: Instant,
        after: Duration,
    },
    /// A poll has found nothing.
    Noted {
        at: Instant,
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
        Self::Noted {
            at: instant_after(after),
            after,
        }
    }

    /// Begins to count, and not beyond the moment until which the asker of the
    /// turn waits that asks. When it ends.
    pub(crate) fn begin(&mut self, inherited: Option<Due>) -> Option<Due> {
        let own = match *self {
            Self::Never => None,
            Self::After(after) => {
                let at = instant_after(after);
                *self = Self::Begun { at, after };
                Due::at(at)
            }
            Self::Kept(after) => Due::at(instant_after(after)),
            Self::Begun { at, .. } | Self::Noted { at, .. } => Due::at(at),
            Self::Armed { ref timer, .. } => Due::at(timer.deadline()),
        };
        match (own, inherited) {
            (Some(own), Some(due)) if own <= due => Some(own),
            (_, Some(due)) => {
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
            (own, None) => own,
        }
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
            Self::Begun { at, .. } | Self::Noted { at, .. } => {
                Some(at.saturating_duration_since(Instant::now()))
            }
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
            _ => self.poll_limit(cx),
        }
    }

    fn poll_limit(&mut self, cx: &mut Context<'_>) -> Poll<Late> {
        match *self {
            Self::Never | Self::Kept(_) => return Poll::Pending,
            Self::After(after) => {
                *self = Self::after(after);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Self::Begun { at, after } => {
                *self = Self::Noted { at, after };
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Self::Noted { at, after } => {
                if Handle::try_current().is_err() {
                    return Poll::Ready(Late::NoRuntime);
                }
                let timer = Box::pin(sleep_until(at));
                *self = Self::Armed { timer, after };
            }
            Self::Armed { .. } => {}
        }
        let Self::Armed { timer, after } = self else {
            return Poll::Pending;
        };
        timer.as_mut().poll(cx).map(|()| Late::Passed(*after))
    }
}

/// A moment that fits beside a reply slot: milliseconds since the first one
/// that this process had to do with.
///
/// What lies further ahead than fits, 49 days, is as good as never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Due(NonZeroU32);

impl Due {
    /// That moment, or the millisecond after it.
    pub(crate) fn at(at: Instant) -> Option<Self> {
        let since = at.saturating_duration_since(epoch()) + Duration::from_nanos(999_999);
        let millis = u32::try_from(since.as_millis()).ok()?;
        NonZeroU32::new(millis.max(1)).map(Self)
    }

    fn instant(self) -> Instant {
        epoch() + Duration::from_millis(self.0.get().into())
    }

    pub(crate) fn from_bits(bits: u32) -> Option<Self> {
        NonZeroU32::new(bits).map(Self)
    }

    pub(crate) fn to_bits(due: Option<Self>) -> u32 {
        due.map_or(0, |due| due.0.get())
    }

    /// How long that is from now.
    pub(crate) fn remaining(self) -> Duration {
        self.instant().saturating_duration_since(Instant::now())
    }
}

fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(Instant::now)
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
