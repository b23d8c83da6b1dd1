//! Orderly shutdown of a system: newest first, within a deadline, with a report
//! that names the actors that were killed.

use std::time::Duration;

use conclib::Place;
use conclib::prelude::*;
use support::{At, Gate, Log, Scribe, ScribeCalls, gate, hold, poll_once, scribe, until};
use tokio::time::Instant;

support::on_every_place! {
    the_newest_ends_first_and_what_is_queued_is_served,
    nothing_happens_before_it_is_awaited_and_then_no_actor_is_taken_in,
    it_can_be_said_again_and_by_many,
    no_deadline_is_too_short_or_too_long,
    a_shutdown_that_is_dropped_midway_can_be_said_again;
    multi_thread:
    a_turn_that_never_awaits_is_named_and_does_not_hold_the_shutdown_up,
}

/// Logs its end under its own name.
#[actor]
struct Named {
    log: Log,
    last: Option<Gate>,
}

#[actor]
impl Named {
    #[on(stop)]
    async fn end(&mut self, reason: &StopReason, ctx: &mut Context<Self>) {
        if let Some(last) = self.last.take() {
            last.pass().await;
        }
        self.log.add(format!("{}: {reason}", ctx.urn()));
    }

    #[message]
    fn note(&mut self, n: u64) {
        self.log.add(n.to_string());
    }
}

async fn the_newest_ends_first_and_what_is_queued_is_served(place: Place) {
    let base = support::alive();
    let system = System::new("shutdown");
    let log = Log::default();
    let mut actors = Vec::new();
    for name in ["a", "b", "c", "d"] {
        let named = Named {
            log: log.clone(),
            last: None,
        };
        let named = system.actor(named).urn(name).at(place).unwrap();
        named.started().await.unwrap();
        actors.push(named);
    }
    actors[3].note(1).tell().await.unwrap();
    let report = system.shutdown().await;
    assert_eq!((report.stopped, report.dead_letters), (4, 0));
    assert!(report.is_clean() && report.killed.is_empty() && report.stuck.is_empty());
    assert_eq!(report.to_string(), "4 stopped; 0 dead letters");
    let ends = ["d", "c", "b", "a"].map(|name| format!("{name}: its system shut down"));
    assert_eq!(log.lines()[0], "1");
    assert_eq!(log.lines()[1..], ends);
    for named in actors {
        assert_eq!(named.stopped().await, Some(StopReason::Shutdown));
    }
    until(|| support::alive() == base).await;
}

async fn nothing_happens_before_it_is_awaited_and_then_no_actor_is_taken_in(place: Place) {
    let system = System::new("shutdown");
    let shutdown = system.shutdown();
    let scribe = system.actor(scribe().0).urn("one").at(place).unwrap();
    let keeper = hold(&scribe).await;
    let mut shutdown = shutdown.into_future();
    let _other = system.actor(self::scribe().0).at(place).unwrap();
    assert!(poll_once(&mut shutdown).is_pending());
    let refused = SpawnError::ShuttingDown {
        system: "shutdown".to_owned(),
    };
    assert_eq!(
        system.actor(self::scribe().0).at(place).unwrap_err(),
        refused
    );
    let refused = system.actor(self::scribe().0).urn("one").spawn();
    assert!(matches!(refused, Err(SpawnError::ShuttingDown { .. })));
    keeper.open();
    assert_eq!(shutdown.await.stopped, 2);
    assert!(system.spawn(self::scribe().0).is_err());
}

async fn it_can_be_said_again_and_by_many(place: Place) {
    let system = System::new("shutdown");
    let scribe = system.actor(scribe().0).at(place).unwrap();
    let keeper = hold(&scribe).await;
    let clone = system.clone();
    let other = tokio::spawn(async move { clone.shutdown().await });
    let mut mine = system.shutdown().into_future();
    assert!(poll_once(&mut mine).is_pending());
    keeper.open();
    assert!(mine.await.is_clean());
    assert!(other.await.unwrap().is_clean());
    let again = system.shutdown().await;
    assert_eq!((again.stopped, again.is_clean()), (0, true));
}

#[support::test(start_paused = true)]
async fn who_does_not_end_in_time_is_killed_and_named() {
    let system = System::new("shutdown");
    let (actor, log) = scribe();
    let slow = system.actor(actor).urn("slow").spawn().unwrap();
    let (last, keeper) = gate();
    let log2 = Log::default();
    let ending = Named {
        log: log2.clone(),
        last: Some(last),
    };
    system.actor(ending).urn("ending").spawn().unwrap();
    system.actor(scribe().0).urn("quick").spawn().unwrap();
    let held = hold(&slow).await;
    slow.note(1).tell().await.unwrap();
    let asked = slow.echo(2).reply().await.unwrap();

    let deadline = Duration::from_secs(3);
    let began = Instant::now();
    let report = system.shutdown().deadline(deadline).await;
    assert!(began.elapsed() >= deadline);
    assert!(began.elapsed() <= deadline + Duration::from_millis(50));
    assert_eq!(report.stopped, 1);
    assert_eq!(report.killed, ["ending", "slow"]);
    assert!(report.stuck.is_empty() && !report.is_clean());
    assert_eq!(
        report.to_string(),
        "1 stopped, 2 killed: ending slow; 3 dead letters"
    );
    assert_eq!(slow.stopped().await, Some(StopReason::Killed));
    assert_eq!(asked.await.unwrap_err().delivery(), Delivery::NotDelivered);
    assert_eq!(log.lines(), ["start", "drop"]);
    assert!(log2.lines().is_empty());
    drop((keeper, held));
}

