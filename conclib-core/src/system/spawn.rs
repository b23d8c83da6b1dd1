//! Builder of an actor.

use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use conclib_wire::{State, Urn, UrnError};
use tokio::runtime::Handle;

use super::thread::OnThread;
use crate::actor::{ActorTask, Factory, Restart, Restartable, STOP_WITHIN, TaskActor};
use crate::error::SpawnError;
use crate::mailbox::{Alert, Overflow};
use crate::node::{
    Actor, ActorCell, ActorRef, AnyActor, Child, Declared, Messages, Relations, Settings,
    SystemInner,
};
use crate::observe::Meter;
use crate::place::Place;
use crate::supervision::Strategy;
use crate::time::timers;
use crate::turn_scope;

/// Builder of an actor. An option that is not set is the one of the struct's `#[actor(…)]`.
#[must_use = "nothing is spawned before `.spawn()`"]
pub struct SpawnBuilder<'s, A, B> {
    system: &'s Arc<SystemInner>,
    factory: B,
    options: Options,
    actor: PhantomData<fn() -> A>,
}

/// Options of an actor, or of each worker of a pool.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) urn: Option<Result<Urn, UrnError>>,
    pub(crate) seed: Settings,
    /// Parent; the error is the name of an actor that cannot have children.
    pub(crate) parent: Option<Result<Arc<dyn AnyActor>, Urn>>,
    /// Generation of the parent's incarnation that the child belongs to, if it may belong to no
    /// other.
    pub(super) only_of: Option<u32>,
    pub(super) stop_within: Duration,
    pub(super) significant: bool,
}

impl Options {
    /// Returns the options of the struct's `#[actor(…)]`.
    pub(crate) fn of<A: Declared>() -> Self {
        Self {
            urn: A::URN.map(Urn::new),
            seed: Settings {
                mailbox: A::MAILBOX,
                overflow: A::OVERFLOW,
                strategy: A::STRATEGY,
                place: Place::Task,
                ask_timeout: A::TIMEOUT,
                counted: false,
            },
            parent: None,
            only_of: None,
            stop_within: STOP_WITHIN,
            significant: false,
        }
    }

    pub(crate) fn child_of<P: Actor>(&mut self, parent: &ActorRef<P>) {
        self.parent = Some(parent.resident().ok_or_else(|| parent.urn()));
        self.only_of = None;
    }

    /// Makes the actor a child of the parent's current incarnation.
    pub(crate) fn child_of_this<P: Actor>(&mut self, parent: &Arc<ActorCell<P>>) {
        self.parent = Some(Ok(parent.clone()));
        self.only_of = Some(parent.generation());
    }
}

impl<'s, A: Actor + Declared, B: Factory<A>> SpawnBuilder<'s, A, B> {
    pub(crate) fn new(system: &'s Arc<SystemInner>, factory: B) -> Self {
        Self::with(system, factory, Options::of::<A>())
    }

    pub(crate) fn with(system: &'s Arc<SystemInner>, factory: B, options: Options) -> Self {
        Self {
            system,
            factory,
            options,
            actor: PhantomData,
        }
    }

    /// Names the actor. A named actor lives until it is stopped or its system ends; an anonymous
    /// one, until its last reference is gone.
    pub fn urn(mut self, urn: impl AsRef<str>) -> Self {
        self.options.urn = Some(Urn::new(urn.as_ref()));
        self
    }

    /// Sets the capacity of the mailbox, at least one. The message whose turn runs does not count.
    pub fn mailbox(mut self, capacity: usize) -> Self {
        self.options.seed.mailbox = capacity;
        self
    }

