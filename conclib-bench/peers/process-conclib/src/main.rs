//! An actor in a process of its own.

use std::process::ExitCode;

use conclib::prelude::*;
use process_harness::{BY, ChildProcess, NOTE};
use serde::{Deserialize, Serialize};
use tokio::task::{JoinSet, yield_now};

#[actor]
#[derive(Serialize, Deserialize)]
struct Adder(u64);

#[actor]
impl Adder {
    #[message]
    fn add(&mut self, by: u64) -> u64 {
        self.0 = self.0.wrapping_add(by);
        by
    }

    #[message]
    fn note(&mut self, text: String) {
        self.0 = self.0.wrapping_add(text.len() as u64);
    }

    #[message]
    fn body(&mut self, bytes: String) -> usize {
        bytes.len()
    }

    #[message]
    fn sum(&mut self) -> u64 {
        self.0
    }
}

/// Number of tasks that tell messages, as many as a link has under way to one actor: each waits
/// until its message is in the mailbox.
const TELLERS: u64 = 256;

struct Child {
    _system: System,
    adder: ActorRef<Adder>,
}

impl ChildProcess for Child {
    async fn start(cpu: Option<usize>) -> Self {
        let system = System::new("bench");
        let builder = system.actor(Adder(0)).in_process().pin_to(cpu);
        let adder = builder.spawn().await.expect("the process starts");
        assert_eq!(adder.add(BY).await.expect("it answers"), BY);
        Self { _system: system, adder }
    }

    async fn ask(&mut self, rounds: u64, in_flight: u64) -> Option<()> {
        if in_flight == 1 {
            ask(&self.adder, rounds).await;
            return Some(());
        }
        let mut askers = JoinSet::new();
        for _ in 0..in_flight {
            let adder = self.adder.clone();
            askers.spawn(async move { ask(&adder, rounds / in_flight).await });
        }
        askers.join_all().await;
        Some(())
    }

    async fn tell(&mut self, messages: u64) -> Option<()> {
        let before = self.adder.sum().await.ok()?;
        let mut tellers = JoinSet::new();
        for _ in 0..TELLERS {
            let adder = self.adder.clone();
            tellers.spawn(async move {
                for _ in 0..messages / TELLERS {
                    let mut told = adder.note("x".repeat(NOTE)).tell().await;
                    // A process refuses what does not fit into the mailbox.
                    while let Err(TellError::Full { message, .. }) = told {
                        yield_now().await;
                        told = adder.tell(message).await;
                    }
                    told.expect("the adder takes it");
                }
            });
        }
        tellers.join_all().await;
        let told = self.adder.sum().await.ok()?.wrapping_sub(before);
        assert_eq!(told, messages * NOTE as u64, "none is lost");
        Some(())
    }

    async fn send(&mut self, messages: u64, bytes: usize) -> Option<()> {
        let body = "x".repeat(bytes);
        for _ in 0..messages {
            assert_eq!(self.adder.body(body.clone()).await.ok()?, bytes);
        }
        Some(())
    }
}

async fn ask(adder: &ActorRef<Adder>, rounds: u64) {
    for _ in 0..rounds {
        assert_eq!(adder.add(BY).await.expect("the adder answers"), BY);
    }
}

fn main() -> ExitCode {
    conclib::process::init();
    process_harness::main::<Child>()
}
