//! Pools that end with whoever made them, and keys and work whose worker ends
//! or is taken.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use conclib::prelude::*;
use support::{Gate, gate, poll_once, until, work};

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

/// Has a pool of its own in each incarnation.
#[actor]
pub struct Owner {
    name: Option<&'static str>,
    pool: Option<Pool<Worker>>,
}

#[actor]
impl Owner {
    #[on(start)]
    fn start(&mut self, ctx: &mut Context<Self>) -> Result<(), SpawnError> {
        let pool = ctx.pool(Worker::default).size(2);
        self.pool = Some(match self.name {
            Some(name) => pool.urn(name).spawn()?,
            None => pool.spawn()?,
        });
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

#[support::test(start_paused = true)]
async fn it_is_over_when_its_owner_is_restarted() {
    for name in [None, Some("workers")] {
        let system = System::new("pool");
        let make = move || Owner { name, pool: None };
        let policy = Restart::on_failure();
        let owner = system.actor_with(make).restart(policy).spawn().unwrap();
        for generation in 1..4 {
            assert_eq!(owner.children().await, Ok(2), "{generation}");
            assert_eq!(owner.generation(), Some(generation));
            // Held by others, too, it hires nobody for the next incarnation.
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

#[support::test]
async fn a_key_waits_for_the_successor_of_a_worker_that_is_ending() {
    let system = System::new("pool");
    let pool = system.pool(Worker::default).size(2).urn("workers");
    let pool = pool.spawn().unwrap();
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
    // Of a pool that is over there is no successor.
    pool.stop().await;
    let answer = pool.ask_for("Ada", WorkerWho {}).await;
    assert!(matches!(answer, Err(AskError::Stopped { .. })));
    let told = pool.ask_for("Ada", WorkerWho {}).try_tell();
    assert!(matches!(told, Err(TellError::Stopped { .. })), "{told:?}");
}

/// One that has no place for another handler serves nothing until one is done.
#[support::test]
async fn handlers_beside_the_turns_are_work() {
    let system = System::new("pool");
    let pool = system.pool(Worker::default).size(2).spawn().unwrap();
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

/// Leaves as soon as it has come.
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
