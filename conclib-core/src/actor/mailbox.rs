//! The bounded queue of one actor, with the lane for signals beside it.
//!
//! Senders push under a mutex; the actor's loop takes the whole queue out at
//! once and serves that batch without the lock. A place is given back when the
//! loop takes a message up, not when it took the batch, so the bound is exact:
//! `queued + taken <= capacity`.
//!
//! A sender that finds no place queues itself. Places are handed to waiting
//! senders in their order, and a newcomer cannot slip in before them.
//!
//! A message comes with its priority. What the queue is made of says whether
//! that counts; where it does, the loop takes one message at a time.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::mem;
use std::task::{Context, Poll, Waker};

use super::line::{Line, Ticket};
use super::order::Items;
use super::signal::{ABANDONED, Alert, SIGNAL, Signal};
use crate::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering, fence};
use crate::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

#[cfg(all(test, any(shuttle, conclib_loom)))]
mod model;
#[cfg(all(test, not(any(shuttle, conclib_loom))))]
mod tests;

/// What a full mailbox does with one message more.
///
/// ```
/// use conclib_core::Overflow;
/// assert_eq!(Overflow::default(), Overflow::Wait);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Overflow {
    /// The sender waits for a place. `try_tell`, and whoever asks from outside
    /// the process, get `Full`.
    #[default]
    Wait,
    /// The sender gets the message back.
    Reject,
    /// The oldest message that waits makes room and becomes a dead letter. Of
    /// an actor with priorities it is the oldest of the least urgent, and the
    /// message itself if nothing less urgent waits.
    DropOldest,
    /// The message itself becomes a dead letter.
    DropNewest,
}

/// Why a message was not queued; `S` is what would have become the message.
pub(crate) enum Refused<S> {
    Closed(S),
    Full(S),
}

pub(crate) struct Mailbox<T, Q = VecDeque<T>> {
    queue: Mutex<Queue<Q>>,
    /// What is left of the batch that the loop took. Written by the loop only.
    taken: AtomicUsize,
    /// Whether senders wait in line, so that the loop gives their places out
    /// when it takes a message up.
    has_line: AtomicBool,
    /// The [`Signal`] and the [`Alert`]s.
    signal: AtomicU8,
    /// The task of the loop: one task for a whole life, so it never changes.
    waker: OnceLock<Waker>,
    capacity: usize,
    overflow: Overflow,
    items: PhantomData<fn() -> T>,
}

struct Queue<Q> {
    items: Q,
    /// The loop found nothing and waits to be woken.
    parked: bool,
    closed: bool,
    leaving: Leaving,
    /// There since a sender first found no place.
    line: Option<Box<Line>>,
}

/// The last reference to an anonymous actor is gone, and the loop is to look
/// whether one of its turns has made another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaving {
    No,
    /// Once so many have been served: those that waited then.
    After(usize),
    Now,
}

impl<Q> Queue<Q> {
    fn is_waited_for(&self) -> bool {
        self.line.as_ref().is_some_and(|line| !line.is_empty())
    }

    fn promised(&self) -> usize {
        self.line.as_ref().map_or(0, |line| line.promised())
    }

    fn line(&mut self) -> &mut Line {
        self.line.get_or_insert_default()
    }
}

