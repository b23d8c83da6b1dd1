//! Pools: routing of messages, and replacement of failed workers.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use conclib::Place;
use conclib::pool::Routing;
use conclib::prelude::*;
use support::{At, Keeper, Log, gate, next_dead_letter, poll_once, pool_at, until};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

const MS: Duration = Duration::from_millis(1);

support::on_every_place! {
    a_worker_that_panics_harms_nobody_else,
    the_queue_of_a_worker_that_panics_is_kept,
    an_exhausted_worker_is_replaced,
    a_key_keeps_its_worker,
    a_full_worker_is_passed_over_and_a_key_waits,
    what_a_full_worker_would_drop_goes_to_another,
    who_waits_before_one_that_goes_is_served_by_another,
    a_broadcast_reaches_each_worker,
    a_pool_that_is_stopped_serves_what_is_queued_and_no_more,
    a_pool_can_belong_to_an_actor,
    an_ask_from_a_turn_passes_a_full_worker_over;
    multi_thread:
    a_resize_under_load_loses_nothing,
}

#[actor]
#[derive(Default)]
pub struct Worker {
    log: Log,
}

#[actor]
impl Worker {
    #[message]
    fn who(&mut self, ctx: &mut Context<Self>) -> Urn {
        ctx.urn()
    }

    #[message]
    fn note(&mut self, n: u64) {
        self.log.add(n.to_string());
    }

    #[message]
    fn fail(&mut self) {
        panic!("boom");
    }

    #[message(local)]
    async fn hold(&mut self, gate: support::Gate) {
        gate.pass().await;
    }

    #[message]
    async fn work(&mut self, time: Duration) {
        support::work(time).await;
    }
}

#[message]
#[derive(Clone)]
struct Reload;

#[actor]
struct Deaf;

#[actor]
impl Deaf {
    #[handler]
    fn reload(&mut self, _: Reload) {}

    #[message(local)]
    async fn hold(&mut self, gate: support::Gate) {
        gate.pass().await;
    }
}

async fn hold(worker: &ActorRef<Worker>) -> Keeper {
    let (gate, mut keeper) = gate();
    worker.hold(gate).tell().await.unwrap();
    keeper.entered().await;
    keeper
}

async fn all_started(pool: &Pool<Worker>) {
    for worker in pool.workers() {
        worker.started().await.unwrap();
    }
}

fn once() -> Restart {
    Restart::on_failure().max(0, Duration::from_secs(10))
}

#[support::test]
async fn messages_go_round() {
    let system = System::new("pool");
    for routing in [Routing::RoundRobin, Routing::LeastBusy] {
        let pool = system.pool(Worker::default).size(4).routing(routing);
        let pool = pool.urn("workers").spawn().unwrap();
        all_started(&pool).await;
        let mut seen = Vec::new();
        for _ in 0..5 {
            seen.push(pool.ask(WorkerWho {}).await.unwrap().to_string());
        }
        let round = [0, 1, 2, 3, 0].map(|n| format!("workers-{n}"));
        assert_eq!(seen, round, "{routing:?}");
        pool.stop().await;
    }
}

#[support::test]
async fn the_idle_one_is_asked() {
    let system = System::new("pool");
    let pool = system.pool(Worker::default).size(3).spawn().unwrap();
    let workers = pool.workers();
    let one = hold(&workers[0]).await;
    let two = hold(&workers[2]).await;
    for _ in 0..10 {
        assert_eq!(pool.ask(WorkerWho {}).await, Ok(workers[1].urn()));
        assert_eq!(pool.worker(), workers[1]);
    }
    // Now it has more to do than the others.
    let three = hold(&workers[1]).await;
    workers[1].note(0).tell().await.unwrap();
    assert_ne!(pool.worker(), workers[1]);
    for keeper in [one, two, three] {
        keeper.open();
    }
}

