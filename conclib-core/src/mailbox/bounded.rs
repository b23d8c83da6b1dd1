//! The bounded queue of one actor, with the lane for signals beside it.
//!
//! Senders push under a mutex; the actor's loop takes the whole queue out at
//! once and serves that batch without the lock. A loop that took a single message
//! leaves the mailbox parked: if none has come by the end of the turn, the loop
//! goes to sleep without the lock. A slot is given back when the
//! loop takes a message up, not when it took the batch, so the bound is exact:
//! `queued + taken <= capacity`.
//!
//! A sender that finds no slot queues itself. Slots are handed to waiting
//! senders in their order, and a newcomer cannot slip in before them.
//!
//! A message comes with its priority. The queue type `Q` says whether priorities count;
//! if they do, the loop takes one message at a time.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::task::{Context, Poll, Waker, ready};

use serde::{Deserialize, Serialize};

use super::fifo::MessageQueue;
use super::signal::{Alert, Signal, Signals};
use super::waiters::{Ticket, WaiterQueue};
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use crate::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

#[cfg(all(test, any(shuttle, conclib_loom)))]
mod model;
#[cfg(all(test, not(any(shuttle, conclib_loom))))]
mod tests;

/// Policy of a full mailbox for one more message.
///
/// ```
/// use conclib::prelude::*;
///
/// assert_eq!(Overflow::default(), Overflow::Wait);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Overflow {
    /// The sender waits for a slot. `try_tell` and requests from outside the process
    /// are refused instead, since they cannot wait here.
    #[default]
    Wait,
    /// The sender gets the message back.
    Reject,
    /// The oldest message that waits makes room and becomes a dead letter. With
    /// priorities, the oldest of the least urgent messages makes room, or the new
    /// message itself if no less urgent one waits.
    DropOldest,
    /// The new message becomes a dead letter.
    DropNewest,
}

/// Reason for which a message was not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Closed,
    Full,
}

pub(crate) struct Mailbox<T, Q = VecDeque<T>> {
    queue: Mutex<Queue<Q>>,
    /// Number of messages left in the batch that the loop took. Written by the loop
    /// only.
    taken: AtomicUsize,
    /// True while senders wait for a slot, so that the loop hands out the slot that
    /// is freed each time it takes a message up.
    has_waiters: AtomicBool,
    signals: Signals,
    /// True while the queue is empty and the next message has to wake the loop. Set by
    /// the loop and cleared by senders, under the lock.
    parked: AtomicBool,
    /// Waker of the actor's task, which stays the same from the first poll to the end.
    waker: OnceLock<Waker>,
    capacity: usize,
    overflow: Overflow,
    items: PhantomData<fn() -> T>,
}

struct Queue<Q> {
    items: Q,
    phase: Phase,
    /// Senders that wait for a slot; allocated when a sender first finds none.
    waiters: Option<Box<WaiterQueue>>,
}

/// Progress of a mailbox towards its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// The last reference of an anonymous actor was dropped. After this many more
    /// messages, those that waited then, the loop has to check whether one of the
    /// actor's turns has made another reference.
    Unreferenced(u32),
    /// That check is due.
    Unsettled,
    Closed,
}

impl<Q> Queue<Q> {
    fn is_waited_for(&self) -> bool {
        self.waiters
            .as_ref()
            .is_some_and(|waiters| !waiters.is_empty())
    }

    fn granted(&self) -> usize {
        self.waiters.as_ref().map_or(0, |waiters| waiters.granted())
    }

    fn waiters(&mut self) -> &mut WaiterQueue {
        self.waiters.get_or_insert_default()
    }
}

