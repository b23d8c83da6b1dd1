//! Test kit: injected faults.

use std::time::Duration;

use conclib::prelude::*;
use conclib::testing;
use support::{Log, ScribeCalls, next_dead_letter, scribe};
use tokio::time::Instant;

#[actor]
#[derive(Default)]
struct Counter {
    n: u64,
    log: Log,
}

#[actor]
impl Counter {
    #[message]
    fn add(&mut self, by: u64) -> u64 {
        self.n += by;
        self.n
    }

    #[message]
    fn clear(&mut self) {
        self.n = 0;
    }

    #[on(stop)]
    fn end(&mut self, reason: &StopReason) {
        self.log.add(reason.to_string());
    }
}

#[conclib::test]
async fn a_turn_fails_on_order_and_the_actor_is_restarted() -> conclib::Result {
    let system = testing::system();
    let log = Log::default();
    let state = log.clone();
    let make = move || Counter {
        n: 0,
        log: state.clone(),
    };
    let restart = Restart::on_failure().backoff(Backoff::none());
    let counter = system.actor_with(make).restart(restart).spawn()?;
    assert_eq!(counter.add(2).await?, 2);
    testing::faults(&counter).fail_next("disk on fire");
    let mut events = system.events();
    let failed = counter.add(1).await;
    assert!(
        matches!(&failed, Err(AskError::Panicked { fault, .. }) if fault.message == "disk on fire"),
        "{failed:?}"
    );
    let letter = next_dead_letter(&mut events).await;
    assert_eq!(letter.cause, DeadLetterCause::Panicked);
    assert_eq!(counter.add(1).await?, 1);
    assert_eq!(counter.generation(), Some(2));
    assert_eq!(log.lines().len(), 1);
    Ok(())
}

#[conclib::test]
async fn a_turn_is_late_on_order() -> conclib::Result {
    let system = testing::system();
    let counter = system.spawn(Counter::default())?;
    let faults = testing::faults(&counter);
    faults.delay_next(Duration::from_secs(60));
    let began = Instant::now();
    assert_eq!(counter.add(1).await?, 1);
    assert_eq!(began.elapsed(), Duration::from_secs(60));
    assert_eq!(counter.add(1).await?, 2);
    assert_eq!(began.elapsed(), Duration::from_secs(60));

    // The actor is killed meanwhile, and its asker learns that the message was
    // not handled.
    faults.delay_next(Duration::from_secs(60));
    let killed = counter.add(1).reply().await?;
    let queued = counter.add(1).reply().await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    counter.kill().await;
    for reply in [killed, queued] {
        assert_eq!(
            reply.await,
            Err(AskError::Stopped {
                urn: counter.urn(),
                delivery: Delivery::NotDelivered,
            })
        );
    }
    Ok(())
}

#[conclib::test]
async fn a_message_is_lost_on_order() -> conclib::Result {
    let system = testing::system();
    let counter = system.spawn(Counter::default())?;
    let mut events = system.events();
    let faults = testing::faults(&counter);
    faults.of("add").times(2).drop_next();
    faults.times(0).drop_next();
    counter.clear().await?;
    let lost = counter.add(1).await;
    let urn = counter.urn();
    assert_eq!(lost, Err(AskError::NoReply { urn: urn.clone() }));
    counter.add(1).tell().await?;
    assert_eq!(counter.add(1).await?, 1);
    for _ in 0..2 {
        let letter = next_dead_letter(&mut events).await;
        assert_eq!(
            (letter.message, letter.cause),
            ("add", DeadLetterCause::Lost)
        );
    }
    let snapshot = system.snapshot();
    assert_eq!((snapshot.actors[0].handled, snapshot.dead_letters), (2, 2));
    Ok(())
}