/// Other pools pass all twenty messages to the dead worker, which is the
/// idlest.
async fn a_worker_that_panics_harms_nobody_else(place: Place) {
    let system = System::new("pool");
    for routing in [Routing::RoundRobin, Routing::LeastBusy] {
        let pool = system.pool(Worker::default).size(2).routing(routing);
        let pool = pool_at!(pool, place);
        let workers = pool.workers();
        let failed = pool.ask(WorkerFail {}).await;
        let Err(AskError::Panicked { urn, .. }) = failed else {
            panic!("{failed:?}");
        };
        assert!(workers.iter().any(|worker| worker.urn() == urn));
        for _ in 0..20 {
            pool.ask(WorkerWho {}).await.unwrap();
        }
        assert_eq!(pool.workers(), workers, "the same actors");
    }
}

#[support::test(start_paused = true)]
async fn who_waits_for_its_restart_is_passed_over() {
    let system = System::new("pool");
    let slow = Restart::on_failure().backoff(Backoff::from(Duration::from_secs(9)));
    for routing in [Routing::RoundRobin, Routing::LeastBusy] {
        let pool = system.pool(Worker::default).size(2).restart(slow);
        let pool = pool.routing(routing).spawn().unwrap();
        let workers = pool.workers();
        all_started(&pool).await;
        workers[0].fail().await.unwrap_err();
        until(|| workers[0].state() == Some(State::Restarting)).await;
        let begin = Instant::now();
        for _ in 0..20 {
            assert_eq!(pool.ask(WorkerWho {}).await, Ok(workers[1].urn()));
        }
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }
}

async fn the_queue_of_a_worker_that_panics_is_kept(place: Place) {
    let system = System::new("pool");
    let pool = pool_at!(system.pool(Worker::default).size(1), place);
    let worker = pool.worker();
    let keeper = hold(&worker).await;
    let failing = pool.ask(WorkerFail {}).reply().await.unwrap();
    let mut queued = Vec::new();
    for _ in 0..10 {
        queued.push(pool.ask(WorkerWho {}).reply().await.unwrap());
    }
    keeper.open();
    failing.await.unwrap_err();
    for reply in queued {
        assert_eq!(reply.await, Ok(worker.urn()));
    }
    assert_eq!(worker.generation(), Some(2));
}

async fn an_exhausted_worker_is_replaced(place: Place) {
    let system = System::new("pool");
    let mut events = system.events();
    let pool = system.pool(Worker::default).size(2).restart(once());
    let pool = pool_at!(pool.urn("workers"), place);
    let before = pool.workers();
    let keeper = hold(&before[0]).await;
    before[0].fail().tell().await.unwrap();
    let queued = before[0].who().reply().await.unwrap();
    keeper.open();
    let panicked = next_dead_letter(&mut events).await;
    assert_eq!(panicked.cause, DeadLetterCause::Panicked);
    before[0].stopped().await;
    assert_eq!(queued.await.unwrap(), "workers-0", "by its successor");
    for _ in 0..20 {
        pool.ask(WorkerWho {}).await.unwrap();
    }
    let after = pool.workers();
    assert_ne!(after[0], before[0], "another actor");
    assert_eq!(after[0].urn(), "workers-0", "with the same name");
    assert_eq!(after[1], before[1]);
    assert_eq!(after[0].who().await.unwrap(), "workers-0");
    assert_eq!(system.of::<Worker>().len(), 2);
}

#[support::test(start_paused = true)]
async fn a_successor_of_one_that_failed_comes_later_each_time() {
    let system = System::new("pool");
    let pool = system.pool(Worker::default).size(1).restart(once());
    let pool = pool.spawn().unwrap();
    let mut waits = Vec::new();
    for _ in 0..12 {
        pool.ask(WorkerFail {}).await.unwrap_err();
        let begin = Instant::now();
        pool.ask(WorkerWho {}).await.unwrap();
        waits.push(begin.elapsed());
    }
    assert!(waits[0] >= 8 * MS && waits[0] <= 13 * MS, "{waits:?}");
    assert!(waits[5] >= 200 * MS && waits[5] <= 400 * MS, "{waits:?}");
    assert!(
        waits[11] >= 8000 * MS && waits[11] <= 12_001 * MS,
        "{waits:?}"
    );
    assert_eq!(pool.len(), 1);
    // A worker told to end does not wait for its start.
    pool.ask(WorkerFail {}).await.unwrap_err();
    let last = pool.ask(WorkerWho {}).reply().await.unwrap();
    let begin = Instant::now();
    pool.stop().await;
    assert_eq!(begin.elapsed(), Duration::ZERO);
    last.await.unwrap();
}

