//! End of pools with their owners, and keyed messages and work of a worker that
//! ends.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use conclib::Place;
use conclib::prelude::*;
use support::{At, Gate, gate, poll_once, pool_at, until, work};

support::on_every_place! {
    it_is_over_when_its_owner_is_restarted,
    a_key_waits_for_the_successor_of_a_worker_that_is_ending,
    handlers_beside_the_turns_are_work,
    a_worker_that_a_resize_takes_away_leaves_its_queue_to_the_others_if_it_fails,
    a_worker_that_is_not_restarted_leaves_its_queue_to_its_successor,
    a_pool_that_stops_refuses_what_a_worker_that_fails_has_left,
}

#[actor(mailbox = 2)]
#[derive(Default)]
pub struct Worker;

#[actor]
impl Worker {
    #[message]
    fn who(&mut self, ctx: &mut Context<Self>) -> Urn {
        ctx.urn()
    }

    #[message(local)]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }

    #[message(concurrent)]
    async fn forever() {
        std::future::pending::<()>().await;
    }
}

/// Makes a pool in each incarnation.
#[actor]
pub struct Owner {
    name: Option<&'static str>,
    place: Place,
    pool: Option<Pool<Worker>>,
}

#[actor]
impl Owner {
    #[on(start)]
    fn start(&mut self, ctx: &mut Context<Self>) -> Result<(), Infallible> {
        let pool = ctx.pool(Worker::default).size(2);
        let pool = match self.name {
            Some(name) => pool.urn(name),
            None => pool,
        };
        self.pool = Some(pool_at!(pool, self.place));
        Ok(())
    }

    #[message(local)]
    fn pool(&mut self) -> Option<Pool<Worker>> {
        self.pool.clone()
    }

    #[message]
    fn children(&mut self, ctx: &mut Context<Self>) -> usize {
        ctx.children().len()
    }

    #[message]
    fn fail(&mut self) {
        panic!("boom");
    }
}

async fn it_is_over_when_its_owner_is_restarted(place: Place) {
    for name in [None, Some("workers")] {
        let system = System::new("pool");
        let make = move || Owner {
            name,
            place,
            pool: None,
        };
        let policy = Restart::on_failure().backoff(Backoff::none());
        let owner = system.actor_with(make).restart(policy).at(place).unwrap();
        for generation in 1..4 {
            assert_eq!(owner.children().await, Ok(2), "{generation}");
            assert_eq!(owner.generation(), Some(generation));
            // A pool that others still hold starts no workers for the next
            // incarnation.
            let pool = owner.pool().await.unwrap().unwrap();
            pool.ask(WorkerWho {}).await.unwrap();
            owner.fail().await.unwrap_err();
            assert_eq!(owner.children().await, Ok(2), "{generation}");
            assert!(pool.is_empty());
            let answer = pool.ask(WorkerWho {}).await;
            assert!(matches!(answer, Err(AskError::Stopped { .. })));
            let resized = pool.resize(3);
            assert!(matches!(resized, Err(SpawnError::ParentEnded { .. })));
        }
        assert_eq!(system.all().len(), 3);
    }
}

async fn a_key_waits_for_the_successor_of_a_worker_that_is_ending(place: Place) {
    let system = System::new("pool");
    let pool = system.pool(Worker::default).size(2).urn("workers");
    let pool = pool_at!(pool, place);
    let home = pool.worker_for("Ada");
    let (held, mut keeper) = gate();
    home.hold(held).tell().await.unwrap();
    keeper.entered().await;
    let end = home.stop();
    let mut waits = pool.ask_for("Ada", WorkerWho {}).into_future();
    assert!(poll_once(&mut waits).is_pending(), "not before the others");
    let told = pool.ask_for("Ada", WorkerWho {}).try_tell();
    assert!(matches!(told, Err(TellError::Full { .. })), "{told:?}");
    keeper.open();
    end.await;
    assert_eq!(waits.await, Ok(home.urn()));
    // A worker of a stopped pool has no successor.
    pool.stop().await;
    let answer = pool.ask_for("Ada", WorkerWho {}).await;
    assert!(matches!(answer, Err(AskError::Stopped { .. })));
    let told = pool.ask_for("Ada", WorkerWho {}).try_tell();
    assert!(matches!(told, Err(TellError::Stopped { .. })), "{told:?}");
}