#[conclib::test]
async fn faults_happen_in_the_order_of_their_orders() -> conclib::Result {
    let system = testing::system();
    let counter = system.spawn(Counter::default())?;
    let faults = testing::faults(&counter);
    faults.of("clear").fail_next("not now");
    faults.drop_next();
    faults.of("add").delay_next(Duration::from_secs(1));
    assert!(matches!(
        counter.add(1).await,
        Err(AskError::NoReply { .. })
    ));
    let began = Instant::now();
    assert_eq!(counter.add(1).await?, 1);
    assert_eq!(began.elapsed(), Duration::from_secs(1));
    assert!(matches!(
        counter.clear().await,
        Err(AskError::Panicked { .. })
    ));
    assert!(matches!(
        counter.stopped().await,
        Some(StopReason::Panicked(_))
    ));
    Ok(())
}

#[conclib::test]
#[should_panic(expected = "has no message `ad`: it has `add`, `clear`")]
async fn a_fault_of_a_message_that_is_none_is_a_mistake() {
    let system = testing::system();
    let counter = system.spawn(Counter::default()).unwrap();
    let _ = testing::faults(&counter).of("ad");
}

#[conclib::test]
async fn an_actor_under_test_ends_as_any_other() -> conclib::Result {
    let system = testing::system();
    testing::quiet(&system).await;
    for stop in [ActorRef::stop, ActorRef::stop_now, ActorRef::kill] {
        let (actor, log) = scribe();
        let scribe = system.spawn(actor)?;
        let mut keeper = support::hold(&scribe).await;
        scribe.note(1).tell().await?;
        let stopping = stop(&scribe);
        keeper.entered().await;
        keeper.open();
        let reason = stopping.await;
        match reason {
            StopReason::Stopped => {
                assert_eq!(log.lines(), ["start", "held", "1", "stop: stopped", "drop"]);
            }
            StopReason::StoppedNow => {
                assert_eq!(
                    log.lines(),
                    ["start", "held", "stop: stopped at once", "drop"]
                );
            }
            _ => assert_eq!(log.lines(), ["start", "drop"]),
        }
    }
    let (actor, log) = scribe();
    let scribe = system.spawn(actor)?;
    scribe.note(1).tell().await?;
    drop(scribe);
    testing::quiet(&system).await;
    assert_eq!(log.lines()[..2], ["start", "1"]);
    assert_eq!(log.lines().len(), 4);
    assert!(system.shutdown().await.is_clean());
    Ok(())
}

#[actor]
#[derive(Default)]
struct Manager {
    ends: Vec<String>,
}

#[actor]
impl Manager {
    #[on(start)]
    fn hire(&mut self, ctx: &mut Context<Self>) -> Result<(), SpawnError> {
        for urn in ["zero", "one", "two"] {
            ctx.actor(Counter::default()).urn(urn).spawn()?;
        }
        Ok(())
    }

    #[on(child)]
    fn left(&mut self, exit: ChildExit) -> Directive {
        self.ends.push(format!("{}: {}", exit.urn, exit.reason));
        Directive::Resume
    }

    #[message]
    fn ends(&self) -> Vec<String> {
        self.ends.clone()
    }
}

#[conclib::test]
async fn the_child_of_that_number_is_killed() -> conclib::Result {
    let system = testing::system();
    let manager = system.spawn(Manager::default())?;
    manager.started().await?;
    assert_eq!(testing::kill_child(&manager, 1).await, StopReason::Killed);
    testing::quiet(&system).await;
    assert_eq!(testing::kill_child(&manager, 1).await, StopReason::Killed);
    testing::quiet(&system).await;
    assert_eq!(manager.ends().await?, ["one: killed", "two: killed"]);
    Ok(())
}

#[conclib::test]
#[should_panic(expected = "`manager` has 3 children, so none is number 3")]
async fn a_child_that_is_none_is_a_mistake() {
    let system = testing::system();
    let manager = system.actor(Manager::default()).urn("manager");
    let manager = manager.spawn().unwrap();
    manager.started().await.unwrap();
    drop(testing::kill_child(&manager, 3));
}