#[support::test(start_paused = true)]
async fn a_successor_of_one_that_failed_comes_as_the_policy_says() {
    let system = System::new("pool");
    let second = Duration::from_secs(1);
    let steady = Backoff::from(3 * second).up_to(7 * second).jitter(0.0);
    for (backoff, waits) in [
        (steady, [3 * second, 6 * second, 7 * second, 7 * second]),
        // Not at once: a worker may fail at each start.
        (Backoff::none(), [MS; 4]),
        (
            Backoff::from(2 * MS).up_to(3 * MS).jitter(0.0),
            [2 * MS, 3 * MS, 3 * MS, 3 * MS],
        ),
    ] {
        let pool = system.pool(Worker::default).size(1);
        let pool = pool.restart(Restart::never().backoff(backoff));
        let pool = pool.spawn().unwrap();
        for wait in waits {
            pool.ask(WorkerFail {}).await.unwrap_err();
            let begin = Instant::now();
            pool.ask(WorkerWho {}).await.unwrap();
            let waited = begin.elapsed();
            // The clock of timers counts in milliseconds.
            assert!(
                waited >= wait && waited <= wait + MS,
                "{waited:?} for {wait:?}"
            );
        }
        pool.stop().await;
    }
}

#[support::test]
async fn a_worker_that_somebody_stops_is_replaced_at_once() {
    let system = System::new("pool");
    let pool = system.pool(Worker::default).size(1).urn("workers");
    let pool = pool.spawn().unwrap();
    for round in 0..3 {
        let worker = pool.worker();
        let keeper = hold(&worker).await;
        let end = match round {
            0 => worker.stop(),
            1 => worker.stop_now(),
            _ => worker.kill(),
        };
        // A stopping worker takes no new messages: the ask waits for its
        // successor.
        let mut asked = pool.ask(WorkerWho {}).into_future();
        assert!(poll_once(&mut asked).is_pending());
        keeper.open();
        assert_eq!(asked.await.unwrap(), "workers-0");
        end.await;
        assert_ne!(pool.worker(), worker);
        assert_eq!(pool.len(), 1);
    }
}

async fn a_key_keeps_its_worker(place: Place) {
    let system = System::new("pool");
    let pool = system.pool(Worker::default).size(4).urn("workers");
    let pool = pool_at!(pool, place);
    let mut homes = HashMap::new();
    for key in 0..100_u32 {
        let urn = pool.ask_for(&key, WorkerWho {}).await.unwrap();
        assert_eq!(pool.worker_for(&key).urn(), urn);
        homes.insert(key, urn);
    }
    pool.worker_for(&1).fail().await.unwrap_err();
    pool.worker_for(&2).kill().await;
    for (key, home) in &homes {
        let urn = pool.ask_for(key, WorkerWho {}).await.unwrap();
        assert_eq!(urn, *home, "after a restart and a replacement");
    }
    pool.resize(5).unwrap();
    let mut moved = 0;
    for (key, home) in &homes {
        let urn = pool.ask_for(key, WorkerWho {}).await.unwrap();
        if urn != *home {
            assert_eq!(urn, "workers-4");
            moved += 1;
        }
    }
    assert!((5..40).contains(&moved), "{moved}");
}

