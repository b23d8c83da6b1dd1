//! Models of an actor's task, with parent, children and siblings, in thousands
//! of interleavings. No time passes in a model, so no actor is killed for being
//! late.

use std::sync::{Mutex as Book, Weak};

use super::*;
use crate::actor::again::is_up;
use crate::actor::factory::{Closure, Restarting};
use crate::actor::restart::{Backoff, Restart};
use crate::actor::supervise::STOP_WITHIN;
use crate::node::{
    AnyActor, Child, Fates, Notice, Relations, RestartDecision, Soul, SystemInner, Word, cell,
    system,
};
use crate::sync::model::{block_on, join, one_of, thread};

type Soulful = Arc<ActorCell<Soul>>;

/// Runs a model inside a tokio runtime with timers, which must exist though no
/// timer fires.
fn check(model: impl Fn() + Clone + Send + Sync + 'static) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let _inside = runtime.enter();
    crate::sync::model::check(model);
}

/// An actor, with its task on a thread of its own.
struct Living {
    cell: Soulful,
    alive: Arc<Book<usize>>,
    life: thread::JoinHandle<()>,
}

impl Living {
    /// Starts an actor that is restarted after a failure, without a pause.
    fn new(system: &Arc<SystemInner>, parent: Option<&Soulful>, significant: bool) -> Self {
        let cell = match parent {
            None => cell(system, Some(Relations::of(None, true))),
            Some(parent) => Self::child(system, parent, significant),
        };
        let alive = Arc::<Book<usize>>::default();
        let policy = Restart::on_failure().backoff(Backoff::none());
        let others = alive.clone();
        let source = Closure(move || Soul::new(&others));
        let life = ActorTask::new(cell.clone(), Restarting::new(source, policy));
        let life = thread::spawn(move || block_on(life.run()));
        Self { cell, alive, life }
    }

    fn child(system: &Arc<SystemInner>, parent: &Soulful, significant: bool) -> Soulful {
        let resident: Arc<dyn AnyActor> = parent.clone();
        let cell = cell(system, Some(Relations::of(Some(&resident), true)));
        let child = Child {
            resident: cell.clone(),
            stop_within: STOP_WITHIN,
            significant,
        };
        let adopted = parent
            .relations_to_be()
            .adopt(None, || Ok::<_, ()>((cell.id, child)));
        adopted.unwrap();
        cell
    }

    fn send(&self, number: usize, is_fatal: bool, fates: &Arc<Fates>) -> bool {
        send(&self.cell, number, is_fatal, fates)
    }

    /// Waits for the end of the actor.
    fn over(self) -> StopReason {
        let reason = block_on(self.cell.lifecycle.wait());
        join(self.life);
        assert_eq!(*self.alive.lock().unwrap(), 0);
        assert_eq!(self.cell.state(), State::Stopped);
        reason
    }
}

fn send(cell: &ActorCell<Soul>, number: usize, is_fatal: bool, fates: &Arc<Fates>) -> bool {
    let word = Word {
        number,
        is_fatal,
        fates: fates.clone(),
    };
    let pushed = cell
        .mailbox
        .try_push(&mut Some(word), 0, false, |word| word);
    pushed.is_ok()
}

/// Tells an actor to end, in the same way as a reference does.
fn end(cell: &ActorCell<Soul>, signal: Signal) {
    cell.tell_to_end(signal, By::Anyone);
}

fn any_signal() -> Signal {
    [Signal::Drain, Signal::Now, Signal::Kill][one_of(3)]
}

/// An actor that is told to end at any moment of a failure and its restart
/// ends, and each message has one fate.
#[test]
fn one_that_is_started_again_ends_when_told() {
    check(|| {
        let one = Living::new(&system(), None, false);
        let cell = one.cell.clone();
        let signal = any_signal();
        let ends = thread::spawn(move || end(&cell, signal));
        let fates = Arc::<Fates>::default();
        let sent: Vec<_> = (0..3).filter(|n| one.send(*n, *n == 1, &fates)).collect();
        join(ends);
        let reason = one.over();
        let mut all = fates.served.lock().unwrap().clone();
        all.append(&mut fates.refused.lock().unwrap());
        if signal == Signal::Drain {
            all.sort_unstable();
            assert_eq!(all, sent, "one fate each");
        }
        assert_ne!(reason, StopReason::Recycled);
        match signal {
            Signal::Kill => {}
            _ => assert_ne!(reason, StopReason::Killed),
        }
    });
}

