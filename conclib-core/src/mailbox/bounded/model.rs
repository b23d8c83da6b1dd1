//! Model of the mailbox, run in thousands of interleavings of its users' steps. A lost
//! wake-up shows as a deadlock of the model.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Mutex as Book;

use super::*;
use crate::sync::Arc;
use crate::sync::model::thread::{self, JoinHandle};
use crate::sync::model::{block_on, check, join};

#[cfg(shuttle)]
use crate::sync::model::one_of;
/// Number of the sender, and number of the message among those of this sender.
type Item = (usize, usize);

const SENDERS: usize = if cfg!(shuttle) { 3 } else { 1 };
const EACH: usize = if cfg!(shuttle) { 3 } else { 2 };
/// Number of messages that the actor sends to itself past the bound.
const OWN: usize = EACH;

struct Model {
    mailbox: Mailbox<Item>,
    /// Largest number of messages that may wait.
    bound: usize,
    accepted: Book<Vec<Item>>,
    /// Messages that were evicted for newer ones.
    evicted: Book<Vec<Item>>,
}

impl Model {
    fn new(capacity: usize, overflow: Overflow) -> Arc<Self> {
        Arc::new(Self {
            mailbox: Mailbox::new(capacity, overflow),
            bound: capacity,
            accepted: Book::default(),
            evicted: Book::default(),
        })
    }

    /// Creates a mailbox whose own actor has sent `own` messages to itself, past the
    /// bound.
    fn overfull(capacity: usize, own: usize) -> Arc<Self> {
        let model = Self {
            mailbox: Mailbox::new(capacity, Overflow::Wait),
            bound: own,
            accepted: Book::default(),
            evicted: Book::default(),
        };
        for n in 0..own {
            let item = (SENDERS, n);
            let pushed = model
                .mailbox
                .try_push(&mut Some(item), 0, true, |item| item);
            assert!(matches!(pushed, Ok(None)));
            model.accept(item);
        }
        Arc::new(model)
    }

    fn accept(&self, item: Item) {
        self.accepted.lock().unwrap().push(item);
        self.look();
    }

    fn look(&self) {
        let depth = self.mailbox.depth();
        assert!(depth <= self.bound, "{depth} messages wait");
    }

    /// Waits for a place and pushes. With `patience`, leaves after that number of
    /// polls.
    fn push(&self, item: Item, patience: Option<usize>) {
        let (mut ticket, mut seed, mut polls) = (None, Some(item), 0);
        let pushed = block_on(poll_fn(|cx| {
            let polled = self
                .mailbox
                .poll_push(cx, &mut ticket, &mut seed, 0, |item| item);
            polls += 1;
            match polled {
                Poll::Pending if patience.is_some_and(|most| polls >= most) => Poll::Ready(None),
                polled => polled.map(Some),
            }
        }));
        match pushed {
            Some(Ok(())) => self.accept(item),
            Some(Err(())) => assert_eq!(seed, Some(item), "a refused message comes back"),
            None => {
                thread::yield_now();
                self.mailbox.leave(ticket.unwrap());
            }
        }
    }

    fn try_push(&self, item: Item) {
        let mut seed = Some(item);
        match self.mailbox.try_push(&mut seed, 0, false, |item| item) {
            Ok(None) => self.accept(item),
            Ok(Some(other)) => {
                self.evicted.lock().unwrap().push(other);
                self.accept(item);
            }
            Err(Refused::Closed | Refused::Full) => assert_eq!(seed, Some(item)),
        }
    }

    fn sender(self: &Arc<Self>, sender: usize, send: fn(&Self, Item)) -> JoinHandle<()> {
        let model = self.clone();
        thread::spawn(move || (0..EACH).for_each(|n| send(&model, (sender, n))))
    }

    fn senders(self: &Arc<Self>, send: fn(&Self, Item)) -> Vec<JoinHandle<()>> {
        (0..SENDERS)
            .map(|sender| self.sender(sender, send))
            .collect()
    }

    /// Runs the loop of the actor to its end. Returns the messages that were handled,
    /// and those that were left.
    fn receiver(self: &Arc<Self>) -> JoinHandle<(Vec<Item>, VecDeque<Item>)> {
        let model = self.clone();
        thread::spawn(move || {
            let (mut served, mut batch) = (Vec::new(), VecDeque::new());
            block_on(poll_fn(|cx| {
                model.mailbox.register(cx.waker());
                while let Poll::Ready(goes_on) = model.mailbox.poll_next(&mut batch) {
                    if !goes_on {
                        return Poll::Ready(());
                    }
                    served.extend(batch.pop_front());
                    model.look();
                }
                Poll::Pending
            }));
            model.mailbox.end(&mut batch);
            (served, batch)
        })
    }

    /// Checks that no message is lost or doubled, and that the messages of each sender
    /// are in the order in which they were sent. Returns the number of messages that
    /// were left.
    fn settle(&self, served: Vec<Item>, rest: VecDeque<Item>) -> usize {
        let left = rest.len();
        let mut fates: Vec<_> = served.into_iter().chain(rest).collect();
        for sender in 0..=SENDERS {
            let own = fates.iter().filter(|item| item.0 == sender);
            assert!(own.is_sorted(), "out of order: {fates:?}");
        }
        fates.append(&mut self.evicted.lock().unwrap());
        fates.sort_unstable();
        let mut accepted = self.accepted.lock().unwrap();
        accepted.sort_unstable();
        assert_eq!(*accepted, fates, "accepted, and handled or left");
        assert_eq!(self.mailbox.depth(), 0);
        left
    }
}

