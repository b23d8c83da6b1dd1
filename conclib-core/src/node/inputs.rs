//! Inputs of an actor besides its mailbox: streams, ticks, delayed messages, results it
//! waits for, and handlers that run beside its turns.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context as Poller, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use futures_util::stream::{self, AbortHandle};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until};

use super::sources::Sources;
use super::streams::Slot;
use crate::time::instant_after;

/// Message that an actor gets at a fixed interval: `#[message(every = "…")]`.
#[derive(Debug)]
pub struct TickSpec<I> {
    /// The wire name of the message.
    pub name: &'static str,
    /// Interval of the ticks.
    pub every: Duration,
    /// Makes the message.
    pub make: fn() -> I,
}

/// Handle of an input that an actor has attached to itself: a stream, a tick, a delayed
/// message or a result it waits for.
///
/// Dropping the handle changes nothing: the input stays until it ends, is
/// [detached](Self::detach), or the actor ends or is restarted.
/// [`Context::after`](super::context::Context::after) shows an example.
#[derive(Debug, Clone)]
pub struct Attached(AbortHandle);

impl Attached {
    /// Detaches the input, which gives no further message.
    ///
    /// A message of the input that waits already is handled all the same.
    pub fn detach(&self) {
        self.0.abort();
    }

    /// Tells whether the input was detached.
    pub fn is_detached(&self) -> bool {
        self.0.is_aborted()
    }
}

/// All inputs of an actor besides its mailbox. The streams take turns, and a message of
/// the mailbox follows each of their messages, so that no input starves another.
pub(crate) struct Inputs<I> {
    pub(crate) sources: Sources,
    /// Message of the stream that was ready last.
    slot: Slot<I>,
    /// Messages put aside until the actor wants them.
    stash: VecDeque<I>,
    /// Messages wanted again, which come before the mailbox.
    unstashed: VecDeque<I>,
    /// True if the last turn came from a stream, so that the mailbox is next.
    was_stream: bool,
}

/// Next thing for the loop to handle.
pub(crate) enum Next<I> {
    Message(I),
    /// Something other than a message, which [`Sources::take_done`], `take_fault` or
    /// `take_idle` returns.
    Other,
    /// The mailbox has ended.
    End,
}

impl<I> Default for Inputs<I> {
    fn default() -> Self {
        Self {
            sources: Sources::default(),
            slot: Slot::default(),
            stash: VecDeque::new(),
            unstashed: VecDeque::new(),
            was_stream: false,
        }
    }
}

