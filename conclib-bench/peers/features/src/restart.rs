//! Time from a panic to the first answer of the next incarnation, compared with
//! the time from a spawn to its first answer.

use std::panic;
use std::time::Duration;

use conclib::prelude::*;
use harness::{Rounds, Sample, Watch};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::task::{self, Message};

/// Number of restarts in one lap.
const RESTARTS: u64 = 1_000;

/// Payload of the requested panic.
struct Asked;

#[actor]
#[derive(Default)]
struct Fragile {
    sum: u64,
}

#[actor]
impl Fragile {
    #[message]
    async fn fail(&mut self) {
        panic::panic_any(Asked);
    }

    #[message]
    async fn sum(&mut self, by: u64) -> u64 {
        self.sum += by;
        self.sum
    }
}

pub(crate) async fn restart(mut rounds: Rounds) -> Sample {
    keep_quiet();
    let system = System::new("bench");
    let policy = Restart::on_failure()
        .max(usize::MAX, Duration::from_millis(1))
        .backoff(Backoff::none());
    let fragile = system.actor_with(Fragile::default).restart(policy).spawn();
    let fragile = fragile.expect("an actor can be spawned");

    let [mut restarted, mut plain, mut by_hand] = [(); 3].map(|()| Watch::default());
    while rounds.more() {
        let restarts = async {
            for _ in 0..RESTARTS {
                fragile.fail().tell().await.expect("it lives");
                let sum = fragile.sum(1).await.expect("it is restarted");
                assert_eq!(sum, 1, "its state is not new");
            }
        };
        restarted.lap(RESTARTS, restarts).await;
        let spawns = async {
            for _ in 0..RESTARTS {
                let fresh = system.spawn(Fragile::default());
                let fresh = fresh.expect("an actor can be spawned");
                assert_eq!(fresh.sum(1).await.expect("it answers"), 1);
            }
        };
        plain.lap(RESTARTS, spawns).await;
        let restarts = async {
            for _ in 0..RESTARTS {
                let (sender, failed) = failing_task();
                task::tell(&sender, 1).await;
                failed.await.expect_err("it panics");
                assert_eq!(task::ask(&task::spawn(task::MAILBOX), 1).await, 1);
            }
        };
        by_hand.lap(RESTARTS, restarts).await;
    }
    Sample::default()
        .with("ns", restarted.each())
        .with("ns.plain", plain.each())
        .with("ns.task", by_hand.each())
}

/// Task that panics at its first message.
fn failing_task() -> (mpsc::Sender<Message>, JoinHandle<()>) {
    let (sender, mut mailbox) = mpsc::channel(task::MAILBOX);
    let task = tokio::spawn(async move {
        if mailbox.recv().await.is_some() {
            panic::panic_any(Asked);
        }
    });
    (sender, task)
}

/// Hides the output of the requested panics.
fn keep_quiet() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !info.payload().is::<Asked>() {
            usual(info);
        }
    }));
}
