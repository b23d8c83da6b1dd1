//! Actor whose answers are sent by the test.

use std::time::Duration;

use conclib::prelude::*;
use tokio::sync::mpsc;

use crate::{NoGood, work};

#[actor]
pub struct Oracle {
    promises: mpsc::UnboundedSender<ReplyTo<u64, NoGood>>,
}

/// Open promises of the oracle, in order.
pub struct Promises(mpsc::UnboundedReceiver<ReplyTo<u64, NoGood>>);

impl Promises {
    pub async fn next(&mut self) -> ReplyTo<u64, NoGood> {
        self.0.recv().await.unwrap()
    }
}

pub fn oracle(system: &System) -> (ActorRef<Oracle>, Promises) {
    let (promises, promised) = mpsc::unbounded_channel();
    let oracle = system.spawn(Oracle { promises }).unwrap();
    (oracle, Promises(promised))
}

#[actor]
impl Oracle {
    /// Answered by the test.
    #[message]
    fn promise(&mut self, ctx: &mut Context<Self>) -> Deferred<u64, NoGood> {
        let (reply, deferred) = ctx.defer();
        self.promises.send(reply).unwrap();
        deferred
    }

    /// Answers after so many milliseconds.
    #[message]
    fn after(&mut self, ms: u64, ctx: &mut Context<Self>) -> Deferred<u64, NoGood> {
        let (reply, deferred) = ctx.defer();
        tokio::spawn(async move {
            work(Duration::from_millis(ms)).await;
            reply.send(ms);
        });
        deferred
    }

    #[message]
    fn echo(&mut self, n: u64) -> Result<u64, NoGood> {
        Ok(n)
    }

    #[message]
    fn fail(&mut self, why: String) -> Result<u64, NoGood> {
        Err(NoGood(why))
    }

    /// Numbers from `from` up to, and without, `to`.
    #[message]
    fn range(&mut self, from: u64, to: u64) -> Vec<u64> {
        (from..to).collect()
    }

    #[message]
    fn text(&mut self, text: String) -> Result<String, NoGood> {
        Ok(text)
    }
}