impl<T, Q: MessageQueue<T>> Mailbox<T, Q> {
    /// Creates a mailbox in which at most `capacity` messages wait, and at least one.
    #[inline(always)]
    pub(crate) fn new(capacity: usize, overflow: Overflow) -> Self {
        Self {
            queue: Mutex::new(Queue {
                items: Q::default(),
                phase: Phase::Open,
                waiters: None,
            }),
            taken: AtomicUsize::new(0),
            has_waiters: AtomicBool::new(false),
            signals: Signals::new(),
            parked: AtomicBool::new(false),
            waker: OnceLock::new(),
            capacity: capacity.max(1),
            overflow,
            items: PhantomData,
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Number of messages that wait.
    pub(crate) fn depth(&self) -> usize {
        self.lock().items.len() + self.taken.load(Ordering::SeqCst)
    }

    /// Takes a slot at once or leaves the seed; `make` turns the seed into the message
    /// once a slot is certain. Returns the message that is dropped for it, if any. With `exempt` the message is queued above the
    /// capacity, as a message of an actor to itself is.
    #[inline(always)]
    pub(crate) fn try_push<S>(
        &self,
        seed: &mut Option<S>,
        priority: u8,
        exempt: bool,
        make: impl FnOnce(S) -> T,
    ) -> Result<Option<T>, Refused> {
        self.try_push_from(seed, priority, exempt, false, make)
    }

    /// Same as [`try_push`](Self::try_push). With `inside` the push is made within a poll of
    /// the actor's task, which looks at the mailbox before it sleeps: it is not woken.
    #[inline(always)]
    pub(crate) fn try_push_from<S>(
        &self,
        seed: &mut Option<S>,
        priority: u8,
        exempt: bool,
        inside: bool,
        make: impl FnOnce(S) -> T,
    ) -> Result<Option<T>, Refused> {
        let mut queue = self.lock();
        if queue.phase == Phase::Closed {
            return Err(Refused::Closed);
        }
        if !(exempt || self.has_room(&queue)) {
            if self.overflow != Overflow::DropOldest {
                return Err(Refused::Full);
            }
            let evicted = seed
                .take()
                .and_then(|seed| queue.items.replace(priority, make(seed)));
            self.pushed(queue, inside);
            return Ok(evicted);
        }
        if let Some(seed) = seed.take() {
            queue.items.push(priority, make(seed));
            self.pushed(queue, inside);
        }
        Ok(None)
    }

    /// Pushes like [`try_push`](Self::try_push), but waits for a slot behind the
    /// senders that came before. The caller keeps `ticket` between polls, and passes
    /// the ticket to [`leave`](Self::leave) if the caller stops polling while holding
    /// one.
    pub(crate) fn poll_push<S>(
        &self,
        cx: &mut Context<'_>,
        ticket: &mut Option<Ticket>,
        seed: &mut Option<S>,
        priority: u8,
        make: impl FnOnce(S) -> T,
    ) -> Poll<Result<(), ()>> {
        let mut queue = ready!(self.poll_slot(cx, ticket))?;
        if let Some(seed) = seed.take() {
            queue.items.push(priority, make(seed));
            self.pushed(queue, false);
        }
        Poll::Ready(Ok(()))
    }

    /// Waits until a slot can be taken under the lock that is returned.
    fn poll_slot(
        &self,
        cx: &mut Context<'_>,
        ticket: &mut Option<Ticket>,
    ) -> Poll<Result<MutexGuard<'_, Queue<Q>>, ()>> {
        let mut queue = self.lock();
        if queue.phase == Phase::Closed {
            *ticket = None;
            return Poll::Ready(Err(()));
        }
        if let Some(mine) = *ticket {
            if queue.waiters().waits(mine, cx.waker()) {
                return Poll::Pending;
            }
        } else {
            // Either the loop sees the flag when it takes the next message up, or
            // `has_room` sees the slot of the message that the loop took up before.
            self.has_waiters.store(true, Ordering::SeqCst);
            if !self.has_room(&queue) {
                *ticket = Some(queue.waiters().join(cx.waker()));
                return Poll::Pending;
            }
        }
        *ticket = None;
        Poll::Ready(Ok(queue))
    }

    /// Waits until there is a slot, without taking it: the slot goes to the next
    /// waiting sender.
    pub(crate) fn poll_room(
        &self,
        cx: &mut Context<'_>,
        ticket: &mut Option<Ticket>,
    ) -> Poll<Result<(), ()>> {
        self.serve_waiters(ready!(self.poll_slot(cx, ticket))?);
        Poll::Ready(Ok(()))
    }

    /// Waits until a slot is promised to the caller, behind the senders that came before. Then
    /// `ticket` stands for the slot: [`poll_push`](Self::poll_push) takes it, and
    /// [`leave`](Self::leave) gives it back.
    pub(crate) fn poll_reserve(
        &self,
        cx: &mut Context<'_>,
        ticket: &mut Option<Ticket>,
    ) -> Poll<Result<(), ()>> {
        let mut queue = self.lock();
        if queue.phase == Phase::Closed {
            *ticket = None;
            return Poll::Ready(Err(()));
        }
        if let Some(mine) = *ticket {
            return match queue.waiters().is_granted(mine, cx.waker()) {
                true => Poll::Ready(Ok(())),
                false => Poll::Pending,
            };
        }
        // The flag is set before the check, for the reason that `poll_push` gives.
        self.has_waiters.store(true, Ordering::SeqCst);
        if self.has_room(&queue) {
            *ticket = Some(queue.waiters().grant_now());
            return Poll::Ready(Ok(()));
        }
        *ticket = Some(queue.waiters().join(cx.waker()));
        Poll::Pending
    }

    /// Removes a sender from the queue of waiting senders, and hands the slot that was
    /// promised to this sender, if any, to the next.
    pub(crate) fn leave(&self, ticket: Ticket) {
        let mut queue = self.lock();
        queue.waiters().leave(ticket);
        self.serve_waiters(queue);
    }

    /// Makes the next message for the loop the first of `batch`, which belongs to the
    /// loop and is empty at first; the loop takes it out before the next poll. Resolves
    /// to `false` if the actor is to end or an alert is to be handled.
    #[inline(always)]
    pub(crate) fn poll_next(&self, batch: &mut VecDeque<T>) -> Poll<bool> {
        if self.is_urgent() {
            return Poll::Ready(false);
        }
        if !batch.is_empty() {
            self.taken.store(batch.len() - 1, Ordering::SeqCst);
            if self.has_waiters.load(Ordering::SeqCst) {
                self.serve_waiters(self.lock());
            }
            return Poll::Ready(true);
        }
        // A sender that clears the flag wakes the loop afterwards, so that a flag that
        // is still seen here is no lost message.
        if self.parked.load(Ordering::Relaxed) {
            return Poll::Pending;
        }
        let queue = self.lock();
        if queue.phase != Phase::Open {
            return self.poll_last(queue, batch);
        }
        let waiting = queue.items.len();
        if waiting <= 1 {
            self.parked.store(true, Ordering::Relaxed);
            if waiting == 0 {
                return Poll::Pending;
            }
        }
        self.take(queue, batch, waiting);
        Poll::Ready(true)
    }

    /// Rest of [`poll_next`](Self::poll_next) for a mailbox that is not open: it never
    /// parks with a message taken.
    #[cold]
    #[inline(never)]
    fn poll_last(
        &self,
        mut queue: MutexGuard<'_, Queue<Q>>,
        batch: &mut VecDeque<T>,
    ) -> Poll<bool> {
        if self.ends(&mut queue) {
            return Poll::Ready(false);
        }
        let waiting = queue.items.len();
        self.take(queue, batch, waiting);
        Poll::Ready(true)
    }

    /// Takes all messages, or the next one, and gives the slot of the first to a sender
    /// that waits.
    #[inline(always)]
    fn take(&self, mut queue: MutexGuard<'_, Queue<Q>>, batch: &mut VecDeque<T>, waiting: usize) {
        if self.takes_all() {
            queue.items.take_all(batch);
            self.taken.store(waiting - 1, Ordering::Relaxed);
        } else {
            if let Some(item) = queue.items.pop() {
                batch.push_back(item);
            }
        }
        if queue.is_waited_for() {
            self.serve_waiters(queue);
        }
    }

    /// Tells whether the loop takes all messages that wait. Under `DropOldest` the oldest
    /// must stay within reach of the senders.
    #[inline(always)]
    fn takes_all(&self) -> bool {
        Q::BATCHES && self.overflow != Overflow::DropOldest
    }

    /// Tells whether the mailbox is closed and empty, or all messages that waited when the
    /// last reference was dropped have been handled. If not, counts down by those that the
    /// loop takes up now.
    fn ends(&self, queue: &mut Queue<Q>) -> bool {
        let waiting = queue.items.len();
        queue.phase = match queue.phase {
            Phase::Open => return false,
            Phase::Closed => return waiting == 0,
            Phase::Unreferenced(left) if left > 0 && waiting > 0 => {
                Phase::Unreferenced(match self.takes_all() {
                    true => 0,
                    false => left - 1,
                })
            }
            Phase::Unreferenced(_) | Phase::Unsettled => Phase::Unsettled,
        };
        queue.phase == Phase::Unsettled
    }

    /// Notes that the last reference was dropped: once the messages that wait now are
    /// handled, the loop is to check for a new reference. Later messages do not put
    /// that check off, so an actor cannot keep itself alive by what it sends to itself.
    pub(crate) fn abandon(&self) {
        let mut queue = self.lock();
        if queue.phase == Phase::Open {
            let waiting = u32::try_from(queue.items.len()).unwrap_or(u32::MAX);
            queue.phase = Phase::Unreferenced(waiting);
            self.signals.abandon();
            self.pushed(queue, false);
        }
    }

    /// Decides, once, how an abandoned actor goes on: the actor drains unless
    /// `is_referenced` finds a new reference. The decision is due as soon as all
    /// messages that waited are handled, or at once if `at_once` is set. Returns true
    /// if the decision was due. Does not wake the loop.
    pub(crate) fn settle(&self, at_once: bool, is_referenced: impl FnOnce() -> bool) -> bool {
        if !self.signals.is_abandoned() {
            return false;
        }
        let mut queue = self.lock();
        let is_due = match queue.phase {
            Phase::Open | Phase::Closed => false,
            Phase::Unreferenced(_) => at_once,
            Phase::Unsettled => true,
        };
        if is_due {
            queue.phase = Phase::Open;
            // Called under the lock, so that a drop of the last reference after this
            // check abandons the actor anew.
            if is_referenced() {
                self.signals.settle(Signal::None);
            } else {
                self.signals.settle(Signal::Drain);
                drop(self.close_locked(queue));
            }
        }
        is_due
    }

    /// Stores the waker of the actor's task, so that a signal wakes the task whatever
    /// it awaits.
    pub(crate) fn register(&self, waker: &Waker) {
        if self.waker.get().is_none() {
            let _ = self.waker.set(waker.clone());
            // Pairs with the fence in `alert`: either `alert` sees the waker, or the
            // task sees the alert. For a signal, the lock in `close` ensures the same.
            fence(Ordering::SeqCst);
        }
    }

    /// Tells the actor to end, and closes the mailbox to new messages. Returns false if
    /// a signal at least as urgent was raised before.
    pub(crate) fn raise(&self, signal: Signal) -> bool {
        if !self.signals.raise(signal) {
            return false;
        }
        drop(self.close());
        self.wake();
        true
    }

    pub(crate) fn signal(&self) -> Signal {
        self.signals.signal()
    }

    /// Tells whether the loop polls the inputs besides the mailbox, such as streams and
    /// ticks. An actor that was told to end or has lost its last reference does not:
    /// only queued messages are left to it.
    pub(crate) fn takes_all_inputs(&self) -> bool {
        self.signals.is_none()
    }

    /// Tells whether the loop must end the actor or handle an alert before the next
    /// message.
    pub(crate) fn is_urgent(&self) -> bool {
        self.signals.is_urgent()
    }

    /// Posts an alert, and wakes the loop to handle it.
    pub(crate) fn alert(&self, alert: Alert) {
        self.mark(alert);
        // Pairs with the fence in `register`.
        fence(Ordering::SeqCst);
        self.wake();
    }

    /// Posts an alert for a loop that is awake, which needs no waking.
    pub(crate) fn mark(&self, alert: Alert) {
        self.signals.mark(alert);
    }

    /// Tells whether messages, a signal or an alert wait for the loop. Inputs besides
    /// the mailbox are not counted.
    pub(crate) fn has_work(&self) -> bool {
        self.signals.has_work() || self.depth() > 0
    }

    pub(crate) fn is_alerted(&self, alert: Alert) -> bool {
        self.signals.is_alerted(alert)
    }

    /// Clears an alert that the loop has seen.
    pub(crate) fn clear_alert(&self, alert: Alert) {
        self.signals.clear(alert);
    }

    /// Wakes the actor's task, whatever it awaits.
    pub(crate) fn wake(&self) {
        if let Some(waker) = self.waker.get() {
            waker.wake_by_ref();
        }
    }

    /// Closes the mailbox for good, and moves the messages of the queue behind the rest
    /// of the batch: no turn will handle them.
    pub(crate) fn end(&self, batch: &mut VecDeque<T>) {
        self.taken.store(0, Ordering::SeqCst);
        self.close().items.take_all(batch);
    }

    /// Closes the mailbox to new messages and wakes all waiting senders. Returns the
    /// queue locked, with the lock released in between for each waker.
    fn close(&self) -> MutexGuard<'_, Queue<Q>> {
        self.close_locked(self.lock())
    }

