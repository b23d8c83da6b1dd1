//! Model of the lifecycle of an actor and of the tasks that wait for it, in
//! thousands of interleavings.

use super::*;
use crate::sync::Arc;
use crate::sync::model::{block_on, check, join, thread};

/// Lifecycle of an actor, and a flag that its start sets.
struct Model {
    lifecycle: Lifecycle,
    is_done: AtomicBool,
}

impl Model {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            lifecycle: Lifecycle::new(),
            is_done: AtomicBool::new(false),
        })
    }

    /// Runs the whole lifecycle: the actor starts or does not, is told to end,
    /// and ends.
    fn live(&self, starts: bool) {
        if starts {
            self.is_done.store(true, Ordering::Relaxed);
            assert!(self.lifecycle.advance(State::Running));
        }
        self.lifecycle.advance(State::Stopping);
        self.lifecycle.end(StopReason::Stopped);
    }

    fn hear_of_the_start(&self, starts: bool) {
        let started = block_on(self.lifecycle.started());
        assert!(self.lifecycle.state() > State::Starting);
        match starts {
            true => {
                assert_eq!(started, Ok(()));
                assert!(self.is_done.load(Ordering::Relaxed), "not seen yet");
            }
            // The waiter may see the state `Stopping`, which counts as started.
            false => assert!(matches!(started, Ok(()) | Err(StopReason::Stopped))),
        }
    }
}

/// A task that waits for the start is woken, whether there is a start or not,
/// and sees what the start has written.
#[test]
fn who_waits_for_the_start_hears_of_it() {
    for starts in [true, false] {
        check(move || {
            let model = Model::new();
            let other = model.clone();
            let waits = thread::spawn(move || other.hear_of_the_start(starts));
            model.live(starts);
            join(waits);
            let after_all = match starts {
                true => Ok(()),
                false => Err(StopReason::Stopped),
            };
            assert_eq!(block_on(model.lifecycle.started()), after_all);
        });
    }
}

/// A task that waits for the end is woken, and gets the reason.
#[test]
fn who_waits_for_the_end_hears_of_it() {
    check(|| {
        let model = Model::new();
        let other = model.clone();
        let waits = thread::spawn(move || {
            assert_eq!(block_on(other.lifecycle.wait()), StopReason::Stopped);
            assert_eq!(other.lifecycle.state(), State::Stopped);
        });
        model.live(true);
        join(waits);
    });
}

/// A task that waits for another change is woken.
#[test]
fn who_waits_for_a_change_hears_of_it() {
    check(|| {
        let lifecycle = Arc::new(Lifecycle::new());
        let is_so = Arc::new(AtomicBool::new(false));
        let (other, flag) = (lifecycle.clone(), is_so.clone());
        let waits = thread::spawn(move || {
            block_on(other.until(|| flag.load(Ordering::Relaxed)));
        });
        is_so.store(true, Ordering::Relaxed);
        lifecycle.tell_change();
        join(waits);
    });
}

/// Two tasks tell an actor to end: from then on both see the same one as the
/// first, and it is one of the two.
#[test]
fn the_first_to_tell_it_stays() {
    check(|| {
        let lifecycle = Arc::new(Lifecycle::new());
        let other = lifecycle.clone();
        let tell = |lifecycle: &Lifecycle, by: By| {
            lifecycle.told(by);
            lifecycle.by()
        };
        let tells = thread::spawn(move || tell(&other, By::System));
        let here = tell(&lifecycle, By::Parent);
        let there = join(tells);
        assert_eq!(here, there);
        assert_eq!(here, lifecycle.by());
        assert!(matches!(here, Some(By::Parent | By::System)));
    });
}