async fn a_full_worker_is_passed_over_and_a_key_waits(place: Place) {
    let system = System::new("pool");
    for routing in [Routing::RoundRobin, Routing::LeastBusy] {
        let pool = system.pool(Worker::default).size(2).routing(routing);
        let pool = pool_at!(pool.mailbox(2), place);
        let workers = pool.workers();
        let keepers = [hold(&workers[0]).await, hold(&workers[1]).await];
        for n in 0..4 {
            pool.ask(WorkerNote { n }).try_tell().unwrap();
        }
        let full = pool.ask(WorkerNote { n: 4 }).try_tell();
        assert!(matches!(full, Err(TellError::Full { message, .. }) if message.n == 4));
        let mut waits = pool.ask(WorkerWho {}).into_future();
        assert!(poll_once(&mut waits).is_pending());
        for keeper in keepers {
            keeper.open();
        }
        waits.await.unwrap();

        // One worker is full, the other is not.
        let keeper = hold(&workers[0]).await;
        for n in 0..2 {
            workers[0].note(n).tell().await.unwrap();
        }
        for _ in 0..6 {
            assert_eq!(pool.ask(WorkerWho {}).await, Ok(workers[1].urn()));
            pool.ask(WorkerNote { n: 0 }).tell().await.unwrap();
        }
        let key = (0..)
            .find(|key| pool.worker_for(key) == workers[0])
            .unwrap();
        let mut waits = pool.ask_for(&key, WorkerWho {}).into_future();
        assert!(poll_once(&mut waits).is_pending());
        let full = pool.ask_for(&key, WorkerNote { n: 0 }).try_tell();
        assert!(matches!(full, Err(TellError::Full { .. })));
        // A slot given up by a waiting sender is not lost.
        let given_up = pool.ask_for(&key, WorkerWho {}).into_future();
        drop(given_up);
        keeper.open();
        assert_eq!(waits.await, Ok(workers[0].urn()));
    }
}

async fn what_a_full_worker_would_drop_goes_to_another(place: Place) {
    for overflow in [Overflow::DropNewest, Overflow::DropOldest, Overflow::Reject] {
        let system = System::new("pool");
        let log = Log::default();
        let noted = log.clone();
        let make = move || Worker { log: noted.clone() };
        let pool = system.pool(make).size(2).mailbox(1);
        let pool = pool.routing(Routing::RoundRobin).overflow(overflow);
        let pool = pool_at!(pool, place);
        let workers = pool.workers();
        let keeper = hold(&workers[0]).await;
        workers[0].note(0).tell().await.unwrap();
        for _ in 0..6 {
            assert_eq!(pool.ask(WorkerWho {}).await, Ok(workers[1].urn()));
            pool.ask(WorkerNote { n: 2 }).try_tell().unwrap();
            until(|| log.take() == ["2"]).await;
        }
        // Now no other worker is left.
        let held = hold(&workers[1]).await;
        workers[1].note(0).tell().await.unwrap();
        assert_eq!(system.snapshot().dead_letters, 0);
        let told = pool.ask(WorkerNote { n: 1 }).tell().await;
        match overflow {
            Overflow::Reject => assert!(matches!(told, Err(TellError::Full { .. }))),
            _ => told.unwrap(),
        }
        let is_dropped = u64::from(overflow != Overflow::Reject);
        assert_eq!(system.snapshot().dead_letters, is_dropped);
        keeper.open();
        held.open();
        pool.stop().await;
        let mut lines = log.lines();
        lines.sort_unstable();
        match overflow {
            Overflow::DropOldest => assert_eq!(lines, ["0", "1"]),
            _ => assert_eq!(lines, ["0", "0"]),
        }
    }
}

