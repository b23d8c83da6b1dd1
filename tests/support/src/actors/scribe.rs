//! Actor that notes all its hooks and messages.

use conclib::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Gate, Keeper, Log, gate};

/// Domain error.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[error("no good: {0}")]
pub struct NoGood(pub String);

/// Notes all its hooks and messages.
#[actor]
#[derive(Default)]
pub struct Scribe {
    pub log: Log,
}

#[actor]
impl Scribe {
    #[on(start)]
    fn begin(&mut self) {
        self.log.add("start");
    }

    #[on(stop)]
    fn end(&mut self, reason: &StopReason) {
        self.log.add(format!("stop: {reason}"));
    }

    /// Waits at the gate.
    #[message(local)]
    pub async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
        self.log.add("held");
    }

    /// Waits at the gate without an await.
    #[message(local)]
    pub fn block(&mut self, gate: Gate) {
        gate.pass_blocking();
        self.log.add("blocked");
    }

    #[message]
    pub fn note(&mut self, n: u64) {
        self.log.add(n.to_string());
    }

    #[message]
    pub fn echo(&mut self, n: u64) -> u64 {
        n
    }

    #[message]
    pub fn refuse(&mut self, why: String) -> Result<u64, NoGood> {
        Err(NoGood(why))
    }

    #[message]
    pub async fn explode(&mut self, text: String) -> u64 {
        tokio::task::yield_now().await;
        panic!("{text}");
    }

    /// Stops itself, and answers all the same.
    #[message]
    pub fn quit(&mut self, ctx: &mut Context<Self>) -> String {
        ctx.stop();
        "bye".to_owned()
    }
}

impl Drop for Scribe {
    fn drop(&mut self) {
        self.log.add("drop");
    }
}

pub fn scribe() -> (Scribe, Log) {
    let log = Log::default();
    (Scribe { log: log.clone() }, log)
}

/// Makes the actor wait at a gate; resolves once it is there.
pub async fn hold(scribe: &ActorRef<Scribe>) -> Keeper {
    let (gate, mut keeper) = gate();
    scribe.hold(gate).tell().await.unwrap();
    keeper.entered().await;
    keeper
}

/// Waits for the next dead letter.
pub async fn next_dead_letter(events: &mut conclib::event::Events) -> DeadLetter {
    loop {
        match events.next().await {
            Some(Event::DeadLetter(letter)) => return letter,
            Some(_) => {}
            None => panic!("the system is gone"),
        }
    }
}