/// A failure of one of two siblings restarts both together, once.
#[test]
fn siblings_come_back_together() {
    check(|| {
        let system = system();
        let parent = Living::new(&system, None, false);
        let children = [0, 1].map(|_| Living::new(&system, Some(&parent.cell), false));
        let fates = Arc::<Fates>::default();
        children[one_of(2)].send(0, true, &fates);
        for child in &children {
            let cell = &child.cell;
            let is_back = || cell.generation() == 2 && is_up(&**cell);
            block_on(cell.lifecycle.until(is_back));
        }
        end(&parent.cell, any_signal());
        parent.over();
        for child in children {
            assert_eq!(child.cell.generation(), 2);
            child.over();
        }
    });
}

/// A failure of one of two siblings restarts both together. If a sibling or
/// their parent is told to end at any moment of that, no task waits for ever,
/// no actor runs twice at once, and all of them end.
#[test]
fn siblings_come_back_together_or_end() {
    check(|| {
        let system = system();
        let parent = Living::new(&system, None, false);
        let [one, other] = [0, 1].map(|_| Living::new(&system, Some(&parent.cell), false));
        let fates = Arc::<Fates>::default();
        one.send(0, true, &fates);
        let told = [&parent, &other, &one][one_of(3)].cell.clone();
        let signal = any_signal();
        let ends = thread::spawn(move || end(&told, signal));
        join(ends);
        end(&parent.cell, Signal::Now);
        parent.over();
        for child in [one, other] {
            assert_ne!(child.over(), StopReason::Recycled);
        }
    });
}

/// A supervisor recycles a child, perhaps loses patience, and has the child
/// start again, while the child fails or is told to end. The child ends for the
/// reason it was told, and the supervisor does not wait for ever for the child
/// to be down.
#[test]
fn one_that_is_recycled_ends_when_told() {
    check(|| {
        let system = system();
        let parent = cell(&system, None);
        let child = Living::new(&system, Some(&parent), false);
        let fates = Arc::<Fates>::default();
        child.send(0, one_of(2) == 0, &fates);
        let (one, is_patient) = (child.cell.clone(), one_of(2) == 0);
        let leader = parent.id;
        let supervises = thread::spawn(move || {
            let relations = one.relations().unwrap();
            let is_down =
                || relations.has_no_incarnation() || one.lifecycle.state() == State::Stopped;
            relations.hold(leader);
            one.mailbox.alert(Alert::Recycle);
            if !is_patient {
                one.mailbox.alert(Alert::Abort);
            }
            block_on(one.lifecycle.until(is_down));
            one.decide(RestartDecision::Start {
                delay: Duration::ZERO,
                behind: None,
            });
        });
        let signal = any_signal();
        end(&child.cell, signal);
        join(supervises);
        let told = match signal {
            Signal::Drain => StopReason::Stopped,
            Signal::Now => StopReason::StoppedNow,
            _ => StopReason::Killed,
        };
        match child.over() {
            // The child failed before it was told to end, or was aborted after
            // it was told.
            StopReason::Panicked(_) | StopReason::Killed => {}
            reason => assert_eq!(reason, told),
        }
        parent.end(StopReason::Killed, None);
    });
}

/// A child whose end is also that of its parent ends: the parent is notified,
/// even while it waits for messages.
#[test]
fn a_parent_hears_of_the_end_of_a_child() {
    check(|| {
        let system = system();
        let parent = Living::new(&system, None, false);
        let child = Living::new(&system, Some(&parent.cell), true);
        let watcher = cell(&system, None);
        let watches: Weak<dyn AnyActor> = Arc::<ActorCell<Soul>>::downgrade(&watcher);
        watcher.relations_to_be().begin_watch(child.cell.id);
        child.cell.relations_to_be().watch(watcher.id, watches);
        end(&child.cell, any_signal());
        child.over();
        assert!(matches!(parent.over(), StopReason::ChildEnded(_)));
        let told = watcher.next_notice();
        assert!(matches!(told, Some(Notice::Gone(..))));
    });
}
