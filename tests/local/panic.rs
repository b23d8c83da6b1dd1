//! A panic ends its own actor and no other, and the asker gets its text.

use std::panic::panic_any;
use std::time::Duration;

use conclib::prelude::*;
use conclib::{Place, Restart};
use support::{At, Gate, Log, NoGood, ScribeCalls, hold, next_dead_letter, scribe, until};

support::on_every_place! {
    a_panic_ends_its_actor_alone_and_tells_the_asker_its_text,
    a_panic_in_the_stop_hook_does_not_keep_the_actor_from_its_end,
    a_panic_in_the_error_hook_ends_the_actor_and_runs_the_stop_hook,
    a_panic_whose_payload_is_no_text_is_told_too,
    a_handler_that_panics_before_it_defers_tells_so,
    a_message_that_panics_as_it_is_dropped_counts_as_a_panic_of_its_turn,
    queued_messages_that_panic_as_they_are_dropped_do_not_keep_the_actor_from_its_end,
    a_reply_that_panics_as_it_is_dropped_unwanted_ends_its_actor_at_most;
    multi_thread:
    a_hundred_actors_that_panic_leave_the_others_and_the_runtime_alone,
}

async fn a_panic_ends_its_actor_alone_and_tells_the_asker_its_text(place: Place) {
    let system = System::new("panic");
    let mut events = system.events();
    let (actor, log) = scribe();
    let victim = system.actor(actor).urn("victim").at(place).unwrap();
    let other = system.actor(scribe().0).at(place).unwrap();
    let keeper = hold(&victim).await;
    let asked = victim.explode("out of luck".into()).reply().await.unwrap();
    let queued = victim.echo(1).reply().await.unwrap();
    keeper.open();

    let error = asked.await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::MayHaveRun);
    assert!(error.to_string().contains("out of luck"), "{error}");
    let AskError::Panicked { urn, fault } = error else {
        panic!("{error}");
    };
    assert_eq!(urn, "victim");
    assert_eq!(
        (&*fault.type_name, &*fault.message),
        ("panic", "out of luck")
    );
    let error = queued.await.unwrap_err();
    assert!(matches!(error, AskError::Stopped { .. }));
    assert_eq!(error.delivery(), Delivery::NotDelivered);

    let reason = StopReason::Panicked(fault);
    assert!(reason.is_failure());
    assert_eq!(victim.stopped().await, Some(reason));
    let lines = ["start", "held", "stop: panicked: out of luck", "drop"];
    assert_eq!(log.lines(), lines);
    assert_eq!(other.echo(3).await, Ok(3));
    assert!(system.lookup("victim").is_err());

    let letter = next_dead_letter(&mut events).await;
    assert_eq!((letter.urn, letter.message), (urn.clone(), "explode"));
    assert_eq!(letter.cause, DeadLetterCause::Panicked);
    let letter = next_dead_letter(&mut events).await;
    assert_eq!((letter.urn, letter.message), (urn, "echo"));
    assert_eq!(letter.cause, DeadLetterCause::Stopped);
}

/// Panics at the given place.
#[actor]
#[derive(Default)]
struct Bomb {
    log: Log,
    fuse: Fuse,
}

/// Place of the panic.
#[derive(Default, PartialEq)]
enum Fuse {
    #[default]
    None,
    Start,
    Stop,
    Error,
}

fn bomb(fuse: Fuse) -> (Bomb, Log) {
    let log = Log::default();
    let bomb = Bomb {
        log: log.clone(),
        fuse,
    };
    (bomb, log)
}

#[actor]
impl Bomb {
    #[on(start)]
    fn begin(&mut self) {
        assert!(self.fuse != Fuse::Start, "at start");
    }

    #[on(stop)]
    fn end(&mut self) {
        self.log.add("stop");
        assert!(self.fuse != Fuse::Stop, "at stop");
    }

    #[on(error)]
    fn failed(&mut self) -> Directive {
        assert!(self.fuse != Fuse::Error, "at error");
        Directive::Resume
    }

    #[message]
    fn echo(&mut self, n: u64) -> u64 {
        n
    }

    #[message(local)]
    async fn fail(&mut self, gate: Gate) -> Result<(), NoGood> {
        gate.pass().await;
        Err(NoGood("fail".into()))
    }

    #[message]
    fn number(&mut self) {
        panic_any(42);
    }

    #[message]
    fn at_once(&mut self) -> Deferred<u64> {
        panic!("before it deferred");
    }

    #[message(local)]
    fn keep(&mut self, _kept: PanicOnDrop) {}