async fn a_resize_under_load_loses_nothing(place: Place) {
    let system = System::new("pool");
    let served = Arc::new(AtomicUsize::new(0));
    let log = Log::default();
    let make = {
        let (log, served) = (log.clone(), served.clone());
        move || {
            served.fetch_add(1, Ordering::SeqCst);
            Worker { log: log.clone() }
        }
    };
    let pool = pool_at!(system.pool(make).size(4).mailbox(2), place);
    let senders: Vec<_> = (0..4_u64)
        .map(|sender| {
            let pool = pool.clone();
            tokio::spawn(async move {
                for n in 0..250 {
                    let n = sender * 1000 + n;
                    match n % 3 {
                        0 => pool.ask(WorkerNote { n }).await.unwrap(),
                        1 => pool.ask(WorkerNote { n }).tell().await.unwrap(),
                        _ => pool.ask_for(&n, WorkerNote { n }).tell().await.unwrap(),
                    }
                }
            })
        })
        .collect();
    for size in [1, 6, 2, 5, 0, 4].into_iter().cycle().take(60) {
        pool.resize(size).unwrap();
        assert_eq!(pool.len(), size.max(1));
        tokio::task::yield_now().await;
    }
    for sender in senders {
        sender.await.unwrap();
    }
    pool.stop().await;
    drop(pool);
    until(|| system.all().is_empty()).await;
    let mut lines = log.lines();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 1000, "each once");
    assert_eq!(log.lines().len(), 1000);
    assert!(served.load(Ordering::SeqCst) > 4);
    assert_eq!(system.snapshot().dead_letters, 0);
}

async fn who_waits_before_one_that_goes_is_served_by_another(place: Place) {
    let system = System::new("pool");
    let pool = system.pool(Worker::default).size(2).mailbox(1);
    let pool = pool_at!(pool, place);
    let workers = pool.workers();
    let keepers = [hold(&workers[0]).await, hold(&workers[1]).await];
    for worker in &workers {
        worker.note(0).tell().await.unwrap();
    }
    let key = (0..)
        .find(|key| pool.worker_for(key) == workers[1])
        .unwrap();
    let mut waits = pool.ask_for(&key, WorkerWho {}).into_future();
    assert!(poll_once(&mut waits).is_pending());
    pool.resize(1).unwrap();
    let [first, second] = keepers;
    first.open();
    assert_eq!(waits.await, Ok(workers[0].urn()));
    second.open();
    assert_eq!(workers[1].stopped().await, Some(StopReason::Stopped));
}

async fn a_broadcast_reaches_each_worker(place: Place) {
    let system = System::new("pool");
    let mut events = system.events();
    let pool = pool_at!(system.pool(|| Deaf).size(3).mailbox(1), place);
    let workers = pool.workers();
    let (gate, mut keeper) = gate();
    workers[0].hold(gate).tell().await.unwrap();
    keeper.entered().await;
    let report = pool.broadcast(Reload);
    assert_eq!((report.delivered, report.full, report.stopped), (3, 0, 0));
    workers[1].started().await.unwrap();
    workers[2].started().await.unwrap();
    until(|| {
        system
            .snapshot()
            .actors
            .iter()
            .filter(|one| one.depth == 0)
            .count()
            == 2
    })
    .await;
    let report = pool.broadcast(Reload);
    assert_eq!((report.delivered, report.full, report.stopped), (2, 1, 0));
    let letter = next_dead_letter(&mut events).await;
    assert_eq!(letter.urn, workers[0].urn());
    assert_eq!(letter.cause, DeadLetterCause::MailboxFull);
    keeper.open();
    pool.stop().await;
    assert_eq!(pool.broadcast(Reload).delivered, 0);
}

async fn a_pool_that_is_stopped_serves_what_is_queued_and_no_more(place: Place) {
    let system = System::new("pool");
    let pool = system.pool(Worker::default).size(2).urn("workers");
    let pool = pool_at!(pool, place);
    let mut queued = Vec::new();
    for _ in 0..10 {
        queued.push(pool.ask(WorkerWho {}).reply().await.unwrap());
    }
    pool.stop().await;
    for reply in queued {
        reply.await.unwrap();
    }
    let refused = pool.ask(WorkerWho {}).await;
    assert!(
        matches!(&refused, Err(AskError::Stopped { urn, delivery: Delivery::NotDelivered }) if urn == "workers"),
        "{refused:?}"
    );
    let refused = pool.ask(WorkerNote { n: 1 }).try_tell();
    assert!(matches!(refused, Err(TellError::Stopped { .. })));
    let refused = pool.resize(3);
    assert!(
        matches!(refused, Err(SpawnError::PoolStopped { .. })),
        "{refused:?}"
    );
    assert!(pool.is_empty());
    assert_eq!((pool.len(), pool.workers().len()), (0, 0));
    assert_eq!(pool.worker().state(), Some(State::Stopped));
    assert!(system.all().is_empty());
}