async fn a_turn_that_never_awaits_is_named_and_does_not_hold_the_shutdown_up(place: Place) {
    let system = System::new("shutdown");
    let stuck = system.actor(scribe().0).urn("stuck").at(place).unwrap();
    let (gate, mut keeper) = gate();
    stuck.block(gate).tell().await.unwrap();
    keeper.entered().await;
    let mut shutdown = tokio::spawn({
        let system = system.clone();
        async move { system.shutdown().deadline(Duration::from_millis(50)).await }
    });
    let report = (&mut shutdown).await.unwrap();
    assert_eq!((report.stopped, report.killed.len()), (0, 0));
    assert_eq!(report.stuck, ["stuck"]);
    assert!(!report.is_clean());
    assert!(report.to_string().contains("1 stuck: stuck"), "{report}");
    keeper.open();
    assert_eq!(stuck.stopped().await, Some(StopReason::Killed));
}

#[support::test(start_paused = true)]
async fn an_actor_that_hangs_does_not_take_the_end_of_the_older_ones() {
    let system = System::new("shutdown");
    let (actor, log) = scribe();
    let older = system.actor(actor).urn("older").spawn().unwrap();
    let newer = system.actor(scribe().0).urn("newer").spawn().unwrap();
    let held = hold(&newer).await;
    older.note(1).tell().await.unwrap();
    let report = system.shutdown().deadline(Duration::from_secs(1)).await;
    assert_eq!(report.killed, ["newer"]);
    assert_eq!(report.stopped, 1);
    let end = ["start", "1", "stop: its system shut down", "drop"];
    assert_eq!(log.lines(), end);
    drop(held);
}

async fn no_deadline_is_too_short_or_too_long(place: Place) {
    for deadline in [Duration::ZERO, Duration::MAX] {
        let system = System::new("shutdown");
        let scribe: ActorRef<Scribe> = system.actor(scribe().0).at(place).unwrap();
        scribe.started().await.unwrap();
        let report = system.shutdown().deadline(deadline).await;
        assert_eq!(report.stopped + report.killed.len(), 1, "{report}");
        assert!(report.stuck.is_empty());
        assert!(scribe.stopped().await.is_some());
    }
    let empty = System::new("empty").shutdown().await;
    assert_eq!(empty.to_string(), "0 stopped; 0 dead letters");
}

async fn a_shutdown_that_is_dropped_midway_can_be_said_again(place: Place) {
    let system = System::new("shutdown");
    let scribe = system.actor(scribe().0).at(place).unwrap();
    let keeper = hold(&scribe).await;
    let mut midway = system.shutdown().into_future();
    assert!(poll_once(&mut midway).is_pending());
    drop(midway);
    assert!(system.spawn(self::scribe().0).is_err());
    keeper.open();
    assert!(system.shutdown().await.is_clean());
    assert_eq!(scribe.stopped().await, Some(StopReason::Shutdown));
}

/// Shuts its own system down in a turn.
#[actor]
struct Janitor {
    log: Log,
}

#[actor]
impl Janitor {
    #[message]
    async fn close(&mut self, ctx: &mut Context<Self>) -> String {
        ctx.system().shutdown().await.to_string()
    }

    #[message]
    fn note(&mut self, n: u64) {
        self.log.add(n.to_string());
    }

    #[on(stop)]
    fn stop(&mut self, reason: &StopReason) {
        self.log.add(reason.to_string());
    }
}

#[support::test]
async fn awaited_in_a_turn_it_ends_the_others_and_then_that_actor() {
    for on_thread in [false, true] {
        let system = System::new("shutdown");
        let mut others = vec![system.spawn(scribe().0).unwrap()];
        others.push(system.spawn(scribe().0).unwrap());
        let log = Log::default();
        let janitor = system.actor(Janitor { log: log.clone() });
        let janitor = match on_thread {
            true => janitor.on_thread().spawn().unwrap(),
            false => janitor.spawn().unwrap(),
        };
        others.push(system.spawn(scribe().0).unwrap());
        let report = janitor.close().reply().await.unwrap();
        janitor.note(1).try_tell().ok();
        assert_eq!(report.await.unwrap(), "3 stopped; 0 dead letters");
        for other in others {
            assert_eq!(other.stopped().await, Some(StopReason::Shutdown));
        }
        assert_eq!(janitor.stopped().await, Some(StopReason::Shutdown));
        assert_eq!(log.lines().last().unwrap(), "its system shut down");
    }
}
