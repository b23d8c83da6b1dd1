//! Restarts: the same actor with a fresh state, their limit, and their pauses.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use conclib::Place;
use conclib::event::NotRestarted;
use conclib::prelude::*;
use support::{At, gate};
use tokio::time::Instant;

support::on_every_place! {
    identity_outlives_a_restart,
    what_was_asked_for_is_final,
    an_error_that_nobody_asked_about_can_restart_it,
    without_a_source_a_restart_is_an_end_and_an_event,
    create_makes_it_anew_from_the_same_arguments,
    the_next_start_is_after_the_former_stop_and_drop,
}

const MS: Duration = Duration::from_millis(1);

/// Counts its work in its state, and its incarnations outside of it.
#[actor]
#[derive(Default)]
struct Worker {
    done: usize,
    /// Number of following starts that fail.
    broken: Arc<AtomicUsize>,
}

#[actor]
impl Worker {
    #[on(start)]
    fn start(&mut self) -> Result<(), String> {
        let broken = self.broken.load(Ordering::SeqCst);
        if broken > 0 {
            self.broken.store(broken - 1, Ordering::SeqCst);
            return Err("the dependency is down".to_owned());
        }
        Ok(())
    }

    #[message]
    fn work(&mut self) -> usize {
        self.done += 1;
        self.done
    }

    #[message]
    fn fail(&mut self) {
        panic!("boom");
    }

    #[message(local)]
    async fn wait(&mut self, gate: support::Gate) {
        gate.pass().await;
        panic!("boom");
    }

    #[message]
    fn give_up(&mut self) -> Result<(), support::NoGood> {
        Err(support::NoGood("no".to_owned()))
    }

    #[on(error)]
    fn error(&mut self) -> Directive {
        Directive::Restart
    }
}

fn policy(max: usize, within: Duration, first: Duration) -> Restart {
    let backoff = Backoff::from(first)
        .jitter(0.0)
        .up_to(Duration::from_secs(60));
    Restart::on_failure().max(max, within).backoff(backoff)
}

/// Waits for the `n`th incarnation.
async fn generation(worker: &ActorRef<Worker>, n: u32) {
    // The next incarnation answers the queued asks.
    worker.work().await.unwrap();
    assert_eq!(worker.generation(), Some(n));
}

async fn identity_outlives_a_restart(place: Place) {
    let system = System::new("test");
    let mut events = system.events();
    let worker = system
        .actor_with(Worker::default)
        .urn("worker")
        .restart(policy(5, Duration::from_secs(10), MS))
        .at(place)
        .unwrap();
    let weak = worker.downgrade();
    assert_eq!(worker.work().await.unwrap(), 1);
    assert_eq!(worker.work().await.unwrap(), 2);
    let failed = worker.fail().await;
    assert!(
        matches!(failed, Err(AskError::Panicked { .. })),
        "{failed:?}"
    );
    assert_eq!(worker.work().await.unwrap(), 1, "a fresh state");
    assert_eq!(worker.generation(), Some(2));
    let found: ActorRef<Worker> = system.get("worker").unwrap();
    assert_eq!(found, worker);
    assert_eq!(weak.upgrade().unwrap().work().await.unwrap(), 2);
    // Messages are counted after their answers have left, and the counts go on.
    support::until(|| system.snapshot().actors[0].handled == 5).await;
    assert_eq!(found.stop().await, StopReason::Stopped);
    assert!(system.lookup("worker").is_err());

    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        let is_last = matches!(event, Event::Stopped { .. });
        seen.push(event);
        if is_last {
            break;
        }
    }
    let urn: Urn = "worker".parse().unwrap();
    assert_eq!(seen[0], Event::Started { urn: urn.clone() });
    assert!(matches!(&seen[1], Event::DeadLetter(letter)
        if letter.message == "fail" && letter.cause == DeadLetterCause::Panicked));
    assert!(
        matches!(&seen[2], Event::Restarted { generation: 2, .. }),
        "{:?}",
        seen[2]
    );
    assert_eq!(
        seen[3],
        Event::Stopped {
            urn,
            reason: StopReason::Stopped
        }
    );
}