#[support::test]
async fn workers_belong_to_the_pool_unless_they_have_a_name() {
    let system = System::new("pool");
    let pool = system.pool(Worker::default).size(2).spawn().unwrap();
    let other = pool.clone();
    let ask = pool.ask(WorkerWho {}).owned();
    drop(pool);
    other.ask(WorkerWho {}).await.unwrap();
    drop(other);
    ask.await.unwrap();
    until(|| system.all().is_empty()).await;

    let pool = system.pool(Worker::default).size(2).urn("workers");
    drop(pool.spawn().unwrap());
    let worker: ActorRef<Worker> = system.get("workers-1").unwrap();
    worker.who().await.unwrap();
    worker.stop().await;
    assert!(system.lookup("workers-1").is_err(), "nobody replaces it");

    let taken = system.pool(Worker::default).size(2).urn("workers").spawn();
    assert!(matches!(taken, Err(SpawnError::UrnTaken { urn, .. }) if urn == "workers-0"));
    let taken = system
        .actor(Worker::default())
        .urn("more-1")
        .spawn()
        .unwrap();
    let half = system.pool(Worker::default).size(2).urn("more").spawn();
    assert!(matches!(half, Err(SpawnError::UrnTaken { urn, .. }) if urn == "more-1"));
    until(|| system.lookup("more-0").is_err()).await;
    drop(taken);
}

#[support::test]
async fn a_pool_ends_with_its_system() {
    let system = System::new("pool");
    let pool = system.pool(Worker::default).size(3).spawn().unwrap();
    let keeper = hold(&pool.worker()).await;
    let end = tokio::spawn(system.shutdown().into_future());
    until(|| pool.workers().len() == 1).await;
    keeper.open();
    assert!(end.await.unwrap().is_clean());
    let refused = pool.ask(WorkerWho {}).await;
    assert!(
        matches!(refused, Err(AskError::Stopped { .. })),
        "{refused:?}"
    );
    assert!(pool.is_empty());
}

#[support::test]
fn a_pool_outlives_its_runtime_without_a_worker() {
    let system = System::new("pool");
    let runtime = Runtime::new().unwrap();
    let pool = runtime.block_on(async {
        let pool = system.pool(Worker::default).size(3).restart(once());
        let pool = pool.spawn().unwrap();
        pool.ask(WorkerFail {}).await.unwrap_err();
        pool.worker().stop();
        pool
    });
    drop(runtime);
    let again = Builder::new_current_thread().enable_all().build().unwrap();
    let refused = again.block_on(async { pool.ask(WorkerWho {}).await });
    assert!(
        matches!(refused, Err(AskError::Stopped { .. })),
        "{refused:?}"
    );
    assert!(pool.is_empty());
}

/// Has state that is not `Send`.
#[actor]
struct Counter(Rc<Cell<u64>>);

#[actor(thread)]
impl Counter {
    #[message]
    fn add(&mut self, by: u64) -> u64 {
        assert!(by < 100, "too much");
        self.0.set(self.0.get() + by);
        self.0.get()
    }

    #[message]
    fn thread(&mut self) -> String {
        format!("{:?}", std::thread::current().id())
    }

    #[message(local)]
    fn block(&mut self, gate: support::Gate) {
        gate.pass_blocking();
    }
}