/// Checks that all messages are handled if the actor is told to end once the senders
/// are done.
fn serves_all(capacity: usize, overflow: Overflow, send: fn(&Model, Item)) {
    serves_all_of(move || Model::new(capacity, overflow), send);
}

fn serves_all_of(
    new: impl Fn() -> Arc<Model> + Clone + Send + Sync + 'static,
    send: fn(&Model, Item),
) {
    check(move || {
        let model = new();
        let receiver = model.receiver();
        model.senders(send).into_iter().for_each(join);
        model.mailbox.raise(Signal::Drain);
        let (served, rest) = join(receiver);
        assert_eq!(model.settle(served, rest), 0, "not served before the end");
    });
}

#[test]
fn who_waits_for_a_place_gets_one() {
    serves_all(1, Overflow::Wait, |model, item| model.push(item, None));
    serves_all(2, Overflow::Wait, |model, item| model.push(item, None));
}

/// The loop takes out a batch that is larger than the bound, so it gives places to
/// waiting senders while the queue itself is empty.
#[test]
fn who_waits_behind_more_than_the_bound_gets_a_place() {
    serves_all_of(
        || Model::overfull(1, OWN),
        |model, item| model.push(item, None),
    );
}

#[cfg(shuttle)]
#[test]
fn who_leaves_the_line_holds_nobody_up() {
    serves_all(1, Overflow::Wait, |model, item| match one_of(3) {
        0 => model.push(item, Some(1)),
        1 => model.push(item, Some(2)),
        _ => model.push(item, None),
    });
}

#[cfg(shuttle)]
#[test]
fn who_does_not_wait_is_queued_or_has_it_back() {
    serves_all(2, Overflow::Reject, Model::try_push);
    serves_all(2, Overflow::Wait, |model, item| match one_of(2) {
        0 => model.try_push(item),
        _ => model.push(item, None),
    });
}

#[test]
fn the_oldest_makes_room_and_is_told_of() {
    serves_all(1, Overflow::DropOldest, Model::try_push);
    serves_all(2, Overflow::DropOldest, Model::try_push);
}

/// A sender that only waits for room leaves the place to the next sender.
#[cfg(shuttle)]
#[test]
fn room_that_is_only_looked_for_goes_to_the_next() {
    serves_all(1, Overflow::Wait, |model, item| {
        if one_of(2) == 0 {
            let mut ticket = None;
            let _ = block_on(poll_fn(|cx| model.mailbox.poll_room(cx, &mut ticket)));
        }
        model.push(item, None);
    });
}

/// The stop signal comes at any moment, twice and from two threads: a message that was
/// accepted before is handled, or returned at the end.
#[cfg(shuttle)]
#[test]
fn the_stop_word_loses_nothing() {
    for signal in [Signal::Drain, Signal::Now, Signal::Kill] {
        check(move || {
            let model = Model::new(1, Overflow::Wait);
            let receiver = model.receiver();
            let senders = model.senders(|model, item| match one_of(4) {
                0 => model.try_push(item),
                1 => model.push(item, Some(1)),
                _ => model.push(item, None),
            });
            let other = model.clone();
            let stopper = thread::spawn(move || other.mailbox.raise(Signal::Drain));
            let first = model.mailbox.raise(signal);
            let second = join(stopper);
            assert!(first || second, "neither won");
            assert!(!(first && second) || signal > Signal::Drain, "both won");
            senders.into_iter().for_each(join);
            let (served, rest) = join(receiver);
            let left = model.settle(served, rest);
            assert!(left == 0 || signal > Signal::Drain, "not served: {left}");
            assert_eq!(model.mailbox.signal(), signal);
        });
    }
}

/// The loop ends without a signal, as after a panic, while senders wait for a place.
#[test]
fn an_end_without_a_word_tells_who_waits() {
    check(|| {
        let model = Model::new(1, Overflow::Wait);
        let senders = model.senders(|model, item| model.push(item, None));
        let mut batch = VecDeque::new();
        let mut served = Vec::new();
        for _ in 0..2 {
            if let Poll::Ready(true) = model.mailbox.poll_next(&mut batch) {
                served.extend(batch.pop_front());
            }
            thread::yield_now();
        }
        model.mailbox.end(&mut batch);
        senders.into_iter().for_each(join);
        model.settle(served, batch);
    });
}

/// An alert reaches the loop, whether it comes before or while the loop waits.
#[test]
fn an_alert_is_seen() {
    check(|| {
        let model = Model::new(1, Overflow::Wait);
        let other = model.clone();
        let alerter = thread::spawn(move || other.mailbox.alert(Alert::Notice));
        let mut batch = VecDeque::new();
        block_on(poll_fn(|cx| {
            model.mailbox.register(cx.waker());
            let next = model.mailbox.poll_next(&mut batch);
            next.map(|goes_on| assert!(!goes_on))
        }));
        assert!(model.mailbox.is_alerted(Alert::Notice));
        model.mailbox.clear_alert(Alert::Notice);
        assert!(!model.mailbox.is_urgent());
        join(alerter);
    });
}
