//! Messages that come by themselves.

use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

use super::Messages;

/// A message that comes by itself: `#[message(every = "…")]`.
#[derive(Debug)]
pub struct TickSpec<I> {
    /// The wire name of the message.
    pub name: &'static str,
    /// How often.
    pub every: Duration,
    /// Makes the message.
    pub make: fn() -> I,
}

/// The ticks of one actor. The first of each comes at once, the next ones on a
/// fixed schedule. The loop takes a tick when it is due and it has time for
/// it, so of each kind at most one waits, and none comes twice to catch up.
pub(crate) struct Ticks<I: 'static> {
    kinds: Vec<(Interval, &'static TickSpec<I>)>,
    /// Which kind is looked at first, so that none starves another.
    next: usize,
    /// Whether the last turn was a tick: then a message has its turn, so that
    /// ticks cannot starve the mailbox either.
    was_tick: bool,
}

impl<I: Messages> Ticks<I> {
    /// `None` for an actor that has no ticks, so that it pays nothing for them.
    pub(crate) fn start() -> Option<Box<Self>> {
        if I::TICKS.is_empty() {
            return None;
        }
        let start = |spec: &'static TickSpec<I>| {
            let mut interval = interval(spec.every);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            (interval, spec)
        };
        Some(Box::new(Self {
            kinds: I::TICKS.iter().map(start).collect(),
            next: 0,
            was_tick: false,
        }))
    }

    /// A tick that is due, or else what `mailbox` has.
    pub(crate) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        mut mailbox: impl FnMut() -> Poll<Option<I>>,
    ) -> Poll<Option<I>> {
        if self.was_tick {
            self.was_tick = false;
            if let Poll::Ready(next) = mailbox() {
                return Poll::Ready(next);
            }
        }
        for step in 0..self.kinds.len() {
            let at = (self.next + step) % self.kinds.len();
            let (interval, spec) = &mut self.kinds[at];
            if interval.poll_tick(cx).is_ready() {
                self.next = at + 1;
                self.was_tick = true;
                return Poll::Ready(Some((spec.make)()));
            }
        }
        mailbox()
    }
}
