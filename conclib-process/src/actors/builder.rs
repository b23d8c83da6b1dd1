//! Builder of an actor with a process of its own.

use std::any::type_name;
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, ErrorKind};
use std::marker::PhantomData;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use conclib_core::__private::{Factory, resume_paused_clock, timed_runtime};
use conclib_core::wire::{Control, Elsewhere, ForeignBuilder, History, Origin, Portable};
use conclib_core::{
    Actor, ActorRef, Declared, Restart, SpawnBuilder, SpawnError, TaskActor, Travels,
};
use conclib_net::{LinkLimits, Session};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;
use tracing::level_filters::LevelFilter;

use super::driver::Driver;
use super::entry::entrance;
use super::error::InProcessError;
use super::outlet::ProcessOutlet;
use super::program::Launch;
use super::settings::Settings;
use super::spec::Spec;
use super::start::fingerprint;
use super::starter::{StartOf, Starter};
use super::table::Entry;

/// Place "process" for the builder of an actor; in the prelude of `conclib`.
///
/// ```
/// use conclib::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[actor]
/// #[derive(Serialize, Deserialize)]
/// struct Counter { n: u64 }
///
/// #[actor]
/// impl Counter {
///     #[message]
///     fn add(&mut self, by: u64) -> u64 { self.n += by; self.n }
///
///     #[message]
///     fn process(&mut self) -> u32 { std::process::id() }
/// }
///
/// #[conclib::main]
/// async fn main(system: System) -> conclib::Result {
///     let counter = system.actor(Counter { n: 40 }).in_process().spawn().await?;
///     assert_eq!(counter.add(2).await?, 42);
///     assert_ne!(counter.process().await?, std::process::id());
///     Ok(())
/// }
/// ```
pub trait InProcess<'s, A, B> {
    /// Gives the actor an operating system process of its own, which ends with the actor, and with
    /// this process.
    ///
    /// The state has to travel: a value of a serde type, given to `actor(…)`, or arguments of one,
    /// given to `create(…)`. It is sent again at each restart. The process is this program, started
    /// anew: see [`init`](super::init).
    fn in_process(self) -> ProcessBuilder<Single<'s, A>>
    where
        A: Actor + Travels,
        B: Portable<A>;
}

impl<'s, A, B> InProcess<'s, A, B> for SpawnBuilder<'s, A, B>
where
    A: TaskActor + Declared,
    B: Factory<A>,
{
    fn in_process(self) -> ProcessBuilder<Single<'s, A>>
    where
        A: Travels,
        B: Portable<A>,
    {
        ProcessBuilder {
            of: Single::new(self.elsewhere(), B::IS_ARGS),
            settings: Settings::default(),
        }
    }
}

/// Builder of an actor, or of the workers of a pool, with processes of their own; see [`InProcess`]
/// and [`PoolInProcess`](super::PoolInProcess).
#[must_use = "nothing is spawned before `.spawn().await`"]
pub struct ProcessBuilder<T> {
    pub(super) of: T,
    pub(super) settings: Settings,
}

/// One actor that gets a process of its own.
pub struct Single<'s, A> {
    here: ForeignBuilder<'s, A>,
    starter: Box<dyn Starter>,
    restart: Option<Restart>,
    is_created: bool,
}

impl<A: Actor> ProcessBuilder<Single<'_, A>> {
    /// Restarts the actor when it fails, by a policy: when a turn panics, when it cannot start, and
    /// when its process ends, also by a signal. Each restart is a new process. An awaited ask that the
    /// old process had not begun when its actor failed is sent again, to the new one, in whatever process
    /// it is awaited.
    ///
    /// ```
    /// use conclib::prelude::*;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[actor]
    /// #[derive(Serialize, Deserialize)]
    /// struct Parser;
    ///
    /// #[actor]
    /// impl Parser {
    ///     #[message]
    ///     fn parse(&mut self, text: String) -> usize {
    ///         if text.is_empty() { std::process::abort() }
    ///         text.len()
    ///     }
    /// }
    ///
    /// #[conclib::main]
    /// async fn main(system: System) -> conclib::Result {
    ///     let policy = Restart::on_failure();
    ///     let parser = system.actor(Parser).in_process().restart(policy).spawn().await?;
    ///     assert!(parser.parse("".into()).await.is_err());
    ///     // The same reference, another process.
    ///     assert_eq!(parser.parse("four".into()).await?, 4);
    ///     Ok(())
    /// }
    /// ```
    pub fn restart(mut self, policy: Restart) -> Self {
        self.of.restart = Some(policy);
        self
    }

    /// Starts the process and the actor in it, and returns once the actor has got through
    /// `#[on(start)]`.
    ///
    /// # Errors
    /// Fails if the program has no entry for such processes, if the actor is not registered, if its
    /// name is taken or invalid, if its parent has ended, if the system is shutting down, or if the
    /// process or the actor did not start: then the error is that of the actor, or has the output
    /// of the process.
    ///
    /// # Panics
    /// In a tokio runtime without io.
    ///
    /// # Cancel safety
    /// If the future is dropped, an actor without a name ends, and one with a name goes on.
    pub async fn spawn(self) -> Result<ActorRef<A>, InProcessError> {
        check_entry::<A>(self.of.is_created)?;
        let runtime = timed_runtime()?;
        let reference = self.of.start(&self.settings, Duration::ZERO, &runtime)?;
        reference.started().await?;
        Ok(reference)
    }
}