impl<T, Q: Items<T>> Mailbox<T, Q> {
    /// `capacity` messages wait at most; at least one.
    #[inline(always)]
    pub(crate) fn new(capacity: usize, overflow: Overflow) -> Self {
        Self {
            queue: Mutex::new(Queue {
                items: Q::default(),
                parked: false,
                closed: false,
                leaving: Leaving::No,
                line: None,
            }),
            taken: AtomicUsize::new(0),
            has_line: AtomicBool::new(false),
            signal: AtomicU8::new(Signal::None as u8),
            waker: OnceLock::new(),
            capacity: capacity.max(1),
            overflow,
            items: PhantomData,
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// How many messages wait.
    pub(crate) fn depth(&self) -> usize {
        self.lock().items.len() + self.taken.load(Ordering::SeqCst)
    }

    /// Takes a place at once or gives the seed back; `make` turns it into the
    /// message once a place is certain. Returns a message that had to go for it. With `exempt` the bound does not hold:
    /// an actor's send to itself is never refused for want of room.
    #[inline(always)]
    pub(crate) fn try_push<S>(
        &self,
        seed: S,
        priority: u8,
        exempt: bool,
        make: impl FnOnce(S) -> T,
    ) -> Result<Option<T>, Refused<S>> {
        let mut queue = self.lock();
        if queue.closed {
            return Err(Refused::Closed(seed));
        }
        if !(exempt || self.has_room(&queue)) {
            if self.overflow != Overflow::DropOldest {
                return Err(Refused::Full(seed));
            }
            let evicted = queue.items.replace(priority, make(seed));
            self.pushed(queue);
            return Ok(evicted);
        }
        queue.items.push(priority, make(seed));
        self.pushed(queue);
        Ok(None)
    }

    /// As [`try_push`](Self::try_push), but waits in line for a place. The
    /// caller keeps `ticket` between polls, and gives it to
    /// [`leave`](Self::leave) if it stops polling while it holds one.
    pub(crate) fn poll_push<S>(
        &self,
        cx: &mut Context<'_>,
        ticket: &mut Option<Ticket>,
        seed: &mut Option<S>,
        priority: u8,
        make: impl FnOnce(S) -> T,
    ) -> Poll<Result<(), ()>> {
        let mut queue = self.lock();
        if queue.closed {
            *ticket = None;
            return Poll::Ready(Err(()));
        }
        if let Some(mine) = *ticket {
            if queue.line().waits(mine, cx.waker()) {
                return Poll::Pending;
            }
        } else {
            // Either the loop sees the line when it takes the next message up,
            // or we see here what it took up before.
            self.has_line.store(true, Ordering::SeqCst);
            if !self.has_room(&queue) {
                *ticket = Some(queue.line().join(cx.waker()));
                return Poll::Pending;
            }
        }
        *ticket = None;
        if let Some(seed) = seed.take() {
            queue.items.push(priority, make(seed));
            self.pushed(queue);
        }
        Poll::Ready(Ok(()))
    }

    /// Waits in line until there is a place, and leaves it to the next.
    pub(crate) fn poll_room(
        &self,
        cx: &mut Context<'_>,
        ticket: &mut Option<Ticket>,
    ) -> Poll<Result<(), ()>> {
        let polled = self.poll_push(cx, ticket, &mut None, u8::MAX, |item| item);
        if polled == Poll::Ready(Ok(())) {
            self.serve_line(self.lock());
        }
        polled
    }

    /// Gives up a place in line, or the place that was promised.
    pub(crate) fn leave(&self, ticket: Ticket) {
        let mut queue = self.lock();
        queue.line().leave(ticket);
        self.serve_line(queue);
    }

    /// Puts the next message for the loop into `next`, which is empty; `false`
    /// once the actor is to end, or an alert is to be looked at. `batch` is the
    /// loop's own, and empty at first.
    #[inline(always)]
    pub(crate) fn poll_next(&self, batch: &mut VecDeque<T>, next: &mut Option<T>) -> Poll<bool> {
        if self.is_urgent() {
            return Poll::Ready(false);
        }
        if !batch.is_empty() {
            fill(next, batch.pop_front());
            self.taken.store(batch.len(), Ordering::SeqCst);
            if self.has_line.load(Ordering::SeqCst) {
                self.serve_line(self.lock());
            }
            return Poll::Ready(true);
        }
        let mut queue = self.lock();
        if queue.leaving != Leaving::No && self.leaves(&mut queue) {
            return Poll::Ready(false);
        }
        if queue.items.len() == 0 {
            if queue.closed {
                return Poll::Ready(false);
            }
            queue.parked = true;
            return Poll::Pending;
        }
        if self.takes_one(&queue) {
            fill(next, queue.items.pop());
        } else {
            queue.items.take_all(batch);
            fill(next, batch.pop_front());
            self.taken.store(batch.len(), Ordering::Relaxed);
        }
        if queue.is_waited_for() {
            self.serve_line(queue);
        }
        Poll::Ready(true)
    }

    /// Tells whether the loop takes one message, and not all that wait: a single one
    /// is no batch; and under `DropOldest` the oldest must stay within reach of the
    /// senders.
    #[inline(always)]
    fn takes_one(&self, queue: &Queue<Q>) -> bool {
        !Q::BATCHES || queue.items.len() == 1 || self.overflow == Overflow::DropOldest
    }

    /// Tells whether all is served that waited when the last reference went. If
    /// not, the loop takes more of it now.
    #[cold]
    fn leaves(&self, queue: &mut Queue<Q>) -> bool {
        queue.leaving = match queue.leaving {
            Leaving::No => return false,
            Leaving::After(left) if left > 0 && queue.items.len() > 0 => {
                Leaving::After(if self.takes_one(queue) { left - 1 } else { 0 })
            }
            Leaving::After(_) | Leaving::Now => Leaving::Now,
        };
        queue.leaving == Leaving::Now
    }

    /// The last reference is gone: once what waits now is served, the loop is
    /// to look whether there is another. Later messages do not put that off, so
    /// an actor cannot live on by what it sends to itself.
    pub(crate) fn abandon(&self) {
        let mut queue = self.lock();
        if !queue.closed && queue.leaving == Leaving::No {
            queue.leaving = Leaving::After(queue.items.len());
            self.move_signal(Signal::None as u8, ABANDONED);
            self.pushed(queue);
        }
    }

    /// Decides, once, how an abandoned actor goes on: it drains unless
    /// `is_referenced` finds a new reference. That is due as soon as all that
    /// waited is served, or at once if `at_once`. Returns true if it was due.
    /// The loop is not woken.
    pub(crate) fn settle(&self, at_once: bool, is_referenced: impl FnOnce() -> bool) -> bool {
        if self.signal.load(Ordering::SeqCst) & SIGNAL != ABANDONED {
            return false;
        }
        let mut queue = self.lock();
        let is_due = match queue.leaving {
            Leaving::No => false,
            Leaving::After(_) => at_once,
            Leaving::Now => true,
        };
        if is_due {
            queue.leaving = Leaving::No;
            // Under the lock: the next last reference to go abandons it anew.
            if is_referenced() {
                self.move_signal(ABANDONED, Signal::None as u8);
            } else {
                self.move_signal(ABANDONED, Signal::Drain as u8);
                drop(self.close_locked(queue));
            }
        }
        is_due
    }

    /// Unless it is another by now.
    fn move_signal(&self, from: u8, to: u8) {
        let (set, fetch) = (Ordering::SeqCst, Ordering::SeqCst);
        let moved = |before: u8| (before & SIGNAL == from).then_some(before & !SIGNAL | to);
        let _ = self.signal.fetch_update(set, fetch, moved);
    }

    /// Remembers the task of the loop, so that a signal reaches it wherever it
    /// waits.
    pub(crate) fn register(&self, waker: &Waker) {
        if self.waker.get().is_none() {
            let _ = self.waker.set(waker.clone());
            // Pairs with the one in `alert`: it sees the task, or the task sees
            // the alert. Of a signal, the lock in `close` does that.
            fence(Ordering::SeqCst);
        }
    }

    /// Tells the actor to end, and closes the mailbox to new messages.
    /// Returns false if it was told so before, as urgently.
    pub(crate) fn raise(&self, signal: Signal) -> bool {
        let more_urgent = |before: u8| {
            let urgent = before & SIGNAL < signal as u8;
            urgent.then_some(before & !SIGNAL | signal as u8)
        };
        let (set, fetch) = (Ordering::SeqCst, Ordering::SeqCst);
        if self.signal.fetch_update(set, fetch, more_urgent).is_err() {
            return false;
        }
        drop(self.close());
        self.wake();
        true
    }

    pub(crate) fn signal(&self) -> Signal {
        const DRAIN: u8 = Signal::Drain as u8;
        const NOW: u8 = Signal::Now as u8;
        match self.signal.load(Ordering::Relaxed) & SIGNAL {
            0 | ABANDONED => Signal::None,
            DRAIN => Signal::Drain,
            NOW => Signal::Now,
            _ => Signal::Kill,
        }
    }

    /// Tells whether the loop takes up what comes in besides the mailbox: not while
    /// only what is queued is to be served.
    pub(crate) fn takes_all(&self) -> bool {
        self.signal.load(Ordering::Relaxed) & SIGNAL == Signal::None as u8
    }

    /// Whether the loop has to look at something before the next message.
    pub(crate) fn is_urgent(&self) -> bool {
        self.signal.load(Ordering::Relaxed) >= Signal::Now as u8
    }

    /// Has the loop look at something besides messages.
    pub(crate) fn alert(&self, alert: Alert) {
        self.mark(alert);
        // Pairs with the one in `register`.
        fence(Ordering::SeqCst);
        self.wake();
    }

    /// As [`alert`](Self::alert), for a loop that is awake.
    pub(crate) fn mark(&self, alert: Alert) {
        self.signal.fetch_or(alert as u8, Ordering::SeqCst);
    }

    /// Whether there is something that the loop has not looked at, besides
    /// what comes by itself.
    #[cfg(feature = "testing")]
    pub(crate) fn has_work(&self) -> bool {
        let signal = self.signal.load(Ordering::SeqCst);
        signal & !(Alert::Gate as u8) != 0 || self.depth() > 0
    }

    pub(crate) fn is_alerted(&self, alert: Alert) -> bool {
        self.signal.load(Ordering::SeqCst) & alert as u8 != 0
    }

    /// The loop has looked.
    pub(crate) fn calm(&self, alert: Alert) {
        self.signal.fetch_and(!(alert as u8), Ordering::SeqCst);
    }

    /// Wakes the loop, wherever it waits.
    pub(crate) fn wake(&self) {
        if let Some(waker) = self.waker.get() {
            waker.wake_by_ref();
        }
    }

    /// Closes for good, and puts what nobody will serve behind what is left of
    /// the batch.
    pub(crate) fn end(&self, batch: &mut VecDeque<T>) {
        self.taken.store(0, Ordering::SeqCst);
        self.close().items.take_all(batch);
    }

    /// Takes no more messages, and tells those who wait in line. What it
    /// returns is locked anew.
    fn close(&self) -> MutexGuard<'_, Queue<Q>> {
        self.close_locked(self.lock())
    }

    fn close_locked<'a>(&'a self, mut queue: MutexGuard<'a, Queue<Q>>) -> MutexGuard<'a, Queue<Q>> {
        queue.closed = true;
        queue.leaving = Leaving::No;
        while let Some(waker) = queue.line.as_mut().and_then(|line| line.send_off()) {
            // A waker may run code of any executor: not under the lock.
            drop(queue);
            waker.wake();
            queue = self.lock();
        }
        queue
    }

    /// Wakes the loop, if it waits for what was just pushed.
    #[inline(always)]
    fn pushed(&self, mut queue: MutexGuard<'_, Queue<Q>>) {
        let wake = mem::take(&mut queue.parked);
        drop(queue);
        if wake && let Some(waker) = self.waker.get() {
            waker.wake_by_ref();
        }
    }

    /// Whether there is a place for one that comes now.
    fn has_room(&self, queue: &Queue<Q>) -> bool {
        let used = queue.items.len() + self.taken.load(Ordering::SeqCst);
        match &queue.line {
            None => used < self.capacity,
            Some(line) => line.is_empty() && used + line.promised() < self.capacity,
        }
    }

    /// The places that nobody has, not even by a promise.
    fn free(&self, queue: &Queue<Q>) -> usize {
        let used = queue.items.len() + self.taken.load(Ordering::SeqCst) + queue.promised();
        self.capacity.saturating_sub(used)
    }

    /// Promises free places to those in line. Nobody is woken under the lock:
    /// a waker may run code of any executor.
    fn serve_line<'a>(&'a self, mut queue: MutexGuard<'a, Queue<Q>>) {
        while self.free(&queue) > 0 {
            let Some(waker) = queue.line.as_mut().and_then(|line| line.promise()) else {
                self.has_line.store(false, Ordering::SeqCst);
                return;
            };
            drop(queue);
            waker.wake();
            queue = self.lock();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue<Q>> {
        // No code of a user runs under this lock, so it cannot be poisoned
        // half-way through a change.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts an item into an empty place. An assignment would look for one to drop,
/// and so move the new one twice.
#[inline(always)]
fn fill<T>(place: &mut Option<T>, item: Option<T>) {
    mem::forget(mem::replace(place, item));
}