    #[message(local)]
    async fn give(&mut self, gate: Gate) -> PanicOnDrop {
        gate.pass().await;
        PanicOnDrop
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        self.log.add("drop");
    }
}

/// Text of the panic.
#[derive(Debug)]
pub struct PanicOnDrop;

impl Drop for PanicOnDrop {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("a value panicked as it was dropped");
        }
    }
}

fn text(reason: &StopReason) -> &str {
    match reason {
        StopReason::Panicked(fault) | StopReason::StartFailed(fault) => &fault.message,
        other => panic!("{other}"),
    }
}

#[support::test]
async fn a_panic_at_start_is_a_failed_start() {
    let system = System::new("panic");
    let (bomb, log) = bomb(Fuse::Start);
    let bomb = system.actor(bomb).urn("bomb").spawn().unwrap();
    let asked = bomb.echo(1).reply().await.unwrap();
    let error = bomb.started().await.unwrap_err();
    assert_eq!(text(error.reason().unwrap()), "at start");
    assert!(matches!(error.reason(), Some(StopReason::StartFailed(_))));
    assert_eq!(asked.await.unwrap_err().delivery(), Delivery::NotDelivered);
    assert_eq!(log.lines(), ["drop"]);
    assert!(system.lookup("bomb").is_err());
}

async fn a_panic_in_the_stop_hook_does_not_keep_the_actor_from_its_end(place: Place) {
    let system = System::new("panic");
    let (bomb, log) = bomb(Fuse::Stop);
    let bomb = system.actor(bomb).at(place).unwrap();
    bomb.echo(1).await.unwrap();
    assert_eq!(bomb.stop().await, StopReason::Stopped);
    assert_eq!(log.lines(), ["stop", "drop"]);
}

async fn a_panic_in_the_error_hook_ends_the_actor_and_runs_the_stop_hook(place: Place) {
    let system = System::new("panic");
    let (bomb, log) = bomb(Fuse::Error);
    let bomb = system.actor(bomb).at(place).unwrap();
    let (gate, keeper) = support::gate();
    bomb.fail(gate).tell().await.unwrap();
    let queued = bomb.echo(1).reply().await.unwrap();
    keeper.open();
    assert_eq!(text(&bomb.stopped().await.unwrap()), "at error");
    assert!(matches!(queued.await, Err(AskError::Stopped { .. })));
    assert_eq!(log.lines(), ["stop", "drop"]);
}

/// Panics on drop; the first one also at the given place.
#[actor(strategy = OneForAll)]
#[derive(Default)]
struct Brittle {
    at_start: bool,
    log: Log,
}

#[actor]
impl Brittle {
    #[on(start)]
    fn begin(&mut self) -> Result<(), NoGood> {
        match self.at_start {
            true => Err(NoGood("at start".into())),
            false => Ok(()),
        }
    }

    #[on(error)]
    fn failed(&mut self) -> Directive {
        Directive::Stop
    }

    #[message]
    fn echo(&mut self, n: u64) -> u64 {
        n
    }

    #[message]
    fn explode(&mut self) {
        panic!("the cause");
    }

    #[message]
    fn fail(&mut self) -> Result<(), NoGood> {
        Err(NoGood("the cause".into()))
    }

    #[message(local)]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }
}

impl Drop for Brittle {
    fn drop(&mut self) {
        self.log.add("drop");
        panic!("at drop");
    }
}

/// Spawns it as a task and on a thread, from a value and from a closure.
fn brittle<'s>(
    system: &'s System,
    parent: Option<&'s ActorRef<support::Scribe>>,
    at_start: bool,
) -> [(ActorRef<Brittle>, Log); 4] {
    let logs = [(); 4].map(|()| Log::default());
    let make = |n: usize| {
        let log = logs[n].clone();
        move || Brittle {
            at_start,
            log: log.clone(),
        }
    };
    let value = |n: usize| {
        let actor = system.actor(make(n)()).urn(format!("brittle-{n}"));
        match parent {
            Some(parent) => actor.child_of(parent),
            None => actor,
        }
    };
    let closure = |n: usize| {
        let actor = system.actor_with(make(n)).urn(format!("brittle-{n}"));
        match parent {
            Some(parent) => actor.child_of(parent),
            None => actor,
        }
    };
    let actors = [
        value(0).spawn().unwrap(),
        closure(1).spawn().unwrap(),
        value(2).on_thread().spawn().unwrap(),
        closure(3).on_thread().spawn().unwrap(),
    ];
    let mut logs = logs.into_iter();
    actors.map(|actor| (actor, logs.next().unwrap()))
}

