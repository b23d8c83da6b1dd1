//! The orderly end of a system.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use super::Shared;
use crate::actor::{By, Resident, Signal};
use crate::urn::Urn;

/// How long the actors have, if nothing else is said.
const DEADLINE: Duration = Duration::from_secs(10);

/// As long as the clock can surely count.
const FOREVER: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);

/// How long those have, all together, whom a newer actor left no time.
const GRACE: Duration = Duration::from_millis(40);

/// How long killed actors have to reach an await. What takes longer never
/// gives way, and is named in the report.
const LAST_CALL: Duration = Duration::from_millis(100);

/// A shutdown that is about to happen: await it.
#[must_use = "nothing is shut down before it is awaited"]
pub struct Shutdown {
    system: Arc<Shared>,
    deadline: Duration,
}

/// What a shutdown did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// How many actors ended by themselves.
    pub stopped: usize,
    /// Those that had to be killed at the deadline.
    pub killed: Vec<Urn>,
    /// Those that even a kill did not end: a turn of theirs never awaits.
    pub stuck: Vec<Urn>,
    /// Messages that were accepted and not handled since the system was made.
    pub dead_letters: u64,
}

impl ShutdownReport {
    /// Whether every actor ended by itself.
    pub fn is_clean(&self) -> bool {
        self.killed.is_empty() && self.stuck.is_empty()
    }
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} stopped", self.stopped)?;
        for (what, urns) in [("killed", &self.killed), ("stuck", &self.stuck)] {
            if !urns.is_empty() {
                write!(f, ", {} {what}:", urns.len())?;
                for urn in urns {
                    write!(f, " {urn}")?;
                }
            }
        }
        write!(f, "; {} dead letters", self.dead_letters)
    }
}

impl Shutdown {
    pub(super) fn new(system: Arc<Shared>) -> Self {
        Self {
            system,
            deadline: DEADLINE,
        }
    }

    /// How long all the actors together have to end by themselves.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    async fn run(self) -> ShutdownReport {
        let Self { system, deadline } = self;
        system.close();
        system.refuse_new_requests();
        let mut until = Instant::now() + deadline.min(FOREVER);
        let mut report = ShutdownReport::default();
        let mut late = Vec::new();
        // One after the other, newest first, so that an actor can still use
        // those that were there before it.
        for actor in system.residents().rev() {
            actor.tell_to_end(Signal::Drain, By::System);
            if timeout_at(until, actor.ending().wait()).await.is_ok() {
                report.stopped += 1;
            } else {
                if late.is_empty() {
                    // It had all the time there was. That is not the fault of
                    // those that were there before it.
                    actor.tell_to_end(Signal::Kill, By::System);
                    until = Instant::now() + GRACE.min(deadline);
                }
                late.push(actor);
            }
        }
        kill(late, &mut report).await;
        let threads = system.take_ending_threads();
        if !threads.is_empty() {
            // They have nothing left to do but to end.
            let joined = spawn_blocking(|| threads.into_iter().for_each(|it| drop(it.join())));
            drop(joined.await);
        }
        for broker in system.take_brokers() {
            broker.close().await;
        }
        report.dead_letters = system.snapshot().dead_letters;
        report
    }
}

async fn kill(late: Vec<Arc<dyn Resident>>, report: &mut ShutdownReport) {
    for actor in &late {
        actor.tell_to_end(Signal::Kill, By::System);
    }
    let until = Instant::now() + LAST_CALL;
    for actor in late {
        let ended = timeout_at(until, actor.ending().wait()).await.is_ok();
        let list = if ended {
            &mut report.killed
        } else {
            &mut report.stuck
        };
        list.push(actor.urn());
    }
}

impl IntoFuture for Shutdown {
    type Output = ShutdownReport;
    type IntoFuture = Pin<Box<dyn Future<Output = ShutdownReport> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
