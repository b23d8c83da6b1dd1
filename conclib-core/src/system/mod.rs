//! A system: what actors live in.

mod alias;
mod broadcast;
mod dump;
mod everywhere;
mod query;
mod registry;
mod shutdown;
mod signals;
mod spawn;
mod table;
mod thread;
mod under_test;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub use broadcast::Broadcast;
pub use dump::DumpOnSignal;
pub(crate) use everywhere::resident;
pub(crate) use registry::Shared;
pub use shutdown::{Shutdown, ShutdownReport};
pub(crate) use spawn::Options;
pub use spawn::SpawnBuilder;
pub(crate) use table::Follower;
pub use thread::OnThread;
pub use under_test::{ActorUnderTest, SystemUnderTest};

use crate::actor::{
    Actor, ActorRef, AnyRef, By, Closure, Create, Created, Declared, Given, Renewed, Resident,
    Restart, Signal, TaskActor,
};
use crate::error::{LookupError, SpawnError};
use crate::events::Events;
use crate::snapshot::SystemSnapshot;
use crate::wire::{Broker, Inlet};

/// What actors live in: it knows them by name, and ends them.
///
/// It is a value: two systems in one process do not meet. Clones are the same
/// system; when the last one is dropped, what still lives in it is killed.
///
/// ```
/// use conclib::prelude::*;
///
/// #[actor(urn = "counter")]
/// #[derive(Default)]
/// struct Counter { n: u64 }
///
/// #[actor]
/// impl Counter {
///     #[message]
///     fn add(&mut self, by: u64) -> u64 { self.n += by; self.n }
/// }
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let system = System::new("docs");
///     system.spawn(Counter::default())?;
///     let counter: ActorRef<Counter> = system.get("counter")?;
///     assert_eq!(counter.add(2).await?, 2);
///     let report = system.shutdown().await;
///     assert!(report.is_clean());
///     Ok(())
/// }
/// ```
pub struct System(Arc<Shared>);

impl System {
    /// A system of that name. The name is for people: it is in errors and logs.
    pub fn new(name: impl Into<String>) -> Self {
        let shared = Arc::new(Shared::new(name.into()));
        everywhere::enter(&shared);
        Self(shared)
    }

    /// The same system, with a timeout for each call that says none, of the
    /// actors that are spawned from now on and say none either.
    ///
    /// A call's own [`timeout`](crate::Call::timeout) goes first; then what the
    /// actor was spawned with, [`SpawnBuilder::ask_timeout`]; then its
    /// `#[actor(timeout = "…")]`; then this. What none of them limits waits for
    /// as long as it takes.
    ///
    /// ```
    /// use std::time::Duration;
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// struct Sloth;
    ///
    /// #[actor]
    /// impl Sloth {
    ///     #[message]
    ///     async fn move_on(&mut self) { std::future::pending().await }
    /// }
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs").with_ask_timeout(Duration::from_millis(10));
    ///     let late = system.spawn(Sloth)?.move_on().await;
    ///     assert!(matches!(late, Err(AskError::Deadline { .. })));
    ///     Ok(())
    /// }
    /// ```
    pub fn with_ask_timeout(self, after: Duration) -> Self {
        self.0.set_ask_timeout(after);
        self
    }

    pub(crate) fn handle(shared: &Arc<Shared>) -> Self {
        shared.handles.fetch_add(1, Ordering::Relaxed);
        Self(shared.clone())
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }

    /// The name of the system.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Spawns an actor as a task, with what `#[actor(…)]` says of it. The
    /// reference works at once; [`ActorRef::started`] waits for `#[on(start)]`.
    ///
    /// # Errors
    /// The URN is taken, no tokio runtime is here, or the system is shutting
    /// down; or the runtime has no timers, and the actor ticks or has an
    /// `#[on(idle)]`.
    pub fn spawn<A: TaskActor>(&self, actor: A) -> Result<ActorRef<A>, SpawnError> {
        self.actor(actor).spawn()
    }