    /// Sets the fate of a message that finds the mailbox full.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.options.seed.overflow = overflow;
        self
    }

    /// Sets the strategy: the children that are restarted along with a child that is.
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.options.seed.strategy = strategy;
        self
    }

    /// Restarts the actor when it fails, by a policy. Needs a source of fresh state: a closure, by
    /// `actor_with`, or `#[on(create)]`, by `create` with arguments that are `Clone`.
    // `R` and not `B::Restarting`, so that the compiler's error is the one of `Restartable`.
    pub fn restart<R>(self, policy: Restart) -> SpawnBuilder<'s, A, R>
    where
        B: Restartable<A, Restarting = R>,
    {
        SpawnBuilder {
            factory: self.factory.restarting(policy),
            system: self.system,
            options: self.options,
            actor: PhantomData,
        }
    }

    /// Makes the actor a child of `parent`, which supervises it and ends it when it ends itself. In
    /// a handler, [`Context::actor`](crate::node::Context::actor) does this. A child that is spawned
    /// while its parent is between two incarnations belongs to the next one; if there is no next
    /// one, the child is ended.
    ///
    /// An actor in another process cannot have children here: spawning then fails with
    /// [`SpawnError::ParentEnded`].
    pub fn child_of<P: Actor>(mut self, parent: &ActorRef<P>) -> Self {
        self.options.child_of(parent);
        self
    }

    pub(super) fn into_parts(self) -> (&'s Arc<SystemInner>, B, Options) {
        (self.system, self.factory, self.options)
    }

    pub(super) fn change(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    pub(super) fn system(&self) -> &'s Arc<SystemInner> {
        self.system
    }

    pub(crate) fn parent(mut self, parent: Arc<dyn AnyActor>) -> Self {
        self.options.parent = Some(Ok(parent));
        self
    }

    /// Sets the time that the actor has to end by itself when its parent ends, or restarts it with
    /// its siblings; then it is killed. Five seconds by default.
    pub fn stop_within(mut self, time: Duration) -> Self {
        self.options.stop_within = time;
        self
    }

    /// Makes the parent end when this actor ends, for any reason.
    ///
    /// ```
    /// use std::time::Duration;
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// struct Session;
    /// #[actor]
    /// impl Session {
    ///     #[on(start)]
    ///     fn start(&mut self, ctx: &mut Context<Self>) -> Result<(), SpawnError> {
    ///         ctx.actor(Reader).urn("reader").significant().spawn()?;
    ///         // It has a moment more to write what is left.
    ///         ctx.actor(Writer).stop_within(Duration::from_secs(10)).spawn()?;
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # #[actor]
    /// # struct Reader;
    /// # #[actor]
    /// # impl Reader {}
    /// #
    /// # #[actor]
    /// # struct Writer;
    /// # #[actor]
    /// # impl Writer {}
    /// #
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let session = system.spawn(Session)?;
    /// session.started().await?;
    /// let reader: ActorRef<Reader> = system.get("reader")?;
    /// let urn = reader.urn();
    /// reader.stop().await;
    /// assert_eq!(session.stopped().await, Some(StopReason::ChildEnded(urn)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn significant(mut self) -> Self {
        self.options.significant = true;
        self
    }

    /// Sets the default timeout of calls to this actor. Goes before `#[actor(timeout = "…")]` and
    /// [`System::with_ask_timeout`](super::System::with_ask_timeout); the call's own
    /// [`Call::timeout`](crate::call::Call::timeout) goes before this. `Duration::MAX` is for ever.
    pub fn ask_timeout(mut self, after: Duration) -> Self {
        self.options.seed.ask_timeout = Some(after);
        self
    }

    /// Spawns the actor as a task. The reference can be used at once; messages wait for
    /// `#[on(start)]`.
    ///
    /// # Errors
    /// Fails if the URN is invalid or taken, if no tokio runtime is entered, if the parent has
    /// ended, or if the system is shutting down. Fails also if the runtime has no timers and the
    /// actor ticks, has an `#[on(idle)]`, pauses before a restart, or is a child, whose end has a
    /// time limit.
    pub fn spawn(self) -> Result<ActorRef<A>, SpawnError>
    where
        A: TaskActor,
    {
        let runtime = Handle::try_current().map_err(|_| SpawnError::NoRuntime)?;
        if self.needs_timers() {
            timers::check()?;
        }
        let (cell, factory) = self.enter()?;
        let actor = ActorRef::local(cell.clone());
        turn_scope::is_task_of(runtime.id(), cell.id);
        let life = A::live(ActorTask::new(cell, factory));
        // With one type for all actors, a debug build compiles tokio's task once.
        #[cfg(debug_assertions)]
        let life: futures_util::future::BoxFuture<'static, ()> = Box::pin(life);
        runtime.spawn(life);
        Ok(actor)
    }

    fn needs_timers(&self) -> bool {
        !A::Inbox::TICKS.is_empty()
            || A::IDLE.is_some()
            || self.options.parent.is_some()
            || self.factory.pauses()
    }

    /// Gives the actor a thread of its own: for handlers that block, and for state that is not
    /// `Send`, which is made on that thread.
    pub fn on_thread(mut self) -> OnThread<'s, A, B> {
        self.options.seed.place = Place::Thread;
        OnThread::new(self)
    }

    /// Adds the actor to the table of its system, and to the children of its parent.
    pub(crate) fn enter(self) -> Result<(Arc<ActorCell<A>>, B), SpawnError> {
        let Options {
            urn,
            mut seed,
            parent,
            only_of,
            stop_within,
            significant,
        } = self.options;
        let urn = urn.transpose()?;
        let parent = parent
            .transpose()
            .map_err(|urn| SpawnError::ParentEnded { urn })?;
        let system = self.system;
        if seed.ask_timeout.is_none() {
            seed.ask_timeout = system.ask_timeout();
        }
        // Before the lock of the system is taken: a recorder is foreign code.
        let meter = Meter::of(system.name(), type_name::<A>());
        let make = |relations| {
            let name = urn.clone();
            system.enter(urn, |id| {
                // `new_cyclic` makes the cell in place; `Arc::new` would make it on the stack and
                // move it.
                let cell = Arc::new_cyclic(|_| {
                    ActorCell::new(id, system.clone(), name, &seed, relations, meter)
                });
                if system.hook().is_some() {
                    cell.mailbox.mark(Alert::Gate);
                }
                cell
            })
        };
        let Some(parent) = parent else {
            let relations = B::RESTARTS.then(|| Box::new(Relations::of(None, true)));
            return Ok((make(relations)?, self.factory));
        };
        let over = || parent.lifecycle().state() == State::Stopped;
        let ended = || SpawnError::ParentEnded { urn: parent.urn() };
        if over() {
            return Err(ended());
        }
        let mut made = None;
        parent.relations_to_be().adopt(only_of, || {
            let relations = Relations::of(Some(&parent), B::RESTARTS);
            let cell = make(Some(Box::new(relations)))?;
            let child = Child {
                resident: cell.clone(),
                stop_within,
                significant,
            };
            let id = cell.id;
            made = Some(cell);
            Ok::<_, SpawnError>((id, child))
        })?;
        let cell = made.ok_or_else(ended)?;
        if over() {
            // The parent ended in between, and may not have known of this child.
            drop(ActorTask::new(cell, self.factory).run());
            return Err(ended());
        }
        Ok((cell, self.factory))
    }
}

impl<A, B> fmt::Debug for SpawnBuilder<'_, A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpawnBuilder")
            .field("urn", &self.options.urn)
            .field("mailbox", &self.options.seed.mailbox)
            .field("overflow", &self.options.seed.overflow)
            .field("ask_timeout", &self.options.seed.ask_timeout)
            .finish_non_exhaustive()
    }
}