#[support::test(start_paused = true)]
async fn what_is_queued_when_it_fails_is_served_by_the_next_incarnation() {
    let system = System::new("test");
    let worker = system
        .actor_with(Worker::default)
        .restart(policy(5, Duration::from_secs(10), 100 * MS))
        .spawn()
        .unwrap();
    let (gate, mut keeper) = gate();
    let killer = worker.wait(gate).reply().await.unwrap();
    keeper.entered().await;
    worker.work().tell().await.unwrap();
    let queued = worker.work().reply().await.unwrap();
    keeper.open();
    assert!(matches!(killer.await, Err(AskError::Panicked { .. })));
    // Messages are accepted between two incarnations.
    let later = worker.work().reply().await.unwrap();
    assert_eq!(worker.state(), Some(State::Restarting));
    assert_eq!(queued.await.unwrap(), 2);
    assert_eq!(later.await.unwrap(), 3);
}

/// Parent in the pause before its second incarnation.
async fn resting(system: &System) -> ActorRef<Worker> {
    let parent = system
        .actor_with(Worker::default)
        .restart(policy(5, Duration::from_secs(10), 100 * MS))
        .spawn()
        .unwrap();
    parent.started().await.unwrap();
    parent.fail().await.unwrap_err();
    while parent.state() != Some(State::Restarting) {
        tokio::task::yield_now().await;
    }
    parent
}

#[support::test(start_paused = true)]
async fn a_child_that_comes_between_two_incarnations_is_the_next_ones() {
    let system = System::new("test");
    let parent = resting(&system).await;
    let spawn = || system.actor(Worker::default()).child_of(&parent).spawn();
    let early = spawn().unwrap();
    let child = spawn().unwrap();
    // The child does not wait for its parent.
    assert_eq!(child.work().await.unwrap(), 1);
    assert_eq!(parent.generation(), Some(1));
    generation(&parent, 2).await;
    assert_eq!(child.work().await.unwrap(), 2);
    // The child is supervised: its failure fails the parent, which is
    // restarted.
    child.fail().await.unwrap_err();
    assert!(matches!(
        child.stopped().await,
        Some(StopReason::Panicked(_))
    ));
    generation(&parent, 3).await;
    assert_eq!(early.stopped().await, Some(StopReason::Parent));
}

#[support::test(start_paused = true)]
async fn a_child_that_fails_before_its_parent_is_back_is_not_forgotten() {
    let system = System::new("test");
    let parent = resting(&system).await;
    let child = system
        .actor(Worker::default())
        .child_of(&parent)
        .spawn()
        .unwrap();
    child.fail().await.unwrap_err();
    child.stopped().await;
    // The second incarnation fails by it before its first turn.
    generation(&parent, 3).await;
}

#[support::test(start_paused = true)]
async fn a_child_of_a_next_incarnation_that_there_is_not_is_ended() {
    let system = System::new("test");
    let spawn = |parent| {
        let child = system.actor(Worker::default()).child_of(parent).spawn();
        child.unwrap()
    };
    let parent = resting(&system).await;
    let child = spawn(&parent);
    parent.stop().await;
    assert_eq!(child.state(), Some(State::Stopped));
    assert_eq!(child.stopped().await, Some(StopReason::Parent));

    let parent = resting(&system).await;
    let child = spawn(&parent);
    assert_eq!(parent.kill().await, StopReason::Killed);
    assert_eq!(child.state(), Some(State::Stopped));
    assert_eq!(child.stopped().await, Some(StopReason::Killed));
    let late = system.actor(Worker::default()).child_of(&parent).spawn();
    assert!(matches!(late, Err(SpawnError::ParentEnded { .. })));
}

