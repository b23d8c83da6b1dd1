//! Faults that were measured in other actor libraries, and the behaviour of
//! conclib in the same cases. Each test is one of those measurements.

use std::time::Duration;

use conclib::prelude::*;
use support::{Gate, Log, NoGood, Scribe, gate, scribe, until};
use tokio::time::{Instant, advance};

const MS: Duration = Duration::from_millis(1);

/// Time from which a dependency is up.
type Up = Option<Instant>;

#[actor]
#[derive(Default)]
struct Worker {
    done: u64,
    needs: Up,
    log: Log,
}

#[actor]
impl Worker {
    #[on(start)]
    fn start(&mut self) -> Result<(), String> {
        self.log.add("start");
        match self.needs {
            Some(up) if Instant::now() < up => Err("the dependency is down".to_owned()),
            _ => Ok(()),
        }
    }

    #[message]
    fn work(&mut self) -> u64 {
        self.done += 1;
        self.done
    }

    #[message]
    fn fail(&mut self) {
        panic!("boom");
    }

    #[message(local)]
    async fn fail_behind(&mut self, gate: Gate) {
        gate.pass().await;
        panic!("boom");
    }

    #[message]
    fn refuse(&mut self) -> Result<u64, NoGood> {
        Err(NoGood("no".to_owned()))
    }
}

/// Supervisor without hooks.
#[actor]
struct Supervisor;

#[actor]
impl Supervisor {
    #[message]
    fn alive(&mut self) {}
}

fn supervised(
    system: &System,
    supervisor: &ActorRef<Supervisor>,
    urn: &str,
    restart: Restart,
) -> ActorRef<Worker> {
    system
        .actor_with(Worker::default)
        .child_of(supervisor)
        .urn(urn)
        .restart(restart)
        .spawn()
        .unwrap()
}

fn at_once() -> Restart {
    Restart::on_failure().backoff(Backoff::none())
}

/// Probe 1: one of two workers panics, and every later ask meets the dead one.
#[support::test]
async fn all_asks_after_a_worker_has_panicked_are_answered() {
    let system = System::new("test");
    let supervisor = system.spawn(Supervisor).unwrap();
    let workers = ["one", "two"].map(|urn| supervised(&system, &supervisor, urn, at_once()));
    let failed = workers[0].fail().await;
    assert!(matches!(failed, Err(AskError::Panicked { .. })));
    for n in 0..20 {
        assert_eq!(workers[n % 2].work().await.unwrap(), n as u64 / 2 + 1);
    }
}

/// Probe 2: a child loses its externally given name when it is restarted.
#[support::test]
async fn a_name_stays_over_a_restart_and_during_it() {
    let system = System::new("test");
    let supervisor = system.spawn(Supervisor).unwrap();
    let backoff = Backoff::from(Duration::from_secs(3600));
    let slow = Restart::on_failure().backoff(backoff);
    let quick = supervised(&system, &supervisor, "quick", at_once());
    let waiting = supervised(&system, &supervisor, "waiting", slow);
    for worker in [&quick, &waiting] {
        worker.fail().await.unwrap_err();
    }
    assert_eq!(quick.work().await.unwrap(), 1);
    assert_eq!(system.get::<Worker>("quick").unwrap(), quick);
    until(|| waiting.state() == Some(State::Restarting)).await;
    assert_eq!(system.get::<Worker>("waiting").unwrap(), waiting);
    let taken = system.actor(scribe().0).urn("waiting").spawn();
    assert!(
        matches!(taken, Err(SpawnError::UrnTaken { .. })),
        "{taken:?}"
    );
}

