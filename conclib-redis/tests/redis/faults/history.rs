//! History of requests, and its checker.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use conclib::prelude::*;
use tokio::sync::watch;

/// Executions and outcomes of the requests of a test, by their ids.
#[derive(Clone, Default)]
pub struct History {
    records: Arc<Mutex<HashMap<u64, Record>>>,
    counts: Arc<watch::Sender<Counts>>,
}

#[derive(Debug, Clone, Default)]
struct Record {
    executions: u32,
    outcomes: Vec<Outcome>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    NotDelivered,
    MayHaveRun,
}

/// Numbers of outcomes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub done: usize,
    pub not_delivered: usize,
    pub may_have_run: usize,
}

impl Counts {
    pub fn failed(&self) -> usize {
        self.not_delivered + self.may_have_run
    }

    /// Returns the number of all requests that have ended.
    pub fn ended(&self) -> usize {
        self.done + self.failed()
    }
}

impl History {
    pub fn executes(&self, id: u64) {
        let mut records = self.records.lock().unwrap();
        records.entry(id).or_default().executions += 1;
    }

    pub fn executions(&self) -> u32 {
        let records = self.records.lock().unwrap();
        records.values().map(|record| record.executions).sum()
    }

    /// Notes the end of a request, whose reply has to be its id.
    pub fn ended<E: Debug>(&self, id: u64, end: &Result<u64, AskError<E>>) {
        let outcome = match end {
            Ok(reply) => {
                assert_eq!(*reply, id, "the answer of another request");
                Outcome::Done
            }
            Err(error) if error.delivery() == Delivery::NotDelivered => Outcome::NotDelivered,
            Err(_) => Outcome::MayHaveRun,
        };
        let mut records = self.records.lock().unwrap();
        records.entry(id).or_default().outcomes.push(outcome);
        drop(records);
        self.counts.send_modify(|counts| match outcome {
            Outcome::Done => counts.done += 1,
            Outcome::NotDelivered => counts.not_delivered += 1,
            Outcome::MayHaveRun => counts.may_have_run += 1,
        });
    }

    pub fn counts(&self) -> Counts {
        *self.counts.borrow()
    }

    /// Waits for so many more good replies.
    pub async fn more_done(&self, more: usize) {
        let goal = self.counts().done + more;
        let mut counts = self.counts.subscribe();
        let reached = counts.wait_for(|counts| counts.done >= goal);
        super::soon(reached).await.unwrap();
    }

    /// Checks that nothing was executed twice.
    pub fn check_executed_once(&self) {
        let records = self.records.lock().unwrap();
        assert!(records.values().all(|record| record.executions == 1));
    }

    /// Checks, once everything has ended, that each request had one outcome, and that the outcome is
    /// true.
    pub fn check(&self) -> Counts {
        let records = self.records.lock().unwrap();
        for (id, record) in records.iter() {
            let [outcome] = record.outcomes[..] else {
                panic!("request {id} has not one outcome: {record:?}");
            };
            let is_true = match outcome {
                Outcome::Done => record.executions == 1,
                Outcome::NotDelivered => record.executions == 0,
                Outcome::MayHaveRun => record.executions <= 1,
            };
            assert!(is_true, "request {id}: {record:?}");
        }
        self.counts()
    }
}