/// A worker at its limit of concurrent handlers handles nothing until one is
/// done.
async fn handlers_beside_the_turns_are_work(place: Place) {
    let system = System::new("pool");
    let pool = pool_at!(system.pool(Worker::default).size(2), place);
    let [busy, idle] = &pool.workers()[..] else {
        panic!("there are two");
    };
    let _first = busy.forever().reply().await.unwrap();
    let _second = busy.forever().reply().await.unwrap();
    let begun = || {
        system
            .snapshot()
            .actors
            .iter()
            .map(|actor| actor.handled)
            .sum::<u64>()
    };
    until(|| begun() == 2).await;
    for _ in 0..4 {
        let who = pool.ask(WorkerWho {}).timeout(Duration::from_secs(20));
        assert_eq!(who.await, Ok(idle.urn()));
    }
}

/// Stops right after its start.
#[actor]
pub struct Leaver(Arc<AtomicUsize>);

#[actor]
impl Leaver {
    #[on(start)]
    fn start(&mut self, ctx: &mut Context<Self>) -> Result<(), Infallible> {
        self.0.fetch_add(1, Ordering::Relaxed);
        ctx.stop();
        Ok(())
    }
}

#[support::test(start_paused = true)]
async fn a_worker_that_leaves_at_once_is_replaced_later_and_later() {
    let system = System::new("pool");
    let came = Arc::new(AtomicUsize::new(0));
    let counter = came.clone();
    let pool = system.pool(move || Leaver(counter.clone())).size(1);
    let pool = pool.spawn().unwrap();
    work(Duration::from_secs(5)).await;
    assert!((4..100).contains(&came.load(Ordering::Relaxed)));
    pool.stop().await;
}

/// Fails at its thirteenth job.
#[actor]
struct Unlucky;

#[actor]
impl Unlucky {
    #[message(local)]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }

    #[message]
    fn job(&mut self, n: u32) -> u32 {
        assert_ne!(n % 100, 13, "unlucky");
        n
    }
}

/// Pool of two, each behind a gate; the first job of each panics.
async fn unlucky(
    policy: Restart,
    place: Place,
) -> (System, Pool<Unlucky>, [support::Keeper; 2], Vec<Reply<u32>>) {
    let system = System::new("unlucky");
    let pool = system.pool(|| Unlucky).size(2).restart(policy);
    let pool = pool_at!(pool, place);
    let (first, mut first_keeper) = gate();
    let (second, mut second_keeper) = gate();
    let [one, other] = <[_; 2]>::try_from(pool.workers()).unwrap();
    one.hold(first).tell().await.unwrap();
    other.hold(second).tell().await.unwrap();
    first_keeper.entered().await;
    second_keeper.entered().await;
    let mut replies = Vec::new();
    for n in [13, 113, 1, 2, 3, 4, 5, 6] {
        replies.push(pool.ask(UnluckyJob { n }).reply().await.unwrap());
    }
    assert!(system.snapshot().actors.iter().all(|it| it.depth == 4));
    (system, pool, [first_keeper, second_keeper], replies)
}

async fn served(replies: Vec<Reply<u32>>) -> Vec<u32> {
    let mut served = Vec::new();
    for reply in replies {
        match reply.await {
            Ok(n) => served.push(n),
            Err(AskError::Panicked { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    served
}

async fn a_worker_that_a_resize_takes_away_leaves_its_queue_to_the_others_if_it_fails(
    place: Place,
) {
    for policy in [Restart::on_failure(), Restart::never()] {
        let policy = policy.backoff(Backoff::none());
        let (_system, pool, keepers, replies) = unlucky(policy, place).await;
        pool.resize(1).unwrap();
        for keeper in keepers {
            keeper.open();
        }
        assert_eq!(served(replies).await, [1, 2, 3, 4, 5, 6]);
        assert_eq!(pool.len(), 1);
    }
}

async fn a_worker_that_is_not_restarted_leaves_its_queue_to_its_successor(place: Place) {
    let policy = Restart::never();
    let (system, pool, keepers, replies) = unlucky(policy, place).await;
    let mut events = system.events();
    for keeper in keepers {
        keeper.open();
    }
    assert_eq!(served(replies).await, [1, 2, 3, 4, 5, 6]);
    assert_eq!(pool.len(), 2);
    let letters = [
        support::next_dead_letter(&mut events).await.cause,
        support::next_dead_letter(&mut events).await.cause,
    ];
    assert_eq!(letters, [DeadLetterCause::Panicked; 2]);
    assert_eq!(system.snapshot().dead_letters, 2);
}

async fn a_pool_that_stops_refuses_what_a_worker_that_fails_has_left(place: Place) {
    let (system, pool, keepers, replies) = unlucky(Restart::never(), place).await;
    let stopped = pool.stop();
    for keeper in keepers {
        keeper.open();
    }
    stopped.await;
    for reply in replies.into_iter().skip(2) {
        let refused = reply.await.unwrap_err();
        assert_eq!(refused.delivery(), Delivery::NotDelivered, "{refused}");
    }
    assert_eq!(system.snapshot().dead_letters, 8);
}