impl<I: Send + 'static> Inputs<I> {
    pub(crate) fn attach(&mut self, stream: impl Stream<Item = I> + Send + 'static) -> Attached {
        let stream = self.slot.stream(stream);
        Attached(self.sources.attach(stream))
    }

    pub(crate) fn tick(
        &mut self,
        every: Duration,
        first: Duration,
        make: impl FnMut() -> I + Send + 'static,
    ) -> Attached {
        match self.sources.has_timers() {
            true => self.attach(Tick::new(every, first, make)),
            false => self.attach(stream::empty()),
        }
    }

    /// Attaches a message that comes once.
    pub(crate) fn after(
        &mut self,
        at: Instant,
        make: impl FnOnce() -> I + Send + 'static,
    ) -> Attached {
        match self.sources.has_timers() {
            true => self.attach(stream::once(async move {
                sleep_until(at).await;
                make()
            })),
            false => self.attach(stream::empty()),
        }
    }

    pub(crate) fn stash(&mut self, message: I) {
        self.stash.push_back(message);
    }

    pub(crate) fn stashed(&self) -> usize {
        self.stash.len()
    }

    pub(crate) fn unstash(&mut self) {
        self.unstashed.append(&mut self.stash);
    }

    /// Takes out all stashed messages, for the next incarnation to handle or to be
    /// refused.
    pub(crate) fn take_stash(&mut self) -> VecDeque<I> {
        self.unstashed.append(&mut self.stash);
        std::mem::take(&mut self.unstashed)
    }

    /// Polls all inputs and `mailbox` for the next thing to handle. Streams are only
    /// polled while `takes_all` is set, and nothing is taken up while `room` handlers
    /// run beside the turns. If `ends` is set, the end of the mailbox waits for the
    /// handlers beside the turns.
    pub(crate) fn poll_next(
        &mut self,
        cx: &mut Poller<'_>,
        takes_all: bool,
        ends: bool,
        room: usize,
        mailbox: &mut dyn FnMut() -> Poll<Option<I>>,
    ) -> Poll<Next<I>> {
        if ready!(self.sources.poll_beside(cx, room)) {
            return Poll::Ready(Next::Other);
        }
        if let Some(message) = self.unstashed.pop_front() {
            return self.turn(message);
        }
        let mut mailbox = || {
            let next = ready!(mailbox());
            Poll::Ready(next.map_or(Next::End, Next::Message))
        };
        let mut next = Poll::Pending;
        if self.was_stream {
            self.was_stream = false;
            next = mailbox();
        }
        if next.is_pending() && takes_all {
            next = self.poll_streams(cx);
        }
        if next.is_pending() {
            next = mailbox();
        }
        match next {
            Poll::Ready(Next::Message(message)) => self.turn(message),
            // A handler that runs beside the turns is work to be finished before the
            // end.
            Poll::Ready(Next::End) if ends && self.sources.handling() > 0 => Poll::Pending,
            Poll::Ready(_) => next,
            Poll::Pending => self.sources.poll_idle(cx).map(|()| Next::Other),
        }
    }

    fn poll_streams(&mut self, cx: &mut Poller<'_>) -> Poll<Next<I>> {
        if !ready!(self.sources.poll_streams(cx)) {
            return Poll::Ready(Next::Other);
        }
        self.was_stream = true;
        match self.slot.take() {
            Some(message) => Poll::Ready(Next::Message(message)),
            None => Poll::Pending,
        }
    }

    /// Begins a turn, which ends the idle period.
    fn turn(&mut self, message: I) -> Poll<Next<I>> {
        self.sources.end_idle();
        Poll::Ready(Next::Message(message))
    }
}

impl<I> fmt::Debug for Inputs<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inputs")
            .field("sources", &self.sources)
            .field("stash", &self.stash.len())
            .finish_non_exhaustive()
    }
}

pin_project_lite::pin_project! {
    /// Stream of a message at a fixed interval. Each message is made when it is due and
    /// the actor polls for it, so that at most one waits, and missed ones are not made
    /// up for.
    struct Tick<F> {
        interval: Interval,
        make: F,
    }
}

impl<F> Tick<F> {
    fn new(every: Duration, first: Duration, make: F) -> Self {
        /// Resolution of tokio's timers.
        const SHORTEST: Duration = Duration::from_millis(1);
        let every = every.max(SHORTEST);
        let mut interval = interval_at(instant_after(first), every);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { interval, make }
    }
}

impl<I, F: FnMut() -> I> Stream for Tick<F> {
    type Item = I;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<I>> {
        let this = self.project();
        ready!(this.interval.poll_tick(cx));
        Poll::Ready(Some((this.make)()))
    }
}

pin_project_lite::pin_project! {
    /// Stream that makes a message of each item of another stream, and of its end.
    pub(crate) struct MessageStream<S, F> {
        #[pin]
        stream: S,
        make: F,
        ended: bool,
    }
}

impl<S, F> MessageStream<S, F> {
    pub(crate) fn new(stream: S, make: F) -> Self {
        Self {
            stream,
            make,
            ended: false,
        }
    }
}

impl<S: Stream, I, F: FnMut(Option<S::Item>) -> I> Stream for MessageStream<S, F> {
    type Item = I;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<I>> {
        let this = self.project();
        if *this.ended {
            return Poll::Ready(None);
        }
        let item = ready!(this.stream.poll_next(cx));
        *this.ended = item.is_none();
        Poll::Ready(Some((this.make)(item)))
    }
}
