//! Producers that tell one counter as fast as it takes the messages.

use crate::Library;
use crate::meter::{Effort, Meter};
use crate::sample::Sample;

/// Number of messages before the clock starts.
const WARM_UP: u64 = 2_000;

/// Number of messages of one batch; without a bound of the mailboxes all of
/// them pile up.
const BATCH: u64 = 1_000_000;

/// Times a message from its tell until it was handled.
pub(super) async fn tell<L: Library>(
    counter: L::Counter,
    producers: u64,
    effort: Effort,
) -> Sample {
    let mut told = WARM_UP;
    produce::<L>(&counter, producers, WARM_UP).await;
    settle::<L>(&counter, told).await;

    let mut meter = Meter::in_units(effort, BATCH, producers);
    while let Some(messages) = meter.next() {
        produce::<L>(&counter, producers, messages).await;
        told += messages;
        settle::<L>(&counter, told).await;
    }
    meter.sample()
}

/// Tells so many messages, divided among the producers.
async fn produce<L: Library>(counter: &L::Counter, producers: u64, messages: u64) {
    if producers == 1 {
        return tell_all::<L>(counter, messages).await;
    }
    let tasks: Vec<_> = (0..producers)
        .map(|_| {
            let counter = counter.clone();
            L::spawn(async move { tell_all::<L>(&counter, messages / producers).await })
        })
        .collect();
    for task in tasks {
        task.await;
    }
}

/// Tells so many messages, one after another.
async fn tell_all<L: Library>(counter: &L::Counter, messages: u64) {
    for _ in 0..messages {
        L::tell(counter, 1).await;
    }
}

/// Waits until all messages were handled. One ask is enough if the messages of
/// a sender keep their order; xtra's do not.
async fn settle<L: Library>(counter: &L::Counter, told: u64) {
    loop {
        let sum = L::ask(counter, 0).await;
        assert!(sum <= told, "more was added than told");
        if sum == told {
            return;
        }
    }
}
