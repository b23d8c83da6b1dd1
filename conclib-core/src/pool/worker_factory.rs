//! Spawning of the workers of a pool: as tasks, on threads, or by another crate.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use conclib_wire::Urn;
use tokio::runtime::Handle;

use super::left_queue::LeftQueue;
use super::workers::Workers;
use crate::actor::{
    Failed, PortableData, PortableSource, Restart, Restarting, StateSource, TaskActor,
};
use crate::error::SpawnError;
use crate::mailbox::Signal;
use crate::node::{Actor, ActorRef, Context, Declared, SystemInner};
use crate::system::{Elsewhere, Options, SpawnBuilder};
use crate::time::timers;

/// Spawner of the workers of a pool. Knows if they run as tasks or on threads; the pool does not.
pub(crate) trait WorkerFactory<A: Actor>: Send {
    /// Spawns the worker of that index, which begins to handle messages after `delay`.
    fn create(
        &self,
        pool_workers: &Arc<Workers<A>>,
        place: usize,
        delay: Duration,
    ) -> Result<ActorRef<A>, SpawnError>;
}

/// Marker: the workers are tasks of the runtime that the pool was spawned in.
#[derive(Debug)]
pub struct Tasks(pub(crate) Option<Handle>);

/// Marker: each worker has a thread of its own.
#[derive(Debug)]
pub struct OnThreads(pub(crate) PhantomData<()>);

/// Start of workers in another place, by another crate: each in a process of its own, for instance.
#[doc(hidden)]
pub trait WorkersElsewhere<A: Actor, T>: Send + 'static {
    /// Starts the worker of that index, and returns at once: messages wait for its start.
    fn start(&self, place: usize, worker: Elsewhere<'_, A, T>) -> Result<ActorRef<A>, SpawnError>;
}

/// Marker: another crate starts the workers.
#[derive(Debug)]
pub(crate) struct Away<W>(pub(crate) W);

/// Settings that are the same for all the workers.
pub(crate) struct Recruiter<S, P> {
    pub(crate) system: Arc<SystemInner>,
    pub(crate) source: S,
    pub(crate) options: Options,
    pub(crate) policy: Restart,
    pub(crate) place: P,
}

impl<S: Clone, P> Recruiter<S, P> {
    /// Returns the name of the worker at that index, if the pool has a name.
    fn urn(&self, place: usize) -> Option<String> {
        match &self.options.urn {
            Some(Ok(urn)) => Some(format!("{urn}-{place}")),
            _ => None,
        }
    }

    fn worker<A: Actor + Declared>(
        &self,
        pool_workers: &Arc<Workers<A>>,
        place: usize,
        delay: Duration,
    ) -> SpawnBuilder<'_, A, Restarting<DelayedSource<A, S>>>
    where
        S: StateSource<A>,
    {
        let source = self.source.clone();
        let pool_workers = Arc::downgrade(pool_workers);
        let later = DelayedSource {
            source,
            delay,
            pool_workers,
        };
        let factory = Restarting::new(later, self.policy);
        let worker = SpawnBuilder::with(&self.system, factory, self.options.clone());
        match self.urn(place) {
            Some(urn) => worker.urn(urn),
            None => worker,
        }
    }
}

impl<A: TaskActor, S: StateSource<A> + Clone + Send> WorkerFactory<A> for Recruiter<S, Tasks> {
    fn create(
        &self,
        pool_workers: &Arc<Workers<A>>,
        place: usize,
        delay: Duration,
    ) -> Result<ActorRef<A>, SpawnError> {
        // The end of a worker, and so its replacement, may run on a thread of any runtime.
        let _in = self.place.0.as_ref().map(Handle::enter);
        self.worker(pool_workers, place, delay).spawn()
    }
}

impl<A: Actor + Declared, S: StateSource<A> + Clone + Send> WorkerFactory<A>
    for Recruiter<S, OnThreads>
{
    fn create(
        &self,
        pool_workers: &Arc<Workers<A>>,
        place: usize,
        delay: Duration,
    ) -> Result<ActorRef<A>, SpawnError> {
        self.worker(pool_workers, place, delay).on_thread().spawn()
    }
}

impl<A, S, W> WorkerFactory<A> for Recruiter<S, Away<W>>
where
    A: Actor,
    S: PortableSource<A> + Send,
    W: WorkersElsewhere<A, S::Data>,
{
    fn create(
        &self,
        _: &Arc<Workers<A>>,
        place: usize,
        delay: Duration,
    ) -> Result<ActorRef<A>, SpawnError> {
        let mut options = self.options.clone();
        options.urn = self.urn(place).map(Urn::new);
        let data = Some(self.source.data());
        let worker = Elsewhere::new(&self.system, options, data, Some(self.policy));
        self.place.0.start(place, Elsewhere { delay, ..worker })
    }
}

/// Closure that all workers share.
#[doc(hidden)]
#[derive(Debug)]
pub struct Common<F>(pub(crate) Arc<F>);

impl<F> Clone for Common<F> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<A: Actor, F: Fn() -> A + Send + Sync + 'static> StateSource<A> for Common<F> {
    // `make` and not `ready`, since the state of an actor on a thread of its own need not be
    // `Send`.
    async fn make(&mut self, _: &mut Context<A>) -> Result<A, Failed> {
        Ok((self.0)())
    }
}

impl<A, F> PortableSource<A> for Common<F>
where
    A: Actor + PortableData + Send,
    F: Fn() -> A + Send + Sync + 'static,
{
    type Data = A;
    const IS_ARGS: bool = false;

    fn data(&self) -> A {
        (self.0)()
    }
}

/// Source of a worker's state that makes it after a pause. Messages that are sent meanwhile wait in
/// the mailbox of the new worker.
pub(crate) struct DelayedSource<A: Actor, S> {
    source: S,
    delay: Duration,
    pool_workers: Weak<Workers<A>>,
}

impl<A: Actor, S: StateSource<A>> StateSource<A> for DelayedSource<A, S> {
    async fn make(&mut self, ctx: &mut Context<A>) -> Result<A, Failed> {
        let delay = std::mem::take(&mut self.delay);
        if !delay.is_zero() {
            let cell = ctx.cell();
            if let Some(relations) = cell.relations() {
                relations.mark_down();
            }
            cell.settle(true);
            let mut waited = pin!(timers::pause(delay));
            poll_fn(|cx| match cell.mailbox.signal() {
                Signal::None => waited.as_mut().poll(cx),
                // The actor is told to end, so its queued messages are handled now or never.
                _ => Poll::Ready(()),
            })
            .await;
            if let Some(relations) = cell.relations() {
                relations.begin_incarnation(|| ());
            }
        }
        self.source.make(ctx).await
    }

    /// Passes the queue of an actor that was told to end at once to the pool.
    fn inherit(&mut self, ctx: &Context<A>, queue: &mut VecDeque<A::Inbox>) {
        let cell = ctx.cell();
        if cell.mailbox.signal() <= Signal::Drain
            && !queue.is_empty()
            && let Some(pool_workers) = self.pool_workers.upgrade()
        {
            pool_workers.keep_queue(LeftQueue::new(cell, queue));
        }
    }
}
