//! Inputs of an actor, without the type of its messages: handlers that run beside its turns,
//! streams, and the timer of `#[on(idle)]`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use conclib_wire::{Fault, StopReason};
use futures_util::stream::{AbortHandle, FuturesUnordered, StreamExt as _};
use tokio::time::{Instant, Sleep, sleep};

use super::concurrent::ConcurrentHandler;
use super::outcome::Turn;
use super::streams::{SlotStream, Streams};
use crate::actor_id::ActorId;
use crate::time::{instant_after, timers};

#[derive(Default)]
pub(crate) struct Sources {
    streams: Streams,
    beside: FuturesUnordered<ConcurrentHandler>,
    /// Number of entries in `beside` that are streams of replies.
    replying: usize,
    /// Outcome of a handler beside the turns that is done, with the index of its
    /// message.
    done: Option<(usize, Turn)>,
    /// Reason to end the actor: a stream panicked, or a timer is needed in a runtime
    /// without timers.
    fault: Option<StopReason>,
    idle: Option<Idle>,
}

/// Timer of `#[on(idle)]`.
struct Idle {
    after: Duration,
    /// Start of the current idle period; `None` if a turn has run since the timer was
    /// set.
    since: Option<Instant>,
    timer: Pin<Box<Sleep>>,
    /// True if the hook has had its call in this idle period.
    told: bool,
    /// True if the hook has to be called now.
    due: bool,
}

impl Sources {
    pub(super) fn attach(&mut self, stream: SlotStream) -> AbortHandle {
        self.streams.push(stream)
    }

    /// Tells whether the runtime has timers. If not, sets the fault that ends the
    /// actor.
    pub(super) fn has_timers(&mut self) -> bool {
        let Err(error) = timers::check() else {
            return true;
        };
        let fault = Box::new(Fault::of(&error));
        self.fault.get_or_insert(StopReason::Failed(fault));
        false
    }

    pub(crate) fn run_concurrently(&mut self, handler: ConcurrentHandler) {
        self.replying += usize::from(handler.is_stream);
        self.beside.push(handler);
    }

    /// Returns the handlers beside the turns that are not done: for each, the index of
    /// its message and the sender. Streams are left out: the request of a stream is
    /// done once its asker has the items, and the reader of these is told of their end.
    pub(crate) fn unfinished(&self) -> impl Iterator<Item = (usize, Option<ActorId>)> {
        let handlers = self.beside.iter().filter(|beside| !beside.is_stream);
        handlers.map(|beside| (beside.index, beside.from))
    }

    /// Number of handlers that run beside the turns, without streams.
    #[inline]
    pub(crate) fn handling(&self) -> usize {
        self.beside.len() - self.replying
    }

    /// Takes the reason for the actor to end, if a stream or a missing timer gave one.
    pub(crate) fn take_fault(&mut self) -> Option<StopReason> {
        self.fault.take()
    }

    pub(crate) fn take_done(&mut self) -> Option<(usize, Turn)> {
        self.done.take()
    }

    /// Tells, once, whether `#[on(idle)]` has to be called.
    pub(crate) fn take_idle(&mut self) -> bool {
        let idle = self.idle.as_mut();
        idle.is_some_and(|idle| std::mem::take(&mut idle.due))
    }

    pub(crate) fn watch_idle(&mut self, after: Duration) {
        if !self.has_timers() {
            return;
        }
        self.idle = Some(Idle {
            after,
            since: None,
            timer: Box::pin(sleep(after)),
            told: false,
            due: false,
        });
    }

    /// Polls the handlers beside the turns. Resolves to true if one is done or the actor is to end,
    /// and to false if a message can be taken up; `Pending` means that `room` handlers run.
    #[inline]
    pub(super) fn poll_beside(&mut self, cx: &mut Context<'_>, room: usize) -> Poll<bool> {
        if let Poll::Ready(Some(done)) = self.beside.poll_next_unpin(cx) {
            self.replying -= usize::from(done.is_stream);
            self.done = Some((done.index, done.turn));
            return Poll::Ready(true);
        }
        if self.fault.is_some() {
            return Poll::Ready(true);
        }
        match self.handling() >= room {
            true => Poll::Pending,
            false => Poll::Ready(false),
        }
    }

    /// Polls for the next message of a stream, which is then in the slot. Resolves to false if the
    /// actor is to end: a stream panicked.
    pub(super) fn poll_streams(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        Poll::Ready(match ready!(self.streams.poll(cx)) {
            Ok(()) => true,
            Err(fault) => {
                self.fault = Some(StopReason::Panicked(fault));
                false
            }
        })
    }

    /// Ends the idle period, as a turn begins.
    #[inline]
    pub(super) fn end_idle(&mut self) {
        if let Some(idle) = &mut self.idle {
            idle.since = None;
            idle.told = false;
        }
    }

    /// Waits until `#[on(idle)]` has to be called.
    pub(super) fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(idle) = self.idle.as_mut().filter(|idle| !idle.told) else {
            return Poll::Pending;
        };
        if !self.beside.is_empty() {
            return Poll::Pending;
        }
        if idle.since.is_none() {
            let now = Instant::now();
            idle.since = Some(now);
            idle.timer.as_mut().reset(instant_after(idle.after));
        }
        ready!(idle.timer.as_mut().poll(cx));
        idle.told = true;
        idle.due = true;
        Poll::Ready(())
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("streams", &self.streams.len())
            .field("beside", &self.beside.len())
            .finish_non_exhaustive()
    }
}
