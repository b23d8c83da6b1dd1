//! Ask from inside a turn, which enters the graph of waiting actors, compared
//! with one from outside.

use conclib::prelude::*;
use harness::{Rounds, Sample, Watch};

use crate::counter::{Counter, CounterCalls};
use crate::task;

/// Number of asks in one lap.
const ASKS: u64 = 5_000;

#[actor]
struct Asker {
    counter: ActorRef<Counter>,
}

#[actor]
impl Asker {
    #[message]
    async fn ask_often(&mut self, asks: u64) {
        ask_all(&self.counter, asks).await;
    }
}

pub(crate) async fn ask(mut rounds: Rounds) -> Sample {
    let system = System::new("bench");
    let counter = system.spawn(Counter::default());
    let counter = counter.expect("a counter can be spawned");
    let asker = system.spawn(Asker {
        counter: counter.clone(),
    });
    let asker = asker.expect("an asker can be spawned");
    let task = task::spawn(task::MAILBOX);

    let [mut inside, mut plain, mut by_hand] = [(); 3].map(|()| Watch::default());
    while rounds.more() {
        let asks = async { asker.ask_often(ASKS).await.expect("the asker asks") };
        inside.lap(ASKS, asks).await;
        plain.lap(ASKS, ask_all(&counter, ASKS)).await;
        let asks = async {
            for _ in 0..ASKS {
                task::ask(&task, 1).await;
            }
        };
        by_hand.lap(ASKS, asks).await;
    }
    Sample::default()
        .with("ns", inside.each())
        .with("ns.plain", plain.each())
        .with("ns.task", by_hand.each())
}

async fn ask_all(counter: &ActorRef<Counter>, asks: u64) {
    for _ in 0..asks {
        counter.sum(1).await.expect("the counter answers");
    }
}
