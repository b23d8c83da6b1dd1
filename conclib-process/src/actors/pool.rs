//! Pool whose workers have processes of their own.

use std::fmt;

use conclib_core::__private::timed_runtime;
use conclib_core::wire::{Elsewhere, PortableSource, WorkersElsewhere};
use conclib_core::{Actor, ActorRef, Declared, Pool, PoolBuilder, SpawnError, TaskActor, Travels};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;

use super::builder::{ProcessBuilder, Single, check_entry};
use super::error::InProcessError;
use super::settings::Settings;

/// Place "process" for the builder of a pool; in the prelude of `conclib`.
///
/// ```
/// use conclib::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[actor]
/// #[derive(Default, Serialize, Deserialize)]
/// struct Squarer;
///
/// #[actor]
/// impl Squarer {
///     #[message]
///     fn square(&mut self, n: u64) -> u64 { n * n }
///
///     #[message]
///     fn process(&mut self) -> u32 { std::process::id() }
/// }
///
/// #[conclib::main]
/// async fn main(system: System) -> conclib::Result {
///     let pool = system.pool(Squarer::default).size(2).in_process().spawn().await?;
///     assert_eq!(pool.ask(SquarerSquare { n: 7 }).await?, 49);
///     let workers = pool.workers();
///     assert_ne!(workers[0].process().await?, workers[1].process().await?);
///     Ok(())
/// }
/// ```
pub trait PoolInProcess<'s, A: Actor, S> {
    /// Gives each worker a process of its own, as
    /// [`InProcess::in_process`](super::InProcess::in_process) does for one actor. The arguments
    /// travel, or the values that the closure makes: once for each worker, and again at each of its
    /// restarts.
    ///
    /// A worker whose process is killed loses the messages that it had: their asks fail with
    /// `Disconnected`, which says if they may have run. Messages that wait go to the other workers, and
    /// so do the asks that a worker has not begun when it fails.
    /// A full mailbox refuses with `MailboxFull`: a pool in this process passes on to a worker with
    /// room, but the room of a mailbox elsewhere is not known.
    fn in_process(self) -> ProcessBuilder<PoolBuilder<'s, A, S>>
    where
        A: Travels,
        S: PortableSource<A>;
}

impl<'s, A: TaskActor + Declared, S> PoolInProcess<'s, A, S> for PoolBuilder<'s, A, S> {
    fn in_process(self) -> ProcessBuilder<Self>
    where
        A: Travels,
        S: PortableSource<A>,
    {
        ProcessBuilder {
            of: self,
            settings: Settings::default(),
        }
    }
}

impl<A, S> ProcessBuilder<PoolBuilder<'_, A, S>>
where
    A: TaskActor + Declared + Travels,
    S: PortableSource<A> + Send,
{
    /// Pins each worker to one of these CPUs, counted from zero, in turn. The process in which a worker
    /// is started again, or replaced, has the same CPU. [`pin_to`](ProcessBuilder::pin_to) pins all
    /// workers to all of its CPUs. On Linux only: on other systems no worker starts.
    ///
    /// ```
    /// use conclib::prelude::*;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[actor]
    /// #[derive(Default, Serialize, Deserialize)]
    /// struct Squarer;
    ///
    /// #[actor]
    /// impl Squarer {
    ///     #[message]
    ///     fn square(&mut self, n: u64) -> u64 { n * n }
    /// }
    ///
    /// #[conclib::main]
    /// async fn main(system: System) -> conclib::Result {
    ///     let cores = std::thread::available_parallelism()?.get();
    ///     let pool = system.pool(Squarer::default).size(cores).in_process();
    ///     let pool = pool.pin_each_to(0..cores).spawn().await?;
    ///     assert_eq!(pool.ask(SquarerSquare { n: 7 }).await?, 49);
    ///     Ok(())
    /// }
    /// ```
    pub fn pin_each_to(mut self, cpus: impl IntoIterator<Item = usize>) -> Self {
        self.settings.cpu_of_each = cpus.into_iter().collect();
        self
    }

    /// Starts the processes and the workers in them, and returns once all workers have got through
    /// `#[on(start)]`.
    ///
    /// # Errors
    /// Fails as `spawn` of [one actor](super::InProcess) does, if that fails for any of the workers:
    /// then no worker is left.
    ///
    /// # Panics
    /// In a tokio runtime without io.
    ///
    /// # Cancel safety
    /// If the future is dropped, workers without a name end, and those with a name go on.
    pub async fn spawn(self) -> Result<Pool<A>, InProcessError> {
        check_entry::<A>(S::IS_ARGS)?;
        let runtime = timed_runtime()?;
        let pool = self.of.spawn_elsewhere(Workers {
            settings: self.settings,
            is_created: S::IS_ARGS,
            runtime,
        })?;
        for worker in pool.workers() {
            if let Err(error) = worker.started().await {
                pool.stop().await;
                return Err(error.into());
            }
        }
        Ok(pool)
    }
}

/// Starter of the workers of a pool.
struct Workers {
    settings: Settings,
    is_created: bool,
    runtime: Handle,
}

impl<A, T> WorkersElsewhere<A, T> for Workers
where
    A: Actor + Travels,
    T: Serialize + DeserializeOwned + Send + 'static,
{
    fn start(&self, place: usize, worker: Elsewhere<'_, A, T>) -> Result<ActorRef<A>, SpawnError> {
        let delay = worker.delay;
        let worker = Single::new(worker, self.is_created);
        let mut settings = self.settings.clone();
        if let Some(cpu) = settings.cpu_of_each.iter().cycle().nth(place) {
            settings.cpus = vec![*cpu];
        }
        worker.start(&settings, delay, &self.runtime)
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers").finish_non_exhaustive()
    }
}
