//! Inputs of an actor besides its mailbox: streams, ticks, delayed messages, results it
//! waits for, and handlers that run beside its turns.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context as Poller, Poll, ready};
use std::time::Duration;

use conclib_wire::{Fault, StopReason};
use futures_core::Stream;
use futures_util::stream::{self, AbortHandle, Abortable, FuturesUnordered, SelectAll, StreamExt};
use tokio::time::{Instant, Interval, MissedTickBehavior, Sleep, interval_at, sleep, sleep_until};

use super::concurrent::ConcurrentHandler;
use super::outcome::Turn;
use crate::actor_id::ActorId;
use crate::time::{instant_after, timers};
use crate::turn_scope;

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

type InputStream<I> = Abortable<Pin<Box<dyn Stream<Item = I> + Send>>>;

/// All inputs of an actor besides its mailbox. The streams take turns, and a message of
/// the mailbox follows each of their messages, so that no input starves another.
pub(crate) struct Inputs<I> {
    streams: SelectAll<InputStream<I>>,
    beside: FuturesUnordered<ConcurrentHandler>,
    /// Number of entries in `beside` that are streams of replies.
    replying: usize,
    /// Outcome of a handler beside the turns that is done, with the index of its
    /// message.
    done: Option<(usize, Turn)>,
    /// Reason to end the actor: a stream panicked, or a timer is needed in a runtime
    /// without timers.
    fault: Option<StopReason>,
    /// Messages put aside until the actor wants them.
    stash: VecDeque<I>,
    /// Messages wanted again, which come before the mailbox.
    unstashed: VecDeque<I>,
    /// True if the last turn came from a stream, so that the mailbox is next.
    was_stream: bool,
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

/// Next thing for the loop to handle.
pub(crate) enum Next<I> {
    Message(I),
    /// Something other than a message, which [`Inputs::take_done`], `take_fault` or
    /// `take_idle` returns.
    Other,
    /// The mailbox has ended.
    End,
}

impl<I: Send + 'static> Default for Inputs<I> {
    fn default() -> Self {
        Self {
            streams: SelectAll::new(),
            beside: FuturesUnordered::new(),
            replying: 0,
            done: None,
            fault: None,
            stash: VecDeque::new(),
            unstashed: VecDeque::new(),
            was_stream: false,
            idle: None,
        }
    }
}

impl<I: Send + 'static> Inputs<I> {
    pub(crate) fn attach(&mut self, stream: impl Stream<Item = I> + Send + 'static) -> Attached {
        let (handle, registration) = AbortHandle::new_pair();
        let stream: Pin<Box<dyn Stream<Item = I> + Send>> = Box::pin(stream);
        self.streams.push(Abortable::new(stream, registration));
        Attached(handle)
    }

    pub(crate) fn tick(
        &mut self,
        every: Duration,
        first: Duration,
        make: impl FnMut() -> I + Send + 'static,
    ) -> Attached {
        match self.has_timers() {
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
        match self.has_timers() {
            true => self.attach(stream::once(async move {
                sleep_until(at).await;
                make()
            })),
            false => self.attach(stream::empty()),
        }
    }

    /// Tells whether the runtime has timers. If not, sets the fault that ends the
    /// actor.
    fn has_timers(&mut self) -> bool {
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
        if let Poll::Ready(Some(done)) = self.beside.poll_next_unpin(cx) {
            self.replying -= usize::from(done.is_stream);
            self.done = Some((done.index, done.turn));
            return Poll::Ready(Next::Other);
        }
        if self.fault.is_some() {
            return Poll::Ready(Next::Other);
        }
        if self.handling() >= room {
            return Poll::Pending;
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
            Poll::Ready(Next::End) if ends && self.handling() > 0 => Poll::Pending,
            Poll::Ready(_) => next,
            Poll::Pending => self.poll_idle(cx),
        }
    }

    /// Number of handlers that run beside the turns, without streams.
    pub(crate) fn handling(&self) -> usize {
        self.beside.len() - self.replying
    }

    fn poll_streams(&mut self, cx: &mut Poller<'_>) -> Poll<Next<I>> {
        // Catches panics: both the stream and the closure that makes messages of its
        // items are user code.
        let streams = AssertUnwindSafe(|| self.streams.poll_next_unpin(cx));
        match catch_unwind(|| turn_scope::beside(None, streams)) {
            Ok(Poll::Ready(Some(message))) => {
                self.was_stream = true;
                Poll::Ready(Next::Message(message))
            }
            // No stream is left, or none is ready.
            Ok(Poll::Ready(None) | Poll::Pending) => Poll::Pending,
            Err(panic) => {
                self.fault = Some(StopReason::Panicked(Box::new(Fault::panic(&*panic))));
                Poll::Ready(Next::Other)
            }
        }
    }

    /// Begins a turn, which ends the idle period.
    fn turn(&mut self, message: I) -> Poll<Next<I>> {
        if let Some(idle) = &mut self.idle {
            idle.since = None;
            idle.told = false;
        }
        Poll::Ready(Next::Message(message))
    }

    fn poll_idle(&mut self, cx: &mut Poller<'_>) -> Poll<Next<I>> {
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
        Poll::Ready(Next::Other)
    }
}

impl<I> fmt::Debug for Inputs<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inputs")
            .field("streams", &self.streams.len())
            .field("beside", &self.beside.len())
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
