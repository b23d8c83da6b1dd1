//! Model of an actor's references and its task, in thousands of interleavings.

use std::future::poll_fn;
use std::task::Poll;

use super::*;
use crate::node::context::Context;
use crate::node::modelled::{Fates, Soul, Word, cell, system};
use crate::node::reference::ActorRef;
use crate::supervision::Gone;
use crate::sync::model::{block_on, check, join, thread};

/// Sends a message through a reference that the caller holds.
fn send(cell: &ActorCell<Soul>, number: usize, fates: &Arc<Fates>) {
    let word = Word {
        number,
        is_fatal: false,
        fates: fates.clone(),
    };
    let pushed = cell
        .mailbox
        .try_push(&mut Some(word), 0, false, |word| word);
    assert!(matches!(pushed, Ok(None)), "a reference was left");
}

/// Handles messages until the actor is to end, and returns their number.
fn serve(cell: &ActorCell<Soul>) -> usize {
    serve_with(cell, |_| ())
}

/// Same as [`serve`], and calls `turn` for each message.
fn serve_with(cell: &ActorCell<Soul>, mut turn: impl FnMut(usize)) -> usize {
    let (mut batch, mut served) = (VecDeque::new(), 0);
    block_on(poll_fn(|cx| {
        cell.mailbox.register(cx.waker());
        while let Poll::Ready(goes_on) = cell.mailbox.poll_next(&mut batch) {
            if !goes_on && !cell.settle(false) {
                return Poll::Ready(());
            }
            if batch.pop_front().is_some() {
                served += 1;
                turn(served);
            }
        }
        Poll::Pending
    }));
    served
}

/// Ends the actor, and so takes it out of the table of its system.
fn finish(cell: &ActorCell<Soul>) {
    let mut rest = VecDeque::new();
    cell.mailbox.end(&mut rest);
    cell.refuse_rest(&mut rest);
    cell.end(StopReason::Unreferenced, None);
}

/// An actor takes messages as long as a reference is left, handles all that
/// were sent through any reference, and then ends.
#[test]
fn what_any_reference_sent_is_served_before_the_end() {
    check(|| {
        let (cell, fates) = (cell(&system(), None), Arc::default());
        cell.acquire();
        let (other, others) = (cell.clone(), Arc::clone(&fates));
        let drops = thread::spawn(move || {
            send(&other, 1, &others);
            other.release();
        });
        send(&cell, 2, &fates);
        cell.release();
        assert_eq!(serve(&cell), 2);
        join(drops);
        finish(&cell);
    });
}

/// The last reference is dropped at any moment of a turn that gives a new one
/// away: a message sent through the new one is handled, and then the actor
/// ends.
#[test]
fn a_reference_that_a_turn_gives_away_keeps_it_alive() {
    check(|| {
        let (cell, fates) = (cell(&system(), None), Arc::default());
        send(&cell, 1, &fates);
        let last = cell.clone();
        let drops = thread::spawn(move || last.release());
        let mut given = None;
        let served = serve_with(&cell, |turn| {
            if turn == 1 {
                cell.acquire();
                let (other, others) = (cell.clone(), Arc::clone(&fates));
                given = Some(thread::spawn(move || {
                    send(&other, 2, &others);
                    other.release();
                }));
            }
        });
        assert_eq!(served, 2);
        join(drops);
        join(given.unwrap());
        finish(&cell);
    });
}

/// An actor whose every turn sends to the actor itself, through a reference
/// that is then dropped, is not kept alive by that.
#[test]
fn what_it_sends_to_itself_does_not_keep_it_alive() {
    check(|| {
        let (cell, fates) = (cell(&system(), None), Arc::default());
        send(&cell, 1, &fates);
        let last = cell.clone();
        let drops = thread::spawn(move || last.release());
        serve_with(&cell, |turn| {
            cell.acquire();
            let word = Word {
                number: turn + 1,
                is_fatal: false,
                fates: Arc::clone(&fates),
            };
            drop(cell.mailbox.try_push(&mut Some(word), 0, true, |word| word));
            cell.release();
            thread::yield_now();
        });
        join(drops);
        finish(&cell);
    });
}

/// A weak reference that is upgraded as the last one goes either keeps the
/// actor alive, or gets nothing.
#[test]
fn a_weak_reference_is_upgraded_in_time_or_not_at_all() {
    check(|| {
        let (cell, fates) = (cell(&system(), None), Arc::default());
        let other = cell.clone();
        let upgrades = thread::spawn(move || {
            let is_alive = other.try_acquire();
            if is_alive {
                send(&other, 1, &fates);
                other.release();
            }
            usize::from(is_alive)
        });
        cell.release();
        let served = serve(&cell);
        assert_eq!(served, join(upgrades));
        assert!(!cell.try_acquire());
        finish(&cell);
    });
}

/// An actor watches another twice in a turn while the other one ends: it is
/// notified once, and once more if it watches again after that.
#[test]
fn one_that_watches_twice_is_told_once() {
    check(|| {
        let system = system();
        let (watcher, other) = (cell(&system, None), cell(&system, None));
        let ended = other.clone();
        let ends = thread::spawn(move || finish(&ended));
        let ctx = Context::new(watcher.clone());
        let other = ActorRef::local(other);
        ctx.watch(&other);
        ctx.watch(&other);
        let mut told = usize::from(watcher.next_notice().is_some());
        join(ends);
        told += std::iter::from_fn(|| watcher.next_notice()).count();
        assert_eq!(told, 1);
        ctx.watch(&other);
        assert_eq!(std::iter::from_fn(|| watcher.next_notice()).count(), 1);
        finish(&watcher);
    });
}

/// Two actors end that a third one watches: it is notified of both, though it
/// may be waiting for messages, or about to.
#[test]
fn a_notice_reaches_one_that_waits() {
    check(|| {
        let cell = cell(&system(), None);
        let tells: Vec<_> = (0..2)
            .map(|n| {
                let (cell, id) = (cell.clone(), ActorId::next(n));
                cell.relations_to_be().begin_watch(id);
                thread::spawn(move || {
                    let gone = Gone {
                        urn: Urn::reserved("conclib:gone"),
                        reason: StopReason::Stopped,
                    };
                    cell.notify(Notice::Gone(id, Box::new(gone)));
                })
            })
            .collect();
        let (mut batch, mut heard) = (VecDeque::new(), 0);
        block_on(poll_fn(|cx| {
            cell.mailbox.register(cx.waker());
            while heard < 2 {
                match cell.mailbox.poll_next(&mut batch) {
                    Poll::Ready(goes_on) => assert!(!goes_on),
                    Poll::Pending => return Poll::Pending,
                }
                heard += usize::from(cell.next_notice().is_some());
            }
            Poll::Ready(())
        }));
        tells.into_iter().for_each(join);
        assert!(cell.next_notice().is_none());
        finish(&cell);
    });
}
