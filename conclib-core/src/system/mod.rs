//! Systems: the containers that actors live in.

mod alias;
mod broadcast;
mod children;
mod control;
mod dump;
mod elsewhere;
mod foreign;
mod handles;
mod held;
mod inlet;
mod query;
mod shutdown;
mod signals;
mod spawn;
mod thread;
mod under_test;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use conclib_wire::NodeId;

use super::directory;
use crate::actor::{Closure, FromArgs, FromValue, Restart, Restarting, TaskActor};
use crate::directory::Directory;
use crate::error::{LookupError, SpawnError};
use crate::events::Events;
use crate::mailbox::{By, Signal};
use crate::node::{Actor, ActorRef, AnyActor, AnyRef, Create, Declared};
use crate::snapshot::SystemSnapshot;
use crate::spi::Broker;

pub(crate) use crate::node::SystemInner;
pub use broadcast::Broadcast;
pub use control::{Control, MAX_CONTROL_WAITS};
pub use dump::DumpOnSignal;
pub use elsewhere::{Elsewhere, FarOptions};
pub use foreign::{ForeignActor, ForeignBuilder, StopSignal};
pub use held::Held;
pub use shutdown::{Shutdown, ShutdownReport};
#[cfg(feature = "main")]
pub(crate) use signals::is_hurried;
pub(crate) use spawn::Options;
pub use spawn::SpawnBuilder;
pub use thread::OnThread;
pub use under_test::{ActorUnderTest, SystemUnderTest};

pub use inlet::{Inlet, Permit};

/// Container of actors: knows them by name, and ends them.
///
/// A value, not a global: two systems in one process do not meet. Clones are handles of the same
/// system; when the last one is dropped, all its actors are killed, and errors of their callers say so.
///
/// ```
/// use conclib::prelude::*;
///
/// # #[actor(urn = "counter")]
/// # #[derive(Default)]
/// # struct Counter { n: u64 }
/// #
/// # #[actor]
/// # impl Counter {
/// #     #[message]
/// #     fn add(&mut self, by: u64) -> u64 { self.n += by; self.n }
/// # }
/// #
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// let system = System::new("docs");
/// system.spawn(Counter::default())?;
/// let counter: ActorRef<Counter> = system.get("counter")?;
/// assert_eq!(counter.add(2).await?, 2);
/// let report = system.shutdown().await;
/// assert!(report.is_clean());
/// # Ok(())
/// # }
/// ```
pub struct System(Arc<SystemInner>);

impl System {
    /// Makes a system of that name. The name is for people: errors and logs show it.
    pub fn new(name: impl Into<String>) -> Self {
        let shared = Arc::new(SystemInner::new(name.into()));
        directory::enter(Arc::downgrade(&(shared.clone() as Arc<dyn Directory>)));
        Self(shared)
    }

    /// Sets the default timeout of calls to actors that are spawned from now on.
    ///
    /// The first that is set applies: the call's own [`timeout`](crate::call::Call::timeout), the actor's
    /// [`SpawnBuilder::ask_timeout`], its `#[actor(timeout = "…")]`, then this one. A call without
    /// any timeout waits as long as it takes.
    ///
    /// ```
    /// use std::time::Duration;
    /// use conclib::prelude::*;
    ///
    /// # #[actor]
    /// # struct Sloth;
    /// #
    /// # #[actor]
    /// # impl Sloth {
    /// #     #[message]
    /// #     async fn move_on(&mut self) { std::future::pending().await }
    /// # }
    /// #
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// let system = System::new("docs").with_ask_timeout(Duration::from_millis(10));
    /// let late = system.spawn(Sloth)?.move_on().await;
    /// assert!(matches!(late, Err(AskError::Deadline { .. })));
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_ask_timeout(self, after: Duration) -> Self {
        self.0.set_ask_timeout(after);
        self
    }

    pub(crate) fn handle(shared: &Arc<SystemInner>) -> Self {
        shared.handles.fetch_add(1, Ordering::Relaxed);
        Self(shared.clone())
    }

    pub(crate) fn shared(&self) -> &Arc<SystemInner> {
        &self.0
    }

    /// Returns the name of the system.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Returns the id of the system, which no other system has. References to its actors carry it
    /// when they travel.
    pub fn node(&self) -> NodeId {
        self.0.node()
    }

    /// Spawns an actor as a task, with the options of its `#[actor(…)]`. The reference can be used
    /// at once; [`ActorRef::started`] waits for `#[on(start)]`.
    ///
    /// # Errors
    /// Fails if the URN is taken, if no tokio runtime is entered, or if the system is shutting
    /// down; also if the runtime has no timers and the actor ticks or has an `#[on(idle)]`.
    pub fn spawn<A: TaskActor + Actor>(&self, actor: A) -> Result<A::Ref, SpawnError> {
        self.actor(actor).spawn()
    }

