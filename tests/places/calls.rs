//! Calls of actors in processes: at the same time and one by one, and after a crash.

use std::time::{Duration, Instant};

use conclib::prelude::*;
use futures_util::future::try_join_all;
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::actors::{WorkerCalls as _, signal, worker};

/// Place where those who come wait until all have come.
#[actor]
pub struct Meeting {
    size: usize,
    waiting: Vec<ReplyTo<()>>,
}

impl Meeting {
    pub fn of(size: usize) -> Self {
        let waiting = Vec::new();
        Self { size, waiting }
    }
}

#[actor]
impl Meeting {
    #[message]
    fn come(&mut self, ctx: &mut Context<Self>) -> Deferred<()> {
        let (reply, deferred) = ctx.defer();
        self.waiting.push(reply);
        if self.waiting.len() == self.size {
            for reply in self.waiting.drain(..) {
                reply.send(());
            }
        }
        deferred
    }
}

/// Has messages that run at the same time, and others that do not.
#[actor]
#[derive(Default, Serialize, Deserialize)]
pub struct Sleeper {
    n: u64,
}

#[derive(Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub enum MyErr {
    #[error("{need} more are needed")]
    Low { need: u64 },
    #[error("no")]
    No(String),
}

impl Sleeper {
    pub fn of(n: u64) -> Self {
        Self { n }
    }
}

#[actor]
impl Sleeper {
    /// Sleeps when all have come.
    #[message(concurrent)]
    async fn nap(meeting: ActorRef<Meeting>, time: Duration) {
        meeting.come().await.unwrap();
        sleep(time).await;
    }

    #[message(concurrent)]
    async fn square(meeting: ActorRef<Meeting>, n: u64) -> (u64, u32) {
        meeting.come().await.unwrap();
        (n * n, std::process::id())
    }

    /// Lets others run between its read and its write.
    #[message]
    async fn increment(&mut self) -> u64 {
        let read = self.n;
        yield_now().await;
        self.n = read + 1;
        self.n
    }

    #[message]
    fn take(&mut self, count: u64) -> Result<u64, MyErr> {
        match self.n.checked_sub(count) {
            Some(left) => self.n = left,
            None if count > 100 => return Err(MyErr::No("too many".into())),
            None => {
                let need = count - self.n;
                return Err(MyErr::Low { need });
            }
        }
        Ok(self.n)
    }
}

/// Lets naps begin together, until they take less than that in all.
///
/// All naps have begun before the first of them sleeps, else none would end. The clock says the same;
/// a machine that is busy may need more than one try.
async fn naps_take_less(
    system: &System,
    sleepers: &[&ActorRef<Sleeper>],
    nap: Duration,
    limit: Duration,
) -> conclib::Result {
    loop {
        let meeting = system.spawn(Meeting::of(sleepers.len()))?;
        let naps = sleepers
            .iter()
            .map(|sleeper| sleeper.nap(meeting.clone(), nap).into_future());
        let begun = Instant::now();
        try_join_all(naps).await?;
        let took = begun.elapsed();
        assert!(took >= nap, "{took:?}");
        if took < limit {
            return Ok(());
        }
    }
}

#[support::test]
async fn concurrent_messages_to_one_process_take_the_time_of_one() -> conclib::Result {
    let system = System::new("test");
    let sleeper = system.actor(Sleeper::default()).in_process();
    let sleeper = sleeper.spawn().await?;
    let (nap, limit) = (Duration::from_millis(200), Duration::from_millis(300));
    naps_take_less(&system, &[&sleeper; 2], nap, limit).await?;
    let (nap, limit) = (Duration::from_millis(300), Duration::from_millis(500));
    naps_take_less(&system, &[&sleeper; 4], nap, limit).await
}

#[support::test]
async fn messages_to_two_processes_take_the_time_of_one() -> conclib::Result {
    let system = System::new("test");
    let mut sleepers = Vec::new();
    for _ in 0..2 {
        let sleeper = system.actor(Sleeper::default()).in_process();
        sleepers.push(sleeper.spawn().await?);
    }
    let (nap, limit) = (Duration::from_millis(200), Duration::from_millis(300));
    naps_take_less(&system, &sleepers.iter().collect::<Vec<_>>(), nap, limit).await
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn increments_of_many_callers_lose_nothing() -> conclib::Result {
    let system = System::new("test");
    let sleeper = system.actor(Sleeper::default()).in_process();
    let sleeper = sleeper.spawn().await?;
    let callers = (0..8).map(|_| {
        let sleeper = sleeper.clone();
        tokio::spawn(async move {
            for _ in 0..25 {
                sleeper.increment().await?;
            }
            Ok::<_, AskError>(())
        })
    });
    for caller in try_join_all(callers).await? {
        caller?;
    }
    assert_eq!(sleeper.increment().await?, 201);
    Ok(())
}

#[support::test]
async fn a_tell_after_a_crash_is_an_error() -> conclib::Result {
    let system = System::new("test");
    for crash in ["signal", "exit", "panic"] {
        let (worker, process) = worker(&system).await?;
        match crash {
            "signal" => signal(process.pid, Signal::SIGKILL),
            "exit" => drop(worker.exit(1).tell().await),
            _ => drop(worker.panic("of the test".into()).tell().await),
        }
        // A tell before the end is known may be lost with the process.
        let error = loop {
            if let Err(error) = worker.add(7).tell().await {
                break error;
            }
        };
        let is_lost = match &error {
            TellError::Stopped { .. } => true,
            TellError::Failed { error, .. } => matches!(error, AskError::Disconnected { .. }),
            _ => false,
        };
        assert!(is_lost, "{crash}: {error:?}");
        assert!(worker.stopped().await.unwrap().is_failure());
        for error in [
            worker.add(7).tell().await.unwrap_err(),
            worker.add(7).try_tell().unwrap_err(),
        ] {
            let TellError::Stopped { urn, message } = error else {
                panic!("{crash}: {error:?}");
            };
            assert_eq!((urn, message.by), (worker.urn(), 7));
        }
    }
    Ok(())
}
