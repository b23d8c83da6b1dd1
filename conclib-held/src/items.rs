//! Items of a queue, with waiting askers at both ends.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{self, Poll};

use tokio::sync::{oneshot, watch};

pub(crate) struct Items<T>(Mutex<Line<T>>);

/// Items and askers, each in the order in which they came. Takers wait only while there is no item,
/// putters only while there is no room.
struct Line<T> {
    items: VecDeque<T>,
    /// Bound, which an item that comes back may exceed. `None` for a queue without one.
    capacity: Option<usize>,
    takers: VecDeque<oneshot::Sender<T>>,
    putters: VecDeque<(oneshot::Sender<()>, T)>,
    /// Number of items that were put, and that nobody is done with.
    undone: watch::Sender<usize>,
}

impl<T> Items<T> {
    /// Creates a line without items, of that bound.
    pub(crate) fn new(capacity: Option<usize>) -> Self {
        Self(Mutex::new(Line {
            items: VecDeque::new(),
            capacity,
            takers: VecDeque::new(),
            putters: VecDeque::new(),
            undone: watch::Sender::new(0),
        }))
    }

    /// Puts an item at the end, and waits for room before.
    pub(crate) async fn put(&self, item: T) {
        let turn = {
            let mut line = self.line();
            if line.has_room() {
                return line.put(item);
            }
            let (placed, turn) = oneshot::channel();
            line.putters.push_back((placed, item));
            turn
        };
        let leave = |line: &mut Line<T>, placed: Option<()>| {
            if placed.is_none() {
                line.putters.retain(|(placed, _)| !placed.is_closed());
            }
        };
        Waiting::new(self, turn, leave).await;
    }

    /// Puts an item at the end. Returns it if there is no room.
    pub(crate) fn try_put(&self, item: T) -> Result<(), T> {
        let mut line = self.line();
        match line.has_room() {
            true => {
                line.put(item);
                Ok(())
            }
            false => Err(item),
        }
    }

    /// Takes the first item, and waits for one before.
    pub(crate) async fn get(&self) -> T {
        loop {
            let turn = {
                let mut line = self.line();
                if let Some(item) = line.take() {
                    return item;
                }
                let (taker, turn) = oneshot::channel();
                line.takers.push_back(taker);
                turn
            };
            let leave = |line: &mut Line<T>, item: Option<T>| match item {
                Some(item) => line.put_back(item),
                None => line.takers.retain(|taker| !taker.is_closed()),
            };
            if let Some(item) = Waiting::new(self, turn, leave).await {
                return item;
            }
        }
    }

    /// Takes the first item if there is one.
    pub(crate) fn try_get(&self) -> Option<T> {
        self.line().take()
    }

    /// Puts an item back that was not taken after all.
    pub(crate) fn put_back(&self, item: T) {
        self.line().put_back(item);
    }

    /// Returns the number of items that wait for a taker.
    pub(crate) fn len(&self) -> usize {
        self.line().items.len()
    }

    /// Counts an item as done. Returns false if all are.
    pub(crate) fn done(&self) -> bool {
        self.line().undone.send_if_modified(|undone| {
            let one_less = undone.checked_sub(1);
            *undone = one_less.unwrap_or(0);
            one_less.is_some()
        })
    }

    /// Returns the number of items that nobody is done with, as it changes.
    pub(crate) fn undone(&self) -> watch::Receiver<usize> {
        self.line().undone.subscribe()
    }

    fn line(&self) -> MutexGuard<'_, Line<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Line<T> {
    fn has_room(&self) -> bool {
        self.capacity.is_none_or(|most| self.items.len() < most)
    }

    /// Gives an item to the first taker who still waits. Returns it if there is none.
    fn give(&mut self, mut item: T) -> Result<(), T> {
        while let Some(taker) = self.takers.pop_front() {
            match taker.send(item) {
                Ok(()) => return Ok(()),
                Err(unsent) => item = unsent,
            }
        }
        Err(item)
    }

