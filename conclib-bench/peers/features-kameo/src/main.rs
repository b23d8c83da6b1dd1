//! Pool and topic of kameo's `kameo_actors`, used as in its documentation.

#[allow(dead_code, reason = "a pool is only asked")]
#[path = "../../kameo/src/counter.rs"]
mod counter;
#[path = "../../kameo/src/member.rs"]
mod member;

use std::process::ExitCode;

use harness::{Group, Rounds, Sample, Watch};
use kameo::actor::Spawn;
use kameo_actors::DeliveryStrategy;
use kameo_actors::pool::{ActorPool, Dispatch};
use kameo_actors::pubsub::PubSub;

use counter::{Counter, Sum};
use member::{Deliver, Member, Total};

/// Number of workers in the pool.
const WORKERS: usize = 4;

/// Number of asks in one lap.
const ASKS: u64 = 5_000;

/// Number of subscribers of the topic.
const MEMBERS: u64 = 1_000;

async fn pool_ask(mut rounds: Rounds) -> Sample {
    let pool = ActorPool::new(WORKERS, || Counter::spawn(Counter::default()));
    let pool = ActorPool::spawn(pool);
    let mut asked = Watch::default();
    while rounds.more() {
        let asks = async {
            for _ in 0..ASKS {
                let reply = pool.ask(Dispatch(Sum(1))).await;
                reply.expect("a worker answers");
            }
        };
        asked.lap(ASKS, asks).await;
    }
    Sample::default().with("ns", asked.each())
}

async fn publish(mut rounds: Rounds) -> Sample {
    let group = Group::of(MEMBERS);
    let mut topic = PubSub::new(DeliveryStrategy::Guaranteed);
    let mut members = Vec::new();
    for _ in 0..MEMBERS {
        let member = Member::spawn(Member(group.membership()));
        topic.subscribe::<Member>(member.clone());
        members.push(member);
    }
    group.started.wait().await;
    let mut published = Watch::default();
    while rounds.more() {
        let round = async {
            group.delivered.close(MEMBERS);
            topic.publish(Deliver(1)).await;
            group.delivered.wait().await;
        };
        published.lap(MEMBERS, round).await;
    }
    for member in &members {
        let total = member.ask(Total(0)).await.expect("the member answers");
        assert_eq!(total, published.laps(), "a delivery was lost");
    }
    Sample::default().with("ns", published.each())
}

async fn run(scenario: String, rounds: Rounds) -> Option<Sample> {
    match scenario.as_str() {
        "pool-ask" => Some(pool_ask(rounds).await),
        "topic-1000" => Some(publish(rounds).await),
        _ => None,
    }
}

fn main() -> ExitCode {
    harness::features::main(run)
}
