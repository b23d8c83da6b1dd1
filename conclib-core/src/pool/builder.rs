//! Builder of a pool.

use std::marker::PhantomData;
use std::sync::Arc;
use std::{fmt, thread};

use conclib_wire::Urn;
use tokio::runtime::Handle;

use super::Pool;
use super::routing::Routing;
use super::worker_factory::{
    Away, Common, OnThreads, Recruiter, Tasks, WorkerFactory, WorkersElsewhere,
};
use super::workers::Workers;
use crate::actor::{Args, PortableSource, Restart, StateSource, TaskActor};
use crate::error::SpawnError;
use crate::mailbox::Overflow;
use crate::node::{Actor, ActorRef, Context, Create, Declared, SystemInner};
use crate::system::{Options, System};

/// Builder of a pool. An option that is not set is the one of the struct's `#[actor(…)]`.
#[must_use = "nothing is spawned before `.spawn()`"]
pub struct PoolBuilder<'s, A, S, P = Tasks> {
    system: &'s Arc<SystemInner>,
    source: S,
    size: usize,
    routing: Routing,
    /// Options of each worker.
    options: Options,
    policy: Restart,
    place: P,
    actor: PhantomData<fn() -> A>,
}

impl<'s, A: Actor + Declared, S: StateSource<A> + Clone> PoolBuilder<'s, A, S> {
    fn new(system: &'s Arc<SystemInner>, source: S) -> Self {
        Self {
            system,
            source,
            size: thread::available_parallelism().map_or(1, usize::from),
            routing: Routing::default(),
            options: Options::of::<A>(),
            policy: Restart::on_failure(),
            place: Tasks(None),
            actor: PhantomData,
        }
    }

    /// Gives each worker a thread of its own: for handlers that block, and for state that is not
    /// `Send`; see [`OnThread`](crate::system::OnThread).
    pub fn on_thread(self) -> PoolBuilder<'s, A, S, OnThreads> {
        self.at(OnThreads(PhantomData))
    }

    fn at<P>(self, place: P) -> PoolBuilder<'s, A, S, P> {
        PoolBuilder {
            system: self.system,
            source: self.source,
            size: self.size,
            routing: self.routing,
            options: self.options,
            policy: self.policy,
            place,
            actor: PhantomData,
        }
    }

    /// Spawns the workers by another crate, which knows of their start only later.
    ///
    /// # Errors
    /// Fails as [`spawn`](Self::spawn) does.
    #[doc(hidden)]
    pub fn spawn_elsewhere<W>(self, place: W) -> Result<Pool<A>, SpawnError>
    where
        S: PortableSource<A> + Send,
        W: WorkersElsewhere<A, S::Data>,
    {
        self.at(Away(place)).found()
    }

    /// Spawns the workers as tasks. The pool takes messages at once, which wait in the mailboxes
    /// until `#[on(start)]` has finished.
    ///
    /// # Errors
    /// Fails as [`SpawnBuilder::spawn`](crate::system::SpawnBuilder::spawn) does, if that fails for any of
    /// the workers: then no worker is left.
    pub fn spawn(mut self) -> Result<Pool<A>, SpawnError>
    where
        A: TaskActor,
        S: Send,
    {
        let runtime = Handle::try_current().map_err(|_| SpawnError::NoRuntime)?;
        self.place = Tasks(Some(runtime));
        self.found()
    }
}

impl<A: Actor + Declared, S: StateSource<A> + Clone + Send> PoolBuilder<'_, A, S, OnThreads> {
    /// Spawns the workers, each on a thread of its own.
    ///
    /// # Errors
    /// Fails as [`OnThread::spawn`](crate::system::OnThread::spawn) does, if that fails for any of the
    /// workers: then no worker is left.
    pub fn spawn(self) -> Result<Pool<A>, SpawnError> {
        self.found()
    }
}

impl<A: Actor + Declared, S: StateSource<A> + Clone, P: 'static> PoolBuilder<'_, A, S, P> {
    /// Sets the number of workers, which is at least one; by default the number of CPUs.
    pub fn size(mut self, workers: usize) -> Self {
        self.size = workers;
        self
    }

    /// Sets the way in which the worker for a message is chosen.
    pub fn routing(mut self, routing: Routing) -> Self {
        self.routing = routing;
        self
    }

    /// Names the workers: with `workers` they are `workers-0`, `workers-1` and so on. Workers with
    /// a name live until they are stopped or their system ends; anonymous ones, until the pool is
    /// dropped.
    ///
    /// Clients in other processes ask the pool itself by the name: each request goes to a worker.
    /// No other actor can have the name as long as the pool takes messages.
    pub fn urn(mut self, urn: impl AsRef<str>) -> Self {
        self.options.urn = Some(Urn::new(urn.as_ref()));
        self
    }

    /// Sets the capacity of each worker's mailbox, at least one.
    pub fn mailbox(mut self, capacity: usize) -> Self {
        self.options.seed.mailbox = capacity;
        self
    }