/// Probe 3: a dependency is briefly down, all restarts are used up within a
/// millisecond, and the supervisor dies too.
#[support::test(start_paused = true)]
async fn a_dependency_that_is_down_for_a_moment_costs_no_supervisor() {
    let system = System::new("test");
    let supervisor = system.spawn(Supervisor).unwrap();
    let (log, up) = (Log::default(), Instant::now() + 150 * MS);
    let noted = log.clone();
    let worker = system
        .actor_with(move || Worker {
            needs: Some(up),
            log: noted.clone(),
            done: 0,
        })
        .child_of(&supervisor)
        .restart(Restart::on_failure())
        .spawn()
        .unwrap();
    assert_eq!(worker.work().await.unwrap(), 1);
    assert!(Instant::now() >= up);
    assert!(log.count("start") <= 6, "{:?}", log.lines());
    supervisor.alive().await.unwrap();
}

/// Probe 4: two restarts in 300 ms are allowed, one comes every 200 ms, and
/// the third is refused.
#[support::test(start_paused = true)]
async fn the_window_of_restarts_slides() {
    let system = System::new("test");
    let supervisor = system.spawn(Supervisor).unwrap();
    let restart = at_once().max(2, 300 * MS);
    let worker = supervised(&system, &supervisor, "worker", restart);
    for n in 2..20 {
        worker.fail().await.unwrap_err();
        worker.work().await.unwrap();
        assert_eq!(worker.generation(), Some(n));
        advance(200 * MS).await;
    }
    supervisor.alive().await.unwrap();
}

/// Probe 6: a message whose handler returns an error kills the actor when it
/// was told, not when it was asked.
#[support::test]
async fn an_error_of_a_handler_is_survived_asked_or_told() {
    let system = System::new("test");
    let worker = system.spawn(Worker::default()).unwrap();
    assert_eq!(worker.work().await.unwrap(), 1);
    let asked = worker.refuse().await;
    assert!(matches!(asked, Err(AskError::Handler(NoGood(_)))));
    worker.refuse().tell().await.unwrap();
    assert_eq!(worker.work().await.unwrap(), 2, "the same state");
}

/// Probe 8, which other libraries pass too: messages queued during a panic.
#[support::test]
async fn what_is_queued_at_a_panic_is_served_by_the_next_incarnation() {
    let system = System::new("test");
    let supervisor = system.spawn(Supervisor).unwrap();
    let worker = supervised(&system, &supervisor, "worker", at_once());
    let (gate, mut keeper) = gate();
    let in_flight = worker.fail_behind(gate).reply().await.unwrap();
    keeper.entered().await;
    worker.work().tell().await.unwrap();
    let queued = worker.work().reply().await.unwrap();
    keeper.open();
    assert!(matches!(in_flight.await, Err(AskError::Panicked { .. })));
    assert_eq!(queued.await.unwrap(), 2);
}

/// Probe 11: an actor without references runs for ever.
#[support::test]
async fn an_actor_without_references_ends() {
    let system = System::new("test");
    let (actor, log) = scribe();
    let unnamed: ActorRef<Scribe> = system.spawn(actor).unwrap();
    unnamed.started().await.unwrap();
    drop(unnamed);
    until(|| log.has("drop")).await;
    // A named actor can be looked up, so it lives without references.
    let (actor, log) = scribe();
    drop(system.actor(actor).urn("named").spawn().unwrap());
    assert!(system.get::<Scribe>("named").is_ok());
    assert!(!log.has("drop"));
    drop(system);
    until(|| log.has("drop")).await;
}

/// Probe 13: a supervisor restarts an actor that stops, and not one that
/// panics.
#[support::test]
async fn a_panic_is_restarted_and_a_stop_is_not() {
    let system = System::new("test");
    let supervisor = system.spawn(Supervisor).unwrap();
    let worker = supervised(&system, &supervisor, "worker", at_once());
    worker.fail().await.unwrap_err();
    assert_eq!(worker.work().await.unwrap(), 1);
    assert_eq!(worker.generation(), Some(2));
    worker.stop().await;
    supervisor.alive().await.unwrap();
    assert_eq!(worker.state(), Some(State::Stopped));
    assert_eq!(worker.generation(), Some(2));
}