#[support::test]
async fn the_first_failure_is_the_reason_though_the_drop_panics_too() {
    let system = System::new("panic");
    for is_panic in [true, false] {
        for (actor, log) in brittle(&system, None, false) {
            let keeper = hold_brittle(&actor).await;
            match is_panic {
                true => actor.explode().try_tell().unwrap(),
                false => actor.fail().try_tell().unwrap(),
            }
            let queued = actor.echo(1).reply().await.unwrap();
            keeper.open();
            let reason = actor.stopped().await.unwrap();
            assert_eq!(matches!(reason, StopReason::Panicked(_)), is_panic);
            assert!(reason.to_string().ends_with("the cause"), "{reason}");
            assert_eq!(queued.await.unwrap_err().delivery(), Delivery::NotDelivered);
            assert_eq!(log.lines(), ["drop"]);
            assert!(system.lookup(actor.urn()).is_err());
        }
    }
}

async fn hold_brittle(actor: &ActorRef<Brittle>) -> support::Keeper {
    let (gate, mut keeper) = support::gate();
    actor.hold(gate).try_tell().unwrap();
    keeper.entered().await;
    keeper
}

#[support::test]
async fn a_failed_start_is_the_reason_though_the_drop_panics_too() {
    let system = System::new("panic");
    for (actor, log) in brittle(&system, None, true) {
        let error = actor.started().await.unwrap_err();
        let reason = error.reason().unwrap();
        assert!(matches!(reason, StopReason::StartFailed(_)), "{reason}");
        assert!(reason.to_string().contains("at start"), "{reason}");
        assert_eq!(log.lines(), ["drop"]);
        assert!(system.lookup(actor.urn()).is_err());
    }
}

#[support::test]
async fn an_orderly_end_whose_drop_panics_is_a_failure() {
    let system = System::new("panic");
    for is_now in [false, true] {
        for (actor, log) in brittle(&system, None, false) {
            actor.echo(1).await.unwrap();
            let reason = match is_now {
                true => actor.stop_now().await,
                false => actor.stop().await,
            };
            assert_eq!(text(&reason), "at drop");
            assert_eq!(actor.state(), Some(State::Stopped));
            assert_eq!(log.lines(), ["drop"]);
            assert!(system.lookup(actor.urn()).is_err());
        }
    }
}

#[support::test]
async fn a_kill_stays_a_kill_though_the_drop_panics() {
    let system = System::new("panic");
    for (actor, log) in brittle(&system, None, false) {
        let child = system.actor(scribe().0).child_of(&actor).spawn().unwrap();
        child.started().await.unwrap();
        let _keeper = hold_brittle(&actor).await;
        let queued = actor.echo(1).reply().await.unwrap();
        assert_eq!(actor.kill().await, StopReason::Killed);
        assert_eq!(child.state(), Some(State::Stopped), "ended with its parent");
        assert_eq!(queued.await.unwrap_err().delivery(), Delivery::NotDelivered);
        assert_eq!(log.lines(), ["drop"]);
        assert!(system.lookup(actor.urn()).is_err());
    }
}

#[support::test]
async fn a_value_that_never_came_to_life_may_panic_as_it_is_dropped() {
    let system = System::new("panic");
    let log = Log::default();
    let actor = Brittle {
        log: log.clone(),
        at_start: false,
    };
    let actor = system.spawn(actor).unwrap();
    let mut queued = actor.echo(1).into_future();
    assert!(support::poll_once(&mut queued).is_pending());
    assert_eq!(actor.kill().await, StopReason::Killed);
    assert_eq!(queued.await.unwrap_err().delivery(), Delivery::NotDelivered);
    assert_eq!(log.lines(), ["drop"]);
}

#[support::test]
async fn a_parent_hears_of_a_failure_though_the_drop_panics_too() {
    let system = System::new("panic");
    for n in 0..4 {
        for is_orderly in [false, true] {
            let parent = system.spawn(scribe().0).unwrap();
            let children = brittle(&system, Some(&parent), false);
            let child = &children[n].0;
            let expected = match is_orderly {
                true => {
                    drop(child.stop());
                    "at drop"
                }
                false => {
                    child.explode().try_tell().unwrap();
                    "the cause"
                }
            };
            let Some(StopReason::Escalated(escalation)) = parent.stopped().await else {
                panic!("the parent took no notice");
            };
            assert_eq!(escalation.child, child.urn());
            assert_eq!(text(&escalation.reason), expected);
        }
    }
}