    /// Builds an actor with options: `system.actor(value).urn("g2").mailbox(64).spawn()?`.
    pub fn actor<A: Actor + Declared + Send>(&self, actor: A) -> SpawnBuilder<'_, A, FromValue<A>> {
        SpawnBuilder::new(&self.0, FromValue(Some(actor)))
    }

    /// Builds an actor that a closure makes on its own task or thread, again at each restart; see
    /// [`SpawnBuilder::restart`].
    pub fn actor_with<A: Actor + Declared, F: FnMut() -> A + Send + 'static>(
        &self,
        make: F,
    ) -> SpawnBuilder<'_, A, Restarting<Closure<F>>> {
        SpawnBuilder::new(&self.0, Restarting::new(Closure(make), Restart::never()))
    }

    /// Builds an actor that `#[on(create)]` makes from `args`, on its own task or thread.
    pub fn create<A: Actor + Declared + Create>(
        &self,
        args: A::Args,
    ) -> SpawnBuilder<'_, A, FromArgs<A::Args>> {
        SpawnBuilder::new(&self.0, FromArgs(Some(args)))
    }

    /// Returns the actor of that name.
    ///
    /// # Errors
    /// Fails if no actor has that name, or if the actor has another type.
    pub fn get<A: Actor>(&self, urn: impl AsRef<str>) -> Result<ActorRef<A>, LookupError> {
        let resident = self.resident(urn.as_ref())?;
        crate::node::downcast(resident)
    }

    /// Returns the actor of that name, of any type.
    ///
    /// # Errors
    /// Fails if no actor has that name.
    pub fn lookup(&self, urn: impl AsRef<str>) -> Result<AnyRef, LookupError> {
        self.resident(urn.as_ref()).map(AnyRef::new)
    }

    fn resident(&self, urn: &str) -> Result<Arc<dyn AnyActor>, LookupError> {
        self.0.find(urn).ok_or_else(|| LookupError::NoSuchActor {
            urn: urn.to_owned(),
            system: self.name().to_owned(),
        })
    }

    /// Returns the events of the system from now on.
    pub fn events(&self) -> Events {
        self.0.events()
    }

    /// Returns the state of the system and its actors at this moment. Uses no mailbox, so a full
    /// one does not delay it.
    pub fn snapshot(&self) -> SystemSnapshot {
        self.0.snapshot()
    }

    /// Returns [`snapshot`](Self::snapshot) as a text table: a line for each actor, children below
    /// their parents, with the message being handled, the number of messages that wait and that
    /// were handled, and the last error.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// # #[actor(urn = "counter")]
    /// # struct Counter;
    /// #
    /// # #[actor]
    /// # impl Counter {}
    /// #
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let counter = system.spawn(Counter)?;
    /// counter.started().await?;
    /// let dump = system.dump();
    /// assert!(dump.contains("counter  Counter  running  0/1024"), "{dump}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn dump(&self) -> String {
        self.snapshot().to_string()
    }

    /// Writes a [`dump`](Self::dump) to the standard error at each SIGUSR1, until the returned
    /// guard is dropped: shows which actor a hanging program waits for. Each system on which this
    /// is called writes its own dump.
    ///
    /// A thread of its own listens for the signal, so the dump comes even when every thread of the
    /// runtime is blocked. After this call SIGUSR1 does not end the process any more, as it does by
    /// default, not even once the guard is dropped.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let _dumps = system.dump_on_sigusr1()?;
    /// // From now on: kill -USR1 <pid>
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Fails if the signal handler cannot be installed, or if no thread can be started.
    pub fn dump_on_sigusr1(&self) -> std::io::Result<DumpOnSignal> {
        DumpOnSignal::new(&self.0)
    }

    /// Returns a future that ends all actors, newest first, and then closes the brokers. New actors
    /// are refused from its first poll on.
    ///
    /// Each actor handles its queued messages first. Actors that have not ended by the deadline,
    /// ten seconds unless [`Shutdown::deadline`] sets another, are killed; the report names those
    /// that even a kill did not end. Code that is not async uses [`Shutdown::blocking`].
    ///
    /// A shutdown that is awaited in a handler of an actor of this system does not wait for that
    /// actor, which handles its queued messages and ends once the handler has returned; the report
    /// does not count it.
    pub fn shutdown(&self) -> Shutdown {
        Shutdown::new(self.0.clone())
    }

    /// Waits for SIGINT or SIGTERM, then shuts the system down in order. A second signal kills the
    /// actors that are left, and `#[conclib::main]` then waits for no thread that still runs.
    ///
    /// If turns that do not await hold every thread of the runtime, the shutdown cannot run. Once it
    /// had no thread for three seconds after the deadline, which begins with the signal, or three
    /// seconds after a second signal, the process exits with 128 plus the number of the signal, as if
    /// the signal had ended it: 130 or 143.
    ///
    /// The signals are handled from the call on, not from the first poll.
    ///
    /// # Errors
    /// Fails if the signal handlers cannot be installed, or if no thread can be started.
    pub fn run_until_signal(&self) -> impl Future<Output = std::io::Result<ShutdownReport>> + Send {
        signals::run_until_signal(self)
    }

    /// Returns the value of that type which another crate keeps with this system: its one slot of
    /// that type, made by `Default` at the first call.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use conclib::prelude::*;
    ///
    /// /// Requests that a broker has brought into a system.
    /// #[derive(Default)]
    /// struct Brought(AtomicU64);
    ///
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// system.extension::<Brought>().0.fetch_add(1, Ordering::Relaxed);
    /// assert_eq!(system.extension::<Brought>().0.load(Ordering::Relaxed), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn extension<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.0.extensions.get()
    }

    /// Returns the inlet by which a broker brings messages into the system.
    pub fn inlet(&self) -> Inlet {
        Inlet::new(self.0.clone())
    }

    /// Attaches a broker, which [`shutdown`](Self::shutdown) closes after the actors.
    ///
    /// # Errors
    /// Fails if the system is shutting down: the broker is left open, and its owner has to close
    /// it.
    pub fn attach(&self, broker: Arc<dyn Broker>) -> Result<(), SpawnError> {
        self.0.attach(broker)
    }
}

impl Clone for System {
    fn clone(&self) -> Self {
        Self::handle(&self.0)
    }
}

impl Drop for System {
    fn drop(&mut self) {
        if self.0.handles.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.close();
            for resident in self.0.residents().rev() {
                resident.tell_to_end(Signal::Kill, By::DroppedSystem);
            }
            // A broker holds the system by its inlet: this breaks the reference cycle.
            drop(self.0.take_brokers());
        }
    }
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("System")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}
