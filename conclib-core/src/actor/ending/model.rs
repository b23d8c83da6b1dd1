//! The end of an actor, and those who wait for it, in thousands of orders.

use super::*;
use crate::sync::Arc;
use crate::sync::model::{block_on, check, join, thread};

/// Its whole life: it starts or does not, is told to end, and ends.
fn live(ending: &Ending, starts: bool) {
    if starts {
        assert!(ending.advance(State::Running));
    }
    ending.advance(State::Stopping);
    ending.end(StopReason::Stopped);
}

/// Whoever waits for the start, or for the end, hears of it, and of what it was.
#[test]
fn who_waits_for_start_and_end_hears_of_them() {
    for starts in [true, false] {
        check(move || {
            let ending = Arc::new(Ending::new());
            let other = ending.clone();
            let waits = thread::spawn(move || {
                let started = block_on(other.started());
                match starts {
                    true => assert_eq!(started, Ok(())),
                    false => assert!(matches!(started, Ok(()) | Err(StopReason::Stopped))),
                }
                assert!(other.state() > State::Starting);
            });
            let other = ending.clone();
            let ends = thread::spawn(move || {
                assert_eq!(block_on(other.wait()), StopReason::Stopped);
                assert_eq!(other.state(), State::Stopped);
            });
            live(&ending, starts);
            assert_eq!(
                block_on(ending.started()),
                match starts {
                    true => Ok(()),
                    false => Err(StopReason::Stopped),
                },
                "after all of it"
            );
            join(waits);
            join(ends);
        });
    }
}

/// Whoever waits for something else that changes hears of it.
#[test]
fn who_waits_for_a_change_hears_of_it() {
    check(|| {
        let ending = Arc::new(Ending::new());
        let is_so = Arc::new(AtomicBool::new(false));
        let (other, flag) = (ending.clone(), is_so.clone());
        let waits = thread::spawn(move || {
            block_on(other.until(|| flag.load(Ordering::Relaxed)));
        });
        is_so.store(true, Ordering::Relaxed);
        ending.tell_change();
        join(waits);
    });
}

/// Two tell it to end: from then on both know the same reason, whoever was the
/// first, and it is one of theirs.
#[test]
fn the_first_reason_stays() {
    check(|| {
        let ending = Arc::new(Ending::new());
        let other = ending.clone();
        let ask = |ending: &Ending, reason: StopReason| {
            ending.ask(reason);
            ending.asked()
        };
        let asks = thread::spawn(move || ask(&other, StopReason::Shutdown));
        let here = ask(&ending, StopReason::Stopped);
        let there = join(asks);
        assert_eq!(here, there);
        assert_eq!(here, ending.asked());
        assert!(matches!(here, StopReason::Stopped | StopReason::Shutdown));
    });
}
