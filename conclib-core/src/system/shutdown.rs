//! Orderly shutdown of a system.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::io::{self, Write as _};
use std::pin::Pin;
use std::process::{ExitCode, Termination};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use conclib_wire::Urn;
use tokio::runtime::{Builder, Handle};
use tokio::select;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::actor_id::ActorId;
use crate::call::may_block;
use crate::mailbox::{By, Signal};
use crate::node::{AnyActor, SystemInner};
use crate::place::Place;
use crate::time::{resume_paused_clock, timers};
use crate::turn_scope;

/// Default time that the actors have to end.
pub(super) const DEADLINE: Duration = Duration::from_secs(10);

/// Longest time that the clock can surely add.
const FOREVER: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);

/// Time for the remaining actors, all together, after a newer actor has used up the deadline.
const GRACE: Duration = Duration::from_millis(40);

/// Time that killed actors have to reach an await. An actor whose turn takes longer counts as stuck
/// in the report.
const LAST_CALL: Duration = Duration::from_millis(100);

/// Shutdown that has not begun: await it, or call [`blocking`](Self::blocking) in code that is not
/// async.
///
/// Awaiting it needs neither timers nor a tokio runtime: without them a thread of its own keeps the
/// deadline.
#[must_use = "nothing is shut down before it is awaited"]
pub struct Shutdown {
    system: Arc<SystemInner>,
    deadline: Duration,
}

/// Result of a shutdown that runs on another thread.
type Running = oneshot::Receiver<ShutdownReport>;

/// Report of a shutdown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Number of actors that ended by themselves.
    pub stopped: usize,
    /// Actors that had to be killed at the deadline.
    pub killed: Vec<Urn>,
    /// Actors that even a kill did not end: one of their turns never awaits.
    pub stuck: Vec<Urn>,
    /// Number of messages that were accepted and not handled since the system was made.
    pub dead_letters: u64,
}

impl ShutdownReport {
    /// Returns true if every actor ended by itself.
    pub fn is_clean(&self) -> bool {
        self.killed.is_empty() && self.stuck.is_empty()
    }
}

/// Lets a report be the result of `main`. The process succeeds if every actor ended by itself;
/// else it fails, with the report on the standard error.
impl Termination for ShutdownReport {
    fn report(self) -> ExitCode {
        if self.is_clean() {
            return ExitCode::SUCCESS;
        }
        // A standard error that is closed has no reader.
        let _ = writeln!(io::stderr(), "{self}");
        ExitCode::FAILURE
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
    pub(super) fn new(system: Arc<SystemInner>) -> Self {
        Self {
            system,
            deadline: DEADLINE,
        }
    }

    /// Sets the time that all the actors together have to end by themselves.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Shuts the system down from code that is not async, with or without a runtime. Blocks the
    /// thread until the shutdown is done, and returns its report.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// # #[actor]
    /// # struct Pump;
    /// #
    /// # #[actor]
    /// # impl Pump {
    /// #     #[message]
    /// #     fn pump(&mut self) -> u64 { 1 }
    /// # }
    /// #
    /// # fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let pump = system.actor(Pump).on_thread().spawn()?;
    /// assert_eq!(pump.pump().blocking()?, 1);
    ///
    /// let report = system.shutdown().blocking()?;
    /// assert_eq!(report.stopped, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Fails if no thread can be started that keeps the deadlines. Fails with
    /// [`WouldBlock`](std::io::ErrorKind::WouldBlock) in async code, whose thread must not block:
    /// await the shutdown there. Nothing is shut down then.
    pub fn blocking(self) -> io::Result<ShutdownReport> {
        if !may_block() {
            let why = "`shutdown().blocking()` would stop a thread of the async runtime: use `.await` here";
            return Err(io::Error::new(io::ErrorKind::WouldBlock, why));
        }
        let (thread, _running) = self.apart()?;
        thread.join().map_err(|_| io::ErrorKind::Other.into())
    }

    /// Shuts the system down on a thread of its own, whose runtime has timers. A drop of the
    /// returned `Running` stops that early.
    fn apart(&self) -> io::Result<(JoinHandle<ShutdownReport>, Running)> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (done, running) = oneshot::channel();
        let shutdown = Self {
            system: self.system.clone(),
            deadline: self.deadline,
        };
        let own = turn_scope::sender();
        let run = async move {
            let mut done = done;
            let report = select! {
                report = shutdown.run(own) => report,
                () = done.closed() => ShutdownReport::default(),
            };
            // The receiver may have been dropped.
            let _ = done.send(report.clone());
            report
        };
        let thread = thread::Builder::new()
            .name("conclib-shutdown".to_owned())
            .spawn(move || runtime.block_on(run))?;
        Ok((thread, running))
    }

    /// Shuts the system down on this task if there are timers, and on a thread of its own if not.
    async fn run_anywhere(self) -> ShutdownReport {
        let own = turn_scope::sender();
        if timers::are_here() {
            return self.run(own).await;
        }
        let report = match self.apart() {
            Ok((_, running)) => running.await.map_err(io::Error::other),
            Err(error) => Err(error),
        };
        match report {
            Ok(report) => report,
            Err(error) => {
                tracing::error!(target: "conclib", %error, "no thread could be started to keep the deadlines of a shutdown");
                self.run(own).await
            }
        }
    }

    /// Runs the shutdown. `own` is the actor whose turn awaits it, if one does.
    async fn run(self, own: Option<ActorId>) -> ShutdownReport {
        let Self { system, deadline } = self;
        system.close();
        system.refuse_new_requests();
        let mut until = Instant::now() + deadline.min(FOREVER);
        let mut report = ShutdownReport::default();
        let mut late = Vec::new();
        if system.residents().any(|it| it.place() == Place::Thread) {
            resume_paused_clock();
        }
        // Actors end one after the other, newest first, so that an actor can still use the older
        // ones.
        for actor in system.residents().rev() {
            actor.tell_to_end(Signal::Drain, By::System);
            if Some(actor.id()) == own {
                // The actor of this turn ends after the turn.
                continue;
            }
            let ended = timers::before(until, actor.lifecycle().wait()).await;
            if ended.is_some() {
                report.stopped += 1;
            } else {
                if late.is_empty() {
                    // This actor used up the deadline, so the older ones get a grace time.
                    actor.tell_to_end(Signal::Kill, By::System);
                    until = Instant::now() + GRACE.min(deadline);
                }
                late.push(actor);
            }
        }
        kill(late, &mut report).await;
        let threads = system.take_ending_threads();
        if !threads.is_empty() {
            // The actors of these threads have ended, so the threads end at once.
            let join = || threads.into_iter().for_each(|it| drop(it.join()));
            match Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn_blocking(join).await),
                Err(_) => join(),
            }
        }
        for broker in system.take_brokers() {
            broker.close().await;
        }
        report.dead_letters = system.snapshot().dead_letters;
        report
    }
}

async fn kill(late: Vec<Arc<dyn AnyActor>>, report: &mut ShutdownReport) {
    for actor in &late {
        actor.tell_to_end(Signal::Kill, By::System);
    }
    let until = Instant::now() + LAST_CALL;
    for actor in late {
        let ended = timers::before(until, actor.lifecycle().wait()).await;
        let list = if ended.is_some() {
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
        Box::pin(self.run_anywhere())
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
