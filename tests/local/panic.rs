//! A panic ends its own actor and nothing else, and whoever asked is told its
//! text.

use std::panic::panic_any;

use conclib::prelude::*;
use support::{Log, NoGood, ScribeCalls, hold, next_dead_letter, scribe, until};

#[support::test]
async fn a_panic_ends_its_actor_alone_and_tells_the_asker_its_text() {
    let system = System::new("panic");
    let mut events = system.events();
    let (actor, log) = scribe();
    let victim = system.actor(actor).urn("victim").spawn().unwrap();
    let other = system.spawn(scribe().0).unwrap();
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

/// Panics wherever it is told to.
#[actor]
#[derive(Default)]
struct Bomb {
    log: Log,
    fuse: Fuse,
}

/// Where it panics.
#[derive(Default, PartialEq)]
enum Fuse {
    #[default]
    None,
    Start,
    Stop,
    Error,
    Drop,
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

    #[message]
    fn fail(&mut self) -> Result<(), NoGood> {
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
    async fn give(&mut self, gate: support::Gate) -> PanicOnDrop {
        gate.pass().await;
        PanicOnDrop
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        self.log.add("drop");
        assert!(self.fuse != Fuse::Drop, "at drop");
    }
}

/// What it says it does.
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

#[support::test]
async fn a_panic_in_the_stop_hook_does_not_keep_the_actor_from_its_end() {
    let system = System::new("panic");
    let (bomb, log) = bomb(Fuse::Stop);
    let bomb = system.spawn(bomb).unwrap();
    bomb.echo(1).await.unwrap();
    assert_eq!(bomb.stop().await, StopReason::Stopped);
    assert_eq!(log.lines(), ["stop", "drop"]);
}

#[support::test]
async fn a_panic_in_the_error_hook_ends_the_actor_and_runs_the_stop_hook() {
    let system = System::new("panic");
    let (bomb, log) = bomb(Fuse::Error);
    let bomb = system.spawn(bomb).unwrap();
    bomb.fail().tell().await.unwrap();
    let queued = bomb.echo(1).reply().await.unwrap();
    assert_eq!(text(&bomb.stopped().await.unwrap()), "at error");
    assert!(matches!(queued.await, Err(AskError::Stopped { .. })));
    assert_eq!(log.lines(), ["stop", "drop"]);
}

#[support::test]
async fn a_state_that_panics_as_it_is_dropped_ends_all_the_same() {
    let system = System::new("panic");
    for is_kill in [false, true] {
        let (bomb, log) = bomb(Fuse::Drop);
        let bomb = system.actor(bomb).urn("bomb").spawn().unwrap();
        bomb.echo(1).await.unwrap();
        if is_kill {
            bomb.kill().await;
        } else {
            bomb.stop().await;
        }
        assert!(log.has("drop"));
        assert_eq!(bomb.state(), Some(State::Stopped));
        assert!(system.lookup("bomb").is_err());
    }
}

#[support::test]
async fn a_panic_whose_payload_is_no_text_is_told_too() {
    let system = System::new("panic");
    let bomb = system.spawn(Bomb::default()).unwrap();
    let error = bomb.number().await.unwrap_err();
    assert!(
        matches!(&error, AskError::Panicked { fault, .. } if fault.message.contains("no text")),
        "{error}"
    );
}

#[support::test]
async fn a_handler_that_panics_before_it_defers_tells_so() {
    let system = System::new("panic");
    let bomb = system.spawn(Bomb::default()).unwrap();
    let error = bomb.at_once().await.unwrap_err();
    assert!(
        matches!(&error, AskError::Panicked { fault, .. } if fault.message == "before it deferred"),
        "{error}"
    );
}

#[support::test]
async fn a_message_that_panics_as_it_is_dropped_counts_as_a_panic_of_its_turn() {
    let system = System::new("panic");
    let bomb = system.spawn(Bomb::default()).unwrap();
    let error = bomb.keep(PanicOnDrop).await.unwrap_err();
    assert!(matches!(error, AskError::Panicked { .. }), "{error}");
    bomb.stopped().await;
}

#[support::test]
async fn queued_messages_that_panic_as_they_are_dropped_do_not_keep_the_actor_from_its_end() {
    let system = System::new("panic");
    let bomb = system
        .actor(Bomb::default())
        .urn("bomb")
        .mailbox(8)
        .spawn()
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

#[support::test]
async fn a_reply_that_panics_as_it_is_dropped_unwanted_ends_its_actor_at_most() {
    let system = System::new("panic");
    let (bomb, log) = bomb(Fuse::None);
    let bomb = system.spawn(bomb).unwrap();
    let (gate, mut keeper) = support::gate();
    let reply = bomb.give(gate).reply().await.unwrap();
    keeper.entered().await;
    let queued = bomb.echo(1).reply().await.unwrap();
    drop(reply);
    keeper.open();
    assert!(matches!(queued.await, Err(AskError::Stopped { .. })));
    let reason = bomb.stopped().await.unwrap();
    assert!(text(&reason).contains("as it was dropped"));
    // It panicked, and so its stop hook runs.
    assert_eq!(log.lines(), ["stop", "drop"]);
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_actors_that_panic_leave_the_others_and_the_runtime_alone() {
    let base = support::alive();
    let system = System::new("panic");
    let other = system.spawn(scribe().0).unwrap();
    for n in 0..100 {
        let victim = system.spawn(scribe().0).unwrap();
        let error = victim.explode(n.to_string()).await.unwrap_err();
        assert!(matches!(error, AskError::Panicked { .. }));
        assert_eq!(other.echo(n).await, Ok(n));
    }
    // An asker may know before the count does.
    until(|| system.snapshot().dead_letters == 100).await;
    drop((other, system));
    until(|| support::alive() == base).await;
}