#[support::test(start_paused = true)]
async fn an_incarnation_that_is_cut_short_may_panic_as_it_is_dropped() {
    let system = System::new("panic");
    let parent = system.spawn(Brittle::default()).unwrap();
    let restart = Restart::on_failure();
    let child = || {
        let child = system.actor_with(Brittle::default).restart(restart);
        let child = child
            .child_of(&parent)
            .stop_within(Duration::from_millis(1));
        child.spawn().unwrap()
    };
    let (one, other) = (child(), child());
    let _keeper = hold_brittle(&one).await;
    assert!(other.explode().await.is_err());
    assert_eq!(other.echo(1).await, Ok(1));
    assert_eq!(other.generation(), Some(2));
    assert_eq!(one.echo(1).await, Ok(1));
    assert_eq!(one.generation(), Some(2));
    assert_eq!(parent.state(), Some(State::Running));
}

async fn a_panic_whose_payload_is_no_text_is_told_too(place: Place) {
    let system = System::new("panic");
    let bomb = system.actor(Bomb::default()).at(place).unwrap();
    let error = bomb.number().await.unwrap_err();
    assert!(
        matches!(&error, AskError::Panicked { fault, .. } if fault.message.contains("no text")),
        "{error}"
    );
}

async fn a_handler_that_panics_before_it_defers_tells_so(place: Place) {
    let system = System::new("panic");
    let bomb = system.actor(Bomb::default()).at(place).unwrap();
    let error = bomb.at_once().await.unwrap_err();
    assert!(
        matches!(&error, AskError::Panicked { fault, .. } if fault.message == "before it deferred"),
        "{error}"
    );
}

async fn a_message_that_panics_as_it_is_dropped_counts_as_a_panic_of_its_turn(place: Place) {
    let system = System::new("panic");
    let bomb = system.actor(Bomb::default()).at(place).unwrap();
    let error = bomb.keep(PanicOnDrop).await.unwrap_err();
    assert!(matches!(error, AskError::Panicked { .. }), "{error}");
    bomb.stopped().await;
}

async fn queued_messages_that_panic_as_they_are_dropped_do_not_keep_the_actor_from_its_end(
    place: Place,
) {
    let system = System::new("panic");
    let bomb = system
        .actor(Bomb::default())
        .urn("bomb")
        .mailbox(8)
        .at(place)
        .unwrap();
    let (gate, mut keeper) = support::gate();
    let held = bomb.give(gate).reply().await.unwrap();
    keeper.entered().await;
    bomb.keep(PanicOnDrop).tell().await.unwrap();
    bomb.keep(PanicOnDrop).tell().await.unwrap();
    let last = bomb.echo(1).reply().await.unwrap();
    drop(bomb.kill());
    assert!(matches!(last.await, Err(AskError::Stopped { .. })));
    bomb.stopped().await;
    assert!(system.lookup("bomb").is_err());
    drop((keeper, held));
}

async fn a_reply_that_panics_as_it_is_dropped_unwanted_ends_its_actor_at_most(place: Place) {
    let system = System::new("panic");
    let (bomb, log) = bomb(Fuse::None);
    let bomb = system.actor(bomb).at(place).unwrap();
    let (gate, mut keeper) = support::gate();
    let reply = bomb.give(gate).reply().await.unwrap();
    keeper.entered().await;
    let queued = bomb.echo(1).reply().await.unwrap();
    drop(reply);
    keeper.open();
    assert!(matches!(queued.await, Err(AskError::Stopped { .. })));
    let reason = bomb.stopped().await.unwrap();
    assert!(text(&reason).contains("as it was dropped"));
    // A panic ended the actor, and so its stop hook runs.
    assert_eq!(log.lines(), ["stop", "drop"]);
}

async fn a_hundred_actors_that_panic_leave_the_others_and_the_runtime_alone(place: Place) {
    let base = support::alive();
    let system = System::new("panic");
    let other = system.actor(scribe().0).at(place).unwrap();
    for n in 0..100 {
        let victim = system.actor(scribe().0).at(place).unwrap();
        let error = victim.explode(n.to_string()).await.unwrap_err();
        assert!(matches!(error, AskError::Panicked { .. }));
        assert_eq!(other.echo(n).await, Ok(n));
    }
    // An asker may get its answer before the message is counted.
    until(|| system.snapshot().dead_letters == 100).await;
    drop((other, system));
    until(|| support::alive() == base).await;
}