#[support::test(start_paused = true)]
async fn a_failing_start_is_retried_with_a_growing_pause() {
    let system = System::new("test");
    let broken = Arc::new(AtomicUsize::new(4));
    let made = Arc::new(AtomicUsize::new(0));
    let (down, count) = (broken.clone(), made.clone());
    let make = move || {
        count.fetch_add(1, Ordering::SeqCst);
        Worker {
            done: 0,
            broken: down.clone(),
        }
    };
    let begun = Instant::now();
    let worker = system
        .actor_with(make)
        .restart(policy(5, Duration::from_secs(10), 100 * MS))
        .spawn()
        .unwrap();
    worker.started().await.unwrap();
    // 100, 200, 400 and 800 milliseconds.
    assert_eq!(begun.elapsed(), 1500 * MS);
    assert_eq!(made.load(Ordering::SeqCst), 5);
    assert_eq!(worker.work().await.unwrap(), 1);
}

#[support::test(start_paused = true)]
async fn the_window_slides() {
    let system = System::new("test");
    // One crash every 200 ms, so that no window of 300 ms has more than two of
    // them.
    let worker = system
        .actor_with(Worker::default)
        .restart(policy(2, 300 * MS, Duration::ZERO))
        .spawn()
        .unwrap();
    for n in 1..=20 {
        worker.fail().await.unwrap_err();
        generation(&worker, n + 1).await;
        tokio::time::advance(200 * MS).await;
    }
    // Three at once are one too many.
    worker.fail().await.unwrap_err();
    worker.fail().await.unwrap_err();
    worker.fail().await.unwrap_err();
    assert!(matches!(
        worker.stopped().await,
        Some(StopReason::Panicked(_))
    ));
}

#[support::test(start_paused = true)]
async fn a_pause_is_the_first_again_after_it_recovered() {
    let system = System::new("test");
    let backoff = Backoff::from(100 * MS)
        .jitter(0.0)
        .reset_after(Duration::from_secs(5));
    let worker = system
        .actor_with(Worker::default)
        .restart(
            Restart::on_failure()
                .max(9, Duration::from_secs(60))
                .backoff(backoff),
        )
        .spawn()
        .unwrap();
    let mut pauses = Vec::new();
    for n in 0..5 {
        if n == 3 {
            tokio::time::advance(Duration::from_secs(6)).await;
        }
        worker.fail().await.unwrap_err();
        let begun = Instant::now();
        worker.work().await.unwrap();
        pauses.push(begun.elapsed());
    }
    // The recovery time counts from the last start: the next incarnation has
    // not recovered.
    assert_eq!(pauses, [100 * MS, 200 * MS, 400 * MS, 100 * MS, 200 * MS]);
}

#[support::test(start_paused = true)]
async fn jitter_spreads_but_stays_in_its_bounds() {
    let system = System::new("test");
    let backoff = Backoff::from(1000 * MS).jitter(0.5);
    let mut pauses = Vec::new();
    for _ in 0..20 {
        let worker = system
            .actor_with(Worker::default)
            .restart(Restart::on_failure().backoff(backoff))
            .spawn()
            .unwrap();
        worker.fail().await.unwrap_err();
        let begun = Instant::now();
        worker.work().await.unwrap();
        pauses.push(begun.elapsed());
    }
    assert!(
        pauses
            .iter()
            .all(|pause| (499 * MS..=1502 * MS).contains(pause)),
        "{pauses:?}"
    );
    pauses.sort();
    pauses.dedup();
    assert!(pauses.len() > 10, "{pauses:?}");
}

async fn what_was_asked_for_is_final(place: Place) {
    let system = System::new("test");
    let spawn = || {
        system
            .actor_with(Worker::default)
            .restart(policy(
                5,
                Duration::from_secs(10),
                Duration::from_secs(3600),
            ))
            .at(place)
            .unwrap()
    };
    let worker = spawn();
    assert_eq!(worker.stop().await, StopReason::Stopped);
    let worker = spawn();
    assert_eq!(worker.kill().await, StopReason::Killed);
    // Holds also during the pause, and queued asks fail.
    for end in [ActorRef::stop, ActorRef::stop_now, ActorRef::kill] {
        let worker = spawn();
        worker.fail().await.unwrap_err();
        let asked = worker.work().reply().await.unwrap();
        end(&worker).await;
        assert!(matches!(
            asked.await,
            Err(AskError::Stopped {
                delivery: Delivery::NotDelivered,
                ..
            })
        ));
    }
    // Dropping the last reference ends it as well.
    let worker = spawn();
    worker.fail().await.unwrap_err();
    drop(worker);
    while !system.snapshot().actors.is_empty() {
        tokio::task::yield_now().await;
    }
}