#[support::test]
fn workers_can_have_threads() {
    let system = System::new("pool");
    let pool = system.pool(|| Counter(Rc::default())).size(3).on_thread();
    let pool = pool.routing(Routing::RoundRobin).restart(once());
    let pool = pool.spawn().unwrap();
    let mut threads: Vec<_> = (0..3)
        .map(|_| pool.ask(CounterThread {}).blocking().unwrap())
        .collect();
    threads.sort_unstable();
    threads.dedup();
    assert_eq!(threads.len(), 3);
    // The only runtimes here are those of the ending workers.
    for _ in 0..2 {
        let worker = pool.workers()[1].clone();
        worker.add(100).blocking().unwrap_err();
        while pool.workers()[1] == worker {
            std::thread::yield_now();
        }
        pool.workers()[1].kill();
        for _ in 0..5 {
            pool.ask(CounterAdd { by: 2 }).blocking().unwrap();
        }
    }

    let pool = system.pool(|| Counter(Rc::default())).size(2).on_thread();
    let pool = pool.spawn().unwrap();
    let (gate, mut keeper) = gate();
    pool.ask(CounterBlock { gate }).try_tell().unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    // The routing sees a turn only after it has begun.
    runtime.block_on(keeper.entered());
    let busy = || {
        let actors = system.snapshot().actors;
        actors
            .iter()
            .filter(|actor| actor.busy_with.is_some())
            .count()
    };
    for _ in 0..5 {
        pool.ask(CounterAdd { by: 2 }).blocking().unwrap();
        // The answer comes a moment before the other turn is over.
        while busy() > 1 {
            std::thread::yield_now();
        }
    }
    keeper.open();
    assert!(
        runtime
            .block_on(async { system.shutdown().await })
            .is_clean()
    );
}

#[actor(urn = "made", timeout = "1s")]
struct Made(u64);

#[actor]
impl Made {
    #[on(create)]
    async fn create(from: u64) -> Result<Self, Never> {
        Ok(Self(from))
    }

    #[message]
    fn from(&mut self) -> u64 {
        self.0
    }

    #[message]
    async fn sleep(&mut self) {
        std::future::pending::<()>().await;
    }
}

#[support::test(start_paused = true)]
async fn workers_can_be_made_from_arguments() {
    let system = System::new("pool");
    let pool = system.pool_of::<Made>(7).size(2).spawn().unwrap();
    assert_eq!(pool.ask(MadeFrom {}).await, Ok(7));
    assert_eq!(pool.workers()[1].urn(), "made-1");
    let late = pool.ask(MadeSleep {}).await;
    assert!(
        matches!(&late, Err(AskError::Deadline { urn, .. }) if urn != "made"),
        "{late:?}"
    );
    let sooner = pool.ask(MadeSleep {}).timeout(MS).await;
    assert!(matches!(sooner, Err(AskError::Deadline { .. })));
}

#[actor]
struct Manager {
    pool: Option<Pool<Worker>>,
}

#[actor]
impl Manager {
    #[message(local)]
    fn hire(&mut self, place: Place, ctx: &mut Context<Self>) -> Pool<Worker> {
        let pool = ctx.pool(Worker::default).size(3).restart(once());
        let pool = pool_at!(pool, place);
        self.pool = Some(pool.clone());
        pool
    }

    /// Runs jobs in a pool of four, beside their turns and its own.
    #[message(local)]
    async fn have_done(&mut self, jobs: usize, ctx: &mut Context<Self>) -> Vec<String> {
        let pool = ctx.pool(|| Aside).size(4).urn("p").spawn().unwrap();
        for worker in pool.workers() {
            worker.started().await.unwrap();
        }
        let mut replies = Vec::new();
        for _ in 0..jobs {
            replies.push(pool.ask(AsideWork {}).reply().await.unwrap());
        }
        let mut done = Vec::new();
        for reply in replies {
            done.push(reply.await.unwrap().to_string());
        }
        done
    }
}

#[actor]
struct Aside;

#[actor]
impl Aside {
    #[message(concurrent)]
    fn work(&mut self, ctx: &mut Context<Self>) -> impl Future<Output = Urn> {
        let urn = ctx.urn();
        async move {
            support::work(100 * MS).await;
            urn
        }
    }
}

#[support::test(start_paused = true)]
async fn concurrent_workers_of_an_actors_own_pool_are_taken_in_turn() {
    let system = System::new("pool");
    let manager = system.spawn(Manager { pool: None }).unwrap();
    let begun = Instant::now();
    let done = manager.have_done(5).await.unwrap();
    assert_eq!(done, ["p-0", "p-1", "p-2", "p-3", "p-0"]);
    assert_eq!(begun.elapsed(), 100 * MS, "the first has two at once");
}