    /// Sets the fate of a message when the mailboxes of all workers are full.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.options.seed.overflow = overflow;
        self
    }

    /// Sets the policy by which a worker is restarted and keeps its mailbox:
    /// [`Restart::on_failure`] by default. A worker that is not restarted any more is replaced,
    /// however often, after a pause by the policy's [`Backoff`](crate::actor::Backoff): its first pause
    /// before the first replacement of a worker, and a longer one each time until a replacement has
    /// lived for long enough ([`reset_after`](crate::actor::Backoff::reset_after)). The pause is at least
    /// a millisecond, since a worker may fail at every start.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// #[derive(Default)]
    /// struct Divider;
    /// #[actor]
    /// impl Divider {
    ///     #[message]
    ///     fn divide(&mut self, by: u64) -> u64 { 12 / by }
    /// }
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     // A fresh worker after each failure, and a second later at most.
    ///     let backoff = Backoff::from(Duration::from_millis(1)).up_to(Duration::from_secs(1));
    ///     let pool = system.pool(Divider::default).size(2);
    ///     let pool = pool.restart(Restart::never().backoff(backoff)).spawn()?;
    ///     assert_eq!(pool.ask(DividerDivide { by: 3 }).await?, 4);
    ///     assert!(pool.ask(DividerDivide { by: 0 }).await.is_err());
    ///     assert_eq!(pool.len(), 2, "another worker comes");
    ///     Ok(())
    /// }
    /// ```
    pub fn restart(mut self, policy: Restart) -> Self {
        self.policy = policy;
        self
    }

    /// Makes the workers children of an actor; see
    /// [`SpawnBuilder::child_of`](crate::system::SpawnBuilder::child_of).
    pub fn child_of<B: Actor>(mut self, parent: &ActorRef<B>) -> Self {
        self.options.child_of(parent);
        self
    }

    /// Makes the workers children of the actor whose turn runs.
    fn child_of_this<B: Actor>(mut self, ctx: &Context<B>) -> Self {
        self.options.child_of_this(ctx.cell());
        self
    }

    fn found(self) -> Result<Pool<A>, SpawnError>
    where
        Recruiter<S, P>: WorkerFactory<A>,
    {
        let urn = self.options.urn.clone().transpose()?;
        let policy = self.policy;
        let factory = Recruiter {
            system: self.system.clone(),
            source: self.source,
            options: self.options,
            policy,
            place: self.place,
        };
        let pool_workers = Workers::new(
            self.system.clone(),
            urn,
            self.routing,
            Box::new(factory),
            policy,
        );
        let pool = Pool(Arc::new(pool_workers));
        let claimed = pool.0.claim_name();
        match claimed.and_then(|()| pool.resize(self.size)) {
            Ok(()) => Ok(pool),
            Err(error) => {
                drop(pool.stop());
                Err(error)
            }
        }
    }
}

impl System {
    /// Builds a pool of actors that a closure makes; see [`Pool`].
    pub fn pool<A: Actor + Declared, F: Fn() -> A + Send + Sync + 'static>(
        &self,
        make: F,
    ) -> PoolBuilder<'_, A, Common<F>> {
        PoolBuilder::new(self.shared(), Common(Arc::new(make)))
    }

    /// Builds a pool of actors that `#[on(create)]` makes from `args`, each on the task or thread
    /// it runs on.
    pub fn pool_of<A: Actor + Declared + Create>(
        &self,
        args: A::Args,
    ) -> PoolBuilder<'_, A, Args<A::Args>>
    where
        A::Args: Clone,
    {
        PoolBuilder::new(self.shared(), Args(args))
    }
}

impl<A: Actor> Context<A> {
    /// Builds a pool of children that a closure makes, like [`System::pool`](System::pool). A
    /// worker that fails more often than its restart policy allows is a failure of this actor, like
    /// that of any child.
    ///
    /// The pool ends when this actor ends or is restarted: the next incarnation makes its own.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// struct Worker;
    /// #[actor]
    /// impl Worker {
    ///     #[message]
    ///     fn square(&mut self, n: u64) -> u64 { n * n }
    /// }
    ///
    /// #[actor]
    /// #[derive(Default)]
    /// struct Manager { pool: Option<Pool<Worker>> }
    /// #[actor]
    /// impl Manager {
    ///     #[on(start)]
    ///     fn start(&mut self, ctx: &mut Context<Self>) -> Result<(), SpawnError> {
    ///         self.pool = Some(ctx.pool(|| Worker).size(2).spawn()?);
    ///         Ok(())
    ///     }
    ///
    ///     #[message]
    ///     async fn square(&mut self, n: u64) -> Option<u64> {
    ///         self.pool.as_ref()?.ask(WorkerSquare { n }).await.ok()
    ///     }
    /// }
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     let manager = system.actor_with(Manager::default).spawn()?;
    ///     assert_eq!(manager.square(7).await?, Some(49));
    ///     assert_eq!(system.of::<Worker>().len(), 2);
    ///     manager.stop().await;
    ///     assert!(system.of::<Worker>().is_empty());
    ///     Ok(())
    /// }
    /// ```
    pub fn pool<C: Actor + Declared, F: Fn() -> C + Send + Sync + 'static>(
        &self,
        make: F,
    ) -> PoolBuilder<'_, C, Common<F>> {
        PoolBuilder::new(&self.cell().system, Common(Arc::new(make))).child_of_this(self)
    }

    /// Builds a pool of children that `#[on(create)]` makes, like [`System::pool_of`].
    pub fn pool_of<C: Actor + Declared + Create>(
        &self,
        args: C::Args,
    ) -> PoolBuilder<'_, C, Args<C::Args>>
    where
        C::Args: Clone,
    {
        PoolBuilder::new(&self.cell().system, Args(args)).child_of_this(self)
    }
}

impl<A, S, P> fmt::Debug for PoolBuilder<'_, A, S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolBuilder")
            .field("size", &self.size)
            .field("routing", &self.routing)
            .field("urn", &self.options.urn)
            .finish_non_exhaustive()
    }
}