async fn an_error_that_nobody_asked_about_can_restart_it(place: Place) {
    let system = System::new("test");
    let worker = system
        .actor_with(Worker::default)
        .restart(Restart::never().backoff(Backoff::none()))
        .at(place)
        .unwrap();
    assert_eq!(worker.work().await.unwrap(), 1);
    worker.give_up().tell().await.unwrap();
    assert_eq!(worker.work().await.unwrap(), 1);
    assert_eq!(worker.generation(), Some(2));
    // With the policy `never` a panic is final.
    worker.fail().await.unwrap_err();
    assert!(matches!(
        worker.stopped().await,
        Some(StopReason::Panicked(_))
    ));
}

async fn without_a_source_a_restart_is_an_end_and_an_event(place: Place) {
    let system = System::new("test");
    let mut events = system.events();
    let worker = system.actor(Worker::default()).at(place).unwrap();
    worker.give_up().tell().await.unwrap();
    assert!(matches!(
        worker.stopped().await,
        Some(StopReason::Failed(_))
    ));
    loop {
        if let Event::NotRestarted { urn, why } = events.next().await.unwrap() {
            assert_eq!((urn, why), (worker.urn(), NotRestarted::NoSource));
            break;
        }
    }
}

/// Made where it runs, from arguments that are kept for the next start.
#[actor]
struct Made(u32);

#[actor]
impl Made {
    #[on(create)]
    async fn create(from: u32) -> Result<Self, String> {
        tokio::task::yield_now().await;
        Ok(Self(from))
    }

    #[message]
    fn take(&mut self) -> u32 {
        let taken = self.0;
        self.0 = 0;
        taken
    }

    #[message]
    fn fail(&mut self) {
        panic!("boom");
    }
}

async fn create_makes_it_anew_from_the_same_arguments(place: Place) {
    let system = System::new("test");
    let made = system
        .create::<Made>(7)
        .restart(Restart::on_failure().backoff(Backoff::none()))
        .at(place)
        .unwrap();
    assert_eq!(made.take().await.unwrap(), 7);
    assert_eq!(made.take().await.unwrap(), 0);
    made.fail().await.unwrap_err();
    assert_eq!(made.take().await.unwrap(), 7);
}

/// A start must come after the former stop and drop.
#[actor]
struct Port {
    free: Arc<AtomicUsize>,
}

#[actor]
impl Port {
    #[on(start)]
    fn bind(&mut self) -> Result<(), String> {
        match self.free.fetch_sub(1, Ordering::SeqCst) {
            1 => Ok(()),
            taken => Err(format!("{taken} ports are free")),
        }
    }

    #[message]
    fn fail(&mut self) {
        panic!("boom");
    }

    #[message]
    fn ok(&mut self) {}

    #[on(stop)]
    async fn stop(&mut self) {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.free.fetch_add(1, Ordering::SeqCst);
    }
}

async fn the_next_start_is_after_the_former_stop_and_drop(place: Place) {
    let system = System::new("test");
    let free = Arc::new(AtomicUsize::new(1));
    let port = system
        .actor_with(move || Port { free: free.clone() })
        .restart(
            Restart::on_failure()
                .max(100, Duration::from_secs(10))
                .backoff(Backoff::none()),
        )
        .at(place)
        .unwrap();
    for n in 1..50 {
        port.ok().await.unwrap();
        assert_eq!(port.generation(), Some(n));
        port.fail().await.unwrap_err();
    }
}
