//! Ask through a pool, compared with an ask of one actor.

use conclib::prelude::*;
use harness::{Rounds, Sample, Watch};

use crate::counter::{Counter, CounterCalls, CounterSum};
use crate::task;

/// Number of workers in the pool.
const WORKERS: usize = 4;

/// Number of asks in one lap.
const ASKS: u64 = 5_000;

pub(crate) async fn ask(mut rounds: Rounds) -> Sample {
    let system = System::new("bench");
    let pool = system.pool(Counter::default).size(WORKERS).spawn();
    let pool = pool.expect("a pool can be spawned");
    let one = system.spawn(Counter::default());
    let one = one.expect("a counter can be spawned");
    let tasks = [(); WORKERS].map(|()| task::spawn(task::MAILBOX));

    let [mut pooled, mut plain, mut by_hand] = [(); 3].map(|()| Watch::default());
    while rounds.more() {
        let asks = async {
            for _ in 0..ASKS {
                let sum = pool.ask(CounterSum { by: 1 }).await;
                sum.expect("a worker answers");
            }
        };
        pooled.lap(ASKS, asks).await;
        let asks = async {
            for _ in 0..ASKS {
                one.sum(1).await.expect("the counter answers");
            }
        };
        plain.lap(ASKS, asks).await;
        let asks = async {
            for turn in 0..ASKS as usize {
                task::ask(&tasks[turn % WORKERS], 1).await;
            }
        };
        by_hand.lap(ASKS, asks).await;
    }

    let mut sum = 0;
    for worker in pool.workers() {
        sum += worker.sum(0).await.expect("the worker answers");
    }
    assert_eq!(sum, pooled.laps() * ASKS, "an ask was lost");
    Sample::default()
        .with("ns", pooled.each())
        .with("ns.plain", plain.each())
        .with("ns.task", by_hand.each())
}