    /// An actor with options: `system.actor(value).urn("g2").mailbox(64).spawn()?`.
    pub fn actor<A: Actor + Declared + Send>(&self, actor: A) -> SpawnBuilder<'_, A, Given<A>> {
        SpawnBuilder::new(&self.0, Given(Some(actor)))
    }

    /// An actor that a closure makes where it runs, and makes anew when it is
    /// restarted; see [`SpawnBuilder::restart`].
    pub fn actor_with<A: Actor + Declared, F: FnMut() -> A + Send + 'static>(
        &self,
        make: F,
    ) -> SpawnBuilder<'_, A, Renewed<Closure<F>>> {
        SpawnBuilder::new(&self.0, Renewed::new(Closure(make), Restart::never()))
    }

    /// An actor that its `#[on(create)]` makes from `args`, where it runs.
    pub fn create<A: Actor + Declared + Create>(
        &self,
        args: A::Args,
    ) -> SpawnBuilder<'_, A, Created<A::Args>> {
        SpawnBuilder::new(&self.0, Created(Some(args)))
    }

    /// The actor of that name.
    ///
    /// # Errors
    /// Nobody has that name, or an actor of another type has it.
    pub fn get<A: Actor>(&self, urn: impl AsRef<str>) -> Result<ActorRef<A>, LookupError> {
        let resident = self.resident(urn.as_ref())?;
        crate::actor::downcast(resident)
    }

    /// The actor of that name, of whatever type.
    ///
    /// # Errors
    /// Nobody has that name.
    pub fn lookup(&self, urn: impl AsRef<str>) -> Result<AnyRef, LookupError> {
        self.resident(urn.as_ref()).map(AnyRef::new)
    }

    fn resident(&self, urn: &str) -> Result<Arc<dyn Resident>, LookupError> {
        self.0.find(urn).ok_or_else(|| LookupError::NoSuchActor {
            urn: urn.to_owned(),
            system: self.name().to_owned(),
        })
    }

    /// Events of the system from now on.
    pub fn events(&self) -> Events {
        self.0.events()
    }

    /// The system and its actors at this moment. It takes no part in any
    /// mailbox, so a full one does not delay it.
    pub fn snapshot(&self) -> SystemSnapshot {
        self.0.snapshot()
    }

    /// What [`snapshot`](Self::snapshot) sees as a table for people: a line for
    /// each actor, children below their parents, with what it is busy with, how
    /// many messages wait, what it has handled, and its last error.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor(urn = "counter")]
    /// struct Counter;
    ///
    /// #[actor]
    /// impl Counter {}
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     let counter = system.spawn(Counter)?;
    ///     counter.started().await?;
    ///     let dump = system.dump();
    ///     assert!(dump.contains("counter  Counter  running  0/1024"), "{dump}");
    ///     Ok(())
    /// }
    /// ```
    pub fn dump(&self) -> String {
        self.snapshot().to_string()
    }

    /// Has SIGUSR1 write a [`dump`](Self::dump) to the standard error, until
    /// what this returns is dropped: to see which actor a program that hangs is
    /// waiting for. Each system that wants it writes its own.
    ///
    /// It waits for the signal on a thread of its own, so it also answers when
    /// every thread of the runtime is blocked. Once it was called, SIGUSR1 does
    /// not end the process any more, as it does by default, not even after this
    /// is dropped.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     let _dumps = system.dump_on_sigusr1()?;
    ///     // From now on: kill -USR1 <pid>
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// The signal handler cannot be installed, or there can be no more threads.
    pub fn dump_on_sigusr1(&self) -> std::io::Result<DumpOnSignal> {
        DumpOnSignal::new(&self.0)
    }

    /// Ends all actors, newest first, then closes the brokers: await it. New
    /// actors are refused from the first poll on.
    ///
    /// Each actor serves what is queued. What has not ended by the deadline,
    /// ten seconds unless [`Shutdown::deadline`] says otherwise, is killed; the
    /// report names what even that did not end. Code that is not async uses
    /// [`Shutdown::blocking`].
    ///
    /// Awaited in a handler of one of these actors, it does not wait for that
    /// actor, which serves what is queued and ends once the handler has
    /// returned; the report does not count it.
    pub fn shutdown(&self) -> Shutdown {
        Shutdown::new(self.0.clone())
    }

    /// Waits for SIGINT or SIGTERM, then shuts the system down in order. A
    /// second signal kills what still lives.
    ///
    /// If turns that never await hold every thread of the runtime, nothing of
    /// this can run: three seconds after the second signal the process then
    /// exits, with 128 and the number of the signal, as if that had ended it:
    /// 130 or 143.
    ///
    /// It listens from the call on, not only once it is polled.
    ///
    /// # Errors
    /// The signal handlers cannot be installed, or there is no thread to be had.
    pub fn run_until_signal(&self) -> impl Future<Output = std::io::Result<ShutdownReport>> + Send {
        signals::run_until_signal(self)
    }

    /// The way in for a broker.
    pub fn inlet(&self) -> Inlet {
        Inlet::new(self.0.clone())
    }

    /// Has a broker closed by [`shutdown`](Self::shutdown), after the actors.
    ///
    /// # Errors
    /// The system is shutting down: the broker is left as it is, for whoever
    /// opened it to close.
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
                resident.tell_to_end(Signal::Kill, By::System);
            }
            // A broker holds the system by its inlet: this opens the circle.
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