impl<T> ProcessBuilder<T> {
    /// Sets an environment variable of the process, which inherits the others. `CONCLIB_AUTHKEY` is
    /// never inherited.
    pub fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        let value = Some(value.as_ref().to_owned());
        self.settings.env.push((key.as_ref().to_owned(), value));
        self
    }

    /// Removes an environment variable from those that the process inherits.
    pub fn env_remove(mut self, key: impl AsRef<OsStr>) -> Self {
        self.settings.env.push((key.as_ref().to_owned(), None));
        self
    }

    /// Sets the working directory of the process. It inherits the one of this process otherwise.
    pub fn current_dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.settings.dir = Some(dir.as_ref().to_owned());
        self
    }

    /// Pins the process to CPUs, counted from zero. On Linux only: on other systems the actor does
    /// not start.
    pub fn pin_to(mut self, cpus: impl IntoIterator<Item = usize>) -> Self {
        self.settings.cpus = cpus.into_iter().collect();
        self
    }

    /// Adds to the niceness of the process, by the program `nice`: from 0 to 19, and less than 0 only
    /// with privileges. The higher it is, the more the process leaves to others.
    pub fn nice(mut self, by: i32) -> Self {
        self.settings.nice = Some(by);
        self
    }

    /// Limits the memory of the process for its data, in bytes, by `RLIMIT_DATA`. At the limit an
    /// allocation fails, which ends the process, and the actor with
    /// [`ProcessExited`](conclib_core::StopReason::ProcessExited). The stacks of threads count.
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.settings.memory = Some(bytes);
        self
    }
}

/// Checks that this program can be started anew to run an `A`.
pub(super) fn check_entry<A: 'static>(is_created: bool) -> Result<(), InProcessError> {
    entrance().ok_or(InProcessError::NoEntry)?;
    let entry = Entry::of_type::<A>().and_then(|entry| entry.start(is_created));
    entry.map(drop).ok_or(InProcessError::NotRegistered {
        actor: type_name::<A>(),
    })
}

impl<'s, A: Actor + Travels> Single<'s, A> {
    pub(super) fn new<T>(actor: Elsewhere<'s, A, T>, is_created: bool) -> Self
    where
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        let starter = StartOf {
            messages: fingerprint::<A>(),
            options: actor.options,
            data: Arc::new(Mutex::new(actor.data)),
            actor: PhantomData::<fn() -> A>,
        };
        Self {
            here: actor.here,
            starter: Box::new(starter),
            restart: actor.restart,
            is_created,
        }
    }
}

impl<A: Actor> Single<'_, A> {
    /// Enters the actor in its system, and starts its process after `delay`.
    pub(super) fn start(
        self,
        settings: &Settings,
        delay: Duration,
        runtime: &Handle,
    ) -> Result<ActorRef<A>, SpawnError> {
        let failed = |error: io::Error| SpawnError::Process {
            detail: error.to_string(),
        };
        let entrance = entrance().ok_or_else(|| failed(ErrorKind::NotFound.into()))?;
        {
            let _runtime = runtime.enter();
            resume_paused_clock();
        }
        let actor = type_name::<A>();
        let system = self.here.system();
        let session = Session::new(Origin::Peer(actor.into()), LinkLimits::default());
        let session = session.map_err(failed)?;
        session.trust_peer();
        // As in the process for this system: a reference that a sibling gave has a key there.
        let inlet = system.inlet().with_control(Control::Any);
        session.serve(&inlet, "");
        let outlet = ProcessOutlet::new(session, self.restart.is_some());
        let here = match self.restart {
            Some(_) => self.here.restartable(),
            None => self.here,
        };
        let (reference, life) = here.spawn(outlet.clone())?;
        let launch = Launch {
            spec: Spec {
                actor: actor.to_owned(),
                is_created: self.is_created,
                system: system.name().to_owned(),
                cpus: settings.cpus.clone(),
                memory: settings.memory,
                events: LevelFilter::current().to_string(),
            },
            entrance,
            env: settings.env.clone(),
            dir: settings.dir.clone(),
            nice: settings.nice,
        };
        let driver = Driver {
            life,
            outlet,
            inlet,
            launch,
            starter: self.starter,
            history: self.restart.map(History::new),
        };
        runtime.spawn(driver.run(delay));
        Ok(reference)
    }
}

impl<T: fmt::Debug> fmt::Debug for ProcessBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessBuilder")
            .field("of", &self.of)
            .finish_non_exhaustive()
    }
}

impl<A> fmt::Debug for Single<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Single")
            .field("here", &self.here)
            .field("restart", &self.restart)
            .finish_non_exhaustive()
    }
}
