//! History of durable messages, and its checker.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use conclib::prelude::*;
use tokio::sync::watch;

/// Executions and outcomes of the messages of a test. The executions are lines of a file, which
/// several processes may write: one at the begin of a turn, and one at its end.
#[derive(Clone)]
pub struct History {
    outcomes: Arc<Mutex<Outcomes>>,
    ended: Arc<watch::Sender<usize>>,
    file: PathBuf,
    /// Lines of the messages that were acknowledged, for the test if the sender is a child.
    acknowledged: PathBuf,
}

/// Outcomes by the sender and the number of their message.
type Outcomes = BTreeMap<(u64, u64), Vec<Outcome>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The message was acknowledged, or answered.
    Done,
    NotDelivered,
    MayHaveRun,
}

/// Turn of a message that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    pub sender: u64,
    pub number: u64,
    pub attempt: u32,
}

#[derive(Debug, Default)]
pub struct Counts {
    pub done: usize,
    pub not_delivered: usize,
    pub may_have_run: usize,
    /// Turns of messages that had begun before.
    pub again: usize,
}

impl History {
    pub fn new(file: &Path) -> Self {
        Self {
            outcomes: Arc::default(),
            ended: Arc::new(watch::channel(0).0),
            file: file.into(),
            acknowledged: file.with_extension("acknowledged"),
        }
    }

    pub fn begins(&self, sender: u64, number: u64, attempt: u32) {
        append(&self.file, &format!("{sender} {number} {attempt}\n"));
    }

    pub fn ended<E: Debug>(&self, sender: u64, number: u64, end: &Result<u64, AskError<E>>) {
        self.tell(
            sender,
            number,
            match end {
                Ok(reply) => {
                    assert_eq!(*reply, number, "the answer of another message");
                    Outcome::Done
                }
                Err(error) if error.delivery() == Delivery::NotDelivered => Outcome::NotDelivered,
                Err(_) => Outcome::MayHaveRun,
            },
        );
    }

    pub fn told<M>(&self, sender: u64, number: u64, end: &Result<(), TellError<M>>) {
        self.tell(
            sender,
            number,
            match end {
                Ok(()) => Outcome::Done,
                Err(TellError::Full { .. }) => Outcome::NotDelivered,
                Err(_) => Outcome::MayHaveRun,
            },
        );
    }

    fn tell(&self, sender: u64, number: u64, outcome: Outcome) {
        if outcome == Outcome::Done {
            append(&self.acknowledged, &format!("{sender} {number} 1\n"));
        }
        let mut outcomes = self.outcomes.lock().unwrap();
        outcomes.entry((sender, number)).or_default().push(outcome);
        drop(outcomes);
        self.ended.send_modify(|ended| *ended += 1);
    }

    /// Waits until so many messages have ended.
    pub async fn reaches(&self, ended: usize) {
        let mut count = self.ended.subscribe();
        let reached = count.wait_for(|count| *count >= ended);
        tokio::time::timeout(super::LONG, reached)
            .await
            .unwrap()
            .unwrap();
    }

    /// Returns the turns that have begun, in order.
    pub fn begun(&self) -> Vec<Begun> {
        read(&self.file)
    }

    /// Returns the messages of which any process was told that they are stored or handled.
    pub fn acknowledged(&self) -> Vec<(u64, u64)> {
        let lines = read(&self.acknowledged);
        lines
            .iter()
            .map(|line| (line.sender, line.number))
            .collect()
    }

    /// Checks that each message had one outcome, that all acknowledged ones were handled, in the
    /// order of each sender, and once, or with another attempt when again.
    pub fn check(&self) -> Counts {
        let (counts, missing) = self.check_with_losses();
        assert_eq!(missing, [], "acknowledged, and lost");
        counts
    }

    /// Checks the same, and returns the acknowledged messages that were not handled.
    pub fn check_with_losses(&self) -> (Counts, Vec<(u64, u64)>) {
        let mut counts = Counts::default();
        let mut attempts: HashMap<(u64, u64), Vec<u32>> = HashMap::new();
        let mut newest: HashMap<u64, u64> = HashMap::new();
        for Begun {
            sender,
            number,
            attempt,
        } in self.begun()
        {
            let before = attempts.entry((sender, number)).or_default();
            if let Some(last) = before.last() {
                counts.again += 1;
                assert!(
                    attempt > *last,
                    "message {sender} {number} came again as {attempt}: {before:?}"
                );
            } else {
                let newest = newest.entry(sender).or_default();
                assert!(
                    number > *newest,
                    "message {sender} {number} came after {newest}"
                );
                *newest = number;
            }
            before.push(attempt);
        }
        let mut missing = self.acknowledged();
        missing.retain(|id| !attempts.contains_key(id));
        for (id, outcomes) in &*self.outcomes.lock().unwrap() {
            let [outcome] = outcomes[..] else {
                panic!("message {id:?} has not one outcome: {outcomes:?}");
            };
            let was_handled = attempts.contains_key(id);
            match outcome {
                Outcome::Done => counts.done += 1,
                Outcome::NotDelivered => {
                    assert!(
                        !was_handled,
                        "message {id:?} was handled, and said not to be"
                    );
                    counts.not_delivered += 1;
                }
                Outcome::MayHaveRun => counts.may_have_run += 1,
            }
        }
        (counts, missing)
    }
}

/// Appends a line at once, whatever other processes do.
fn append(file: &Path, line: &str) {
    let file = std::fs::File::options()
        .create(true)
        .append(true)
        .open(file);
    file.unwrap().write_all(line.as_bytes()).unwrap();
}

fn read(file: &Path) -> Vec<Begun> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let turn = |line: &str| {
        let mut words = line.split(' ').map(|word| word.parse::<u64>().unwrap());
        Begun {
            sender: words.next().unwrap(),
            number: words.next().unwrap(),
            attempt: words.next().unwrap().try_into().unwrap(),
        }
    };
    text.lines().map(turn).collect()
}

impl History {
    /// Removes all that was noted.
    pub fn forget(&self) {
        self.outcomes.lock().unwrap().clear();
        let _ = std::fs::remove_file(&self.file);
        let _ = std::fs::remove_file(&self.acknowledged);
    }
}