    /// Puts an item, which has room.
    fn put(&mut self, item: T) {
        self.undone.send_modify(|undone| *undone += 1);
        if let Err(item) = self.give(item) {
            self.items.push_back(item);
        }
    }

    /// Takes the first item, whose room goes to the first putter who still waits.
    fn take(&mut self) -> Option<T> {
        let first = self.items.pop_front()?;
        while self.has_room()
            && let Some((placed, item)) = self.putters.pop_front()
        {
            if placed.send(()).is_ok() {
                self.put(item);
            }
        }
        Some(first)
    }

    /// Puts an item back that was not taken after all.
    fn put_back(&mut self, item: T) {
        if let Err(item) = self.give(item) {
            self.items.push_front(item);
        }
    }
}

/// Asker in the line of takers or of putters.
struct Waiting<'a, T, V> {
    items: &'a Items<T>,
    turn: oneshot::Receiver<V>,
    /// Leaves the line. Gets all that came too late, for an asker who had gone.
    leave: fn(&mut Line<T>, Option<V>),
}

impl<'a, T, V> Waiting<'a, T, V> {
    fn new(
        items: &'a Items<T>,
        turn: oneshot::Receiver<V>,
        leave: fn(&mut Line<T>, Option<V>),
    ) -> Self {
        Self { items, turn, leave }
    }
}

impl<T, V> Future for Waiting<'_, T, V> {
    type Output = Option<V>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<V>> {
        Pin::new(&mut self.turn).poll(cx).map(Result::ok)
    }
}

impl<T, V> Drop for Waiting<'_, T, V> {
    fn drop(&mut self) {
        if self.turn.is_terminated() {
            return;
        }
        let mut line = self.items.line();
        self.turn.close();
        (self.leave)(&mut line, self.turn.try_recv().ok());
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn takers_get_items_in_the_order_of_their_requests_whoever_runs_first() {
        let items = Items::new(None);
        let (mut first, mut second) = (pin!(items.get()), pin!(items.get()));
        assert!(poll(first.as_mut()).is_pending());
        assert!(poll(second.as_mut()).is_pending());
        assert!(items.try_put(1).is_ok());
        assert!(items.try_put(2).is_ok());
        assert_eq!(poll(second), Poll::Ready(2));
        assert_eq!(poll(first), Poll::Ready(1));
    }

    #[test]
    fn items_stand_in_the_order_of_their_requests_whoever_runs_first() {
        let items = Items::new(Some(1));
        assert!(items.try_put(1).is_ok());
        let (mut second, mut third) = (pin!(items.put(2)), pin!(items.put(3)));
        assert!(poll(second.as_mut()).is_pending());
        assert!(poll(third.as_mut()).is_pending());
        for item in 1..4 {
            assert_eq!(items.try_get(), Some(item));
        }
        assert!(poll(third).is_ready());
        assert!(poll(second).is_ready());
    }

    #[test]
    fn those_that_gave_up_leave_the_line() {
        let items = Items::new(Some(1));
        for _ in 0..2 {
            let mut taker = pin!(items.get());
            assert!(poll(taker.as_mut()).is_pending());
        }
        assert!(items.line().takers.is_empty());
        assert!(items.try_put(1).is_ok());
        for _ in 0..2 {
            let mut putter = pin!(items.put(2));
            assert!(poll(putter.as_mut()).is_pending());
        }
        assert!(items.line().putters.is_empty());
        assert_eq!(*items.undone().borrow(), 1);
    }

    #[test]
    fn an_item_that_came_too_late_is_the_next_one() {
        let items = Items::new(None);
        {
            let mut taker = pin!(items.get());
            assert!(poll(taker.as_mut()).is_pending());
            assert!(items.try_put(1).is_ok());
            assert!(items.try_put(2).is_ok());
            assert_eq!(items.len(), 1);
        }
        assert_eq!(items.try_get(), Some(1));
        assert_eq!(items.try_get(), Some(2));
    }
}
