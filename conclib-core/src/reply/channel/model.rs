//! Models of the channel for an answer: a lost wake-up shows as a deadlock.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::sync::model::{block_on, check, join, thread};

/// Answer that counts its drops.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn receive<T>(receiver: &mut AnswerReceiver<T>) -> Option<T> {
    let mut has_waited = false;
    block_on(poll_fn(|cx| {
        if has_waited && let Some(answer) = receiver.take() {
            return Poll::Ready(Some(answer));
        }
        has_waited = true;
        receiver.poll(cx)
    }))
}

#[test]
fn an_asker_gets_its_answer() {
    check(|| {
        let (sender, mut receiver) = channel();
        let sends = thread::spawn(move || sender.send(7));
        assert_eq!(receive(&mut receiver), Some(7));
        join(sends);
    });
}

#[test]
fn an_asker_is_told_that_no_answer_comes() {
    check(|| {
        let (sender, mut receiver) = channel::<u8>();
        let drops = thread::spawn(move || drop(sender));
        assert_eq!(receive(&mut receiver), None);
        join(drops);
    });
}

#[test]
fn an_answer_to_an_asker_that_leaves_is_dropped_once() {
    check(|| {
        let drops = Arc::<AtomicUsize>::default();
        let (sender, mut receiver) = channel();
        let answer = Counted(drops.clone());
        let sends = thread::spawn(move || sender.send(answer));
        let polled = receiver.poll(&mut Context::from_waker(Waker::noop()));
        drop(polled);
        drop(receiver);
        join(sends);
        assert_eq!(drops.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_handler_hears_that_its_asker_has_left() {
    check(|| {
        let (sender, receiver) = channel::<u8>();
        let leaves = thread::spawn(move || drop(receiver));
        block_on(poll_fn(|cx| sender.poll_closed(cx)));
        join(leaves);
        assert!(sender.is_closed());
    });
}