async fn a_pool_can_belong_to_an_actor(place: Place) {
    let system = System::new("pool");
    let manager = system.actor(Manager { pool: None }).at(place).unwrap();
    let pool = manager.hire(place).await.unwrap();
    let workers = pool.workers();
    workers[0].stop().await;
    assert_eq!(pool.len(), 3, "it is replaced");
    pool.ask(WorkerWho {}).await.unwrap();
    assert_eq!(manager.state(), Some(State::Running));
    // The worker fails more often than its policy allows, like any child.
    workers[1].fail().await.unwrap_err();
    let reason = manager.stopped().await.unwrap();
    assert!(matches!(reason, StopReason::Escalated(_)), "{reason}");
    until(|| pool.is_empty()).await;
    assert!(system.all().is_empty());
    let orphan = system.pool(Worker::default).child_of(&manager).spawn();
    assert!(matches!(orphan, Err(SpawnError::ParentEnded { .. })));
}

/// Asks a pool in its turns.
#[actor]
struct Customer {
    pool: Pool<Worker>,
}

#[actor]
impl Customer {
    #[message]
    async fn who(&mut self) -> Urn {
        self.pool.ask(WorkerWho {}).await.unwrap()
    }
}

async fn an_ask_from_a_turn_passes_a_full_worker_over(place: Place) {
    let system = System::new("pool");
    let pool = system.pool(Worker::default).size(2).mailbox(1);
    let pool = pool_at!(pool, place);
    let workers = pool.workers();
    let customer = system.actor(Customer { pool }).at(place).unwrap();
    let _keeper = hold(&workers[0]).await;
    workers[0].note(0).tell().await.unwrap();
    for _ in 0..4 {
        assert_eq!(customer.who().await, Ok(workers[1].urn()));
    }
}

/// Asks its own pool, and returns the result.
#[actor]
struct Curious {
    pool: Arc<OnceLock<Pool<Curious>>>,
}

#[actor]
impl Curious {
    #[message(local)]
    async fn deep(&mut self, depth: u8) -> Option<u8> {
        if depth == 0 {
            return Some(0);
        }
        match self.pool.get()?.ask(CuriousDeep { depth: depth - 1 }).await {
            Ok(below) => below.map(|below| below + 1),
            Err(AskError::Cycle { .. }) => None,
            Err(error) => panic!("{error}"),
        }
    }
}

#[support::test]
async fn a_worker_asks_its_pool_as_far_as_there_are_others() {
    let system = System::new("pool");
    let shared = Arc::<OnceLock<_>>::default();
    let own = shared.clone();
    let pool = system.pool(move || Curious { pool: own.clone() });
    let pool = pool.size(3).spawn().unwrap();
    for worker in pool.workers() {
        worker.started().await.unwrap();
    }
    assert!(shared.set(pool.clone()).is_ok());
    for _ in 0..4 {
        assert_eq!(pool.ask(CuriousDeep { depth: 2 }).await, Ok(Some(2)));
        assert_eq!(pool.ask(CuriousDeep { depth: 3 }).await, Ok(None));
    }
}

#[support::test(start_paused = true)]
async fn work_is_shared_evenly() {
    let system = System::new("pool");
    for routing in [Routing::RoundRobin, Routing::LeastBusy] {
        let pool = system.pool(Worker::default).size(3).routing(routing);
        let pool = pool.spawn().unwrap();
        let begin = Instant::now();
        let mut replies = Vec::new();
        for _ in 0..99 {
            replies.push(
                pool.ask(WorkerWork { time: 50 * MS })
                    .reply()
                    .await
                    .unwrap(),
            );
        }
        for reply in replies {
            reply.await.unwrap();
        }
        assert_eq!(begin.elapsed(), 33 * 50 * MS, "{routing:?}");
    }
}