    fn close_locked<'a>(&'a self, mut queue: MutexGuard<'a, Queue<Q>>) -> MutexGuard<'a, Queue<Q>> {
        queue.phase = Phase::Closed;
        self.parked.store(false, Ordering::Relaxed);
        while let Some(waker) = queue
            .waiters
            .as_mut()
            .and_then(|waiters| waiters.close_one())
        {
            // A waker may run code of any executor, so the lock is released.
            drop(queue);
            waker.wake();
            queue = self.lock();
        }
        queue
    }

    /// Ends a push: unlocks the queue, and wakes the loop if it is parked.
    #[inline(always)]
    fn pushed(&self, queue: MutexGuard<'_, Queue<Q>>, inside: bool) {
        let wake = self.parked.load(Ordering::Relaxed);
        if wake {
            self.parked.store(false, Ordering::Relaxed);
        }
        drop(queue);
        if wake
            && !inside
            && let Some(waker) = self.waker.get()
        {
            waker.wake_by_ref();
        }
    }

    /// Tells whether there is a slot for a sender that comes now: a free one that no
    /// earlier sender waits for.
    fn has_room(&self, queue: &Queue<Q>) -> bool {
        let used = queue.items.len() + self.taken.load(Ordering::SeqCst);
        match &queue.waiters {
            None => used < self.capacity,
            Some(waiters) => waiters.is_empty() && used + waiters.granted() < self.capacity,
        }
    }

    /// Number of slots that are neither used nor promised to a waiting sender.
    fn free(&self, queue: &Queue<Q>) -> usize {
        let used = queue.items.len() + self.taken.load(Ordering::SeqCst) + queue.granted();
        self.capacity.saturating_sub(used)
    }

    /// Promises free slots to the waiting senders, the first come first. Each is woken
    /// without the lock, since a waker may run code of any executor.
    fn serve_waiters<'a>(&'a self, mut queue: MutexGuard<'a, Queue<Q>>) {
        while self.free(&queue) > 0 {
            let Some(waker) = queue.waiters.as_mut().and_then(|waiters| waiters.grant()) else {
                self.has_waiters.store(false, Ordering::SeqCst);
                return;
            };
            drop(queue);
            waker.wake();
            queue = self.lock();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue<Q>> {
        // No user code runs under this lock, so it cannot be poisoned half-way through
        // a change.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
