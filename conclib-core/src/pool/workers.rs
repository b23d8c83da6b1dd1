//! Workers of a pool, and their replacement after they have ended.
//!
//! Three locks, taken in this order: `replacing`, under which workers are spawned; `workers`, the list
//! that every send reads; `vacancy`, the senders that wait for a replacement. No user code runs
//! under `workers` or `vacancy`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
};
use std::task::Waker;
use std::time::Duration;

use conclib_wire::{StopReason, Urn};

use super::left_queue::LeftQueue;
use super::name::PoolName;
use super::routing::{self, Routing};
use super::worker_factory::WorkerFactory;
use crate::actor::{History, Restart};
use crate::actor_id::ActorId;
use crate::error::SpawnError;
use crate::mailbox::Signal;
use crate::named::Named;
use crate::node::{Actor, ActorCell, ActorRef, AnyActor, EndObserver, Stopping, SystemInner};
use crate::observe::log;

pub(crate) struct Workers<A: Actor> {
    pub(crate) system: Arc<SystemInner>,
    urn: OnceLock<Urn>,
    /// Name that brokers find the pool by, until it is stopped.
    name: Mutex<Option<PoolName>>,
    routing: Routing,
    workers: RwLock<Vec<Worker<A>>>,
    /// Index at which the next choice of a worker begins.
    next: AtomicUsize,
    replacing: Mutex<Replacing<A>>,
    vacancy: Mutex<VacancyWaiters>,
    /// Queues of workers that have ended, until their replacements are spawned.
    left_queues: Mutex<Vec<LeftQueue<A>>>,
}

pub(crate) struct Worker<A: Actor> {
    pub(crate) actor: ActorRef<A>,
    /// True if the worker has ended and is not replaced.
    pub(crate) is_lost: bool,
}

struct Replacing<A: Actor> {
    factory: Box<dyn WorkerFactory<A>>,
    /// Restart policy with the pauses before a worker that failed for good is replaced.
    replace: Restart,
    /// Failures after which the worker at each index had to be replaced, with their times.
    histories: Vec<History>,
    /// Queues that wait for the successor of a worker that is ending.
    unclaimed_queues: Vec<LeftQueue<A>>,
    is_closed: bool,
}

#[derive(Default)]
struct VacancyWaiters {
    /// Number of replacements that were made or given up.
    filled: usize,
    waiting: Vec<Waker>,
}

/// Shortest pause before a worker that failed is replaced, since one that fails at every start is
/// replaced without end.
const SHORTEST: Duration = Duration::from_millis(1);

impl<A: Actor> Workers<A> {
    pub(crate) fn new(
        system: Arc<SystemInner>,
        urn: Option<Urn>,
        routing: Routing,
        factory: Box<dyn WorkerFactory<A>>,
        policy: Restart,
    ) -> Self {
        Self {
            system,
            urn: urn.map_or_else(OnceLock::new, OnceLock::from),
            name: Mutex::default(),
            routing,
            workers: RwLock::default(),
            next: AtomicUsize::new(0),
            replacing: Mutex::new(Replacing {
                factory,
                // Replacement is never given up; only the pause grows.
                replace: policy.max(1, Duration::ZERO),
                histories: Vec::new(),
                unclaimed_queues: Vec::new(),
                is_closed: false,
            }),
            vacancy: Mutex::default(),
            left_queues: Mutex::default(),
        }
    }

    /// Claims the name of the pool, by which a broker finds a worker.
    pub(crate) fn claim_name(self: &Arc<Self>) -> Result<(), SpawnError> {
        if let Some(urn) = self.urn.get() {
            let name = PoolName::claim(self, urn.clone())?;
            *self.name() = Some(name);
        }
        Ok(())
    }

    fn name(&self) -> MutexGuard<'_, Option<PoolName>> {
        self.name.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the index of the worker that a message is offered to first.
    pub(crate) fn first(&self, key: Option<u64>) -> usize {
        let workers = self.read();
        match key {
            Some(key) => routing::place(key, workers.len()),
            None => {
                let next = self.next.fetch_add(1, Ordering::Relaxed);
                self.routing.choose(&workers, next)
            }
        }
    }

    /// Returns the worker at that index, modulo the number of workers.
    pub(crate) fn at(&self, place: usize) -> Option<ActorRef<A>> {
        let workers = self.read();
        let at = place.checked_rem(workers.len())?;
        Some(workers[at].actor.clone())
    }

    /// Returns true if the worker at that index has ended and is not replaced.
    pub(crate) fn is_lost(&self, place: usize) -> bool {
        let workers = self.read();
        let at = place.checked_rem(workers.len());
        at.is_none_or(|at| workers[at].is_lost)
    }

    /// Returns the number of workers, lost ones included.
    pub(crate) fn places(&self) -> usize {
        self.read().len()
    }

    pub(crate) fn working(&self) -> Vec<ActorRef<A>> {
        let workers = self.read();
        let working = workers.iter().filter(|worker| !worker.is_lost);
        working.map(|worker| worker.actor.clone()).collect()
    }

    /// Returns true if no worker lives, and none will be spawned.
    pub(crate) fn is_over(&self) -> bool {
        self.read().iter().all(|worker| worker.is_lost)
    }

    /// Returns the number of replacements so far, to be compared later.
    pub(crate) fn filled(&self) -> usize {
        self.vacancy().filled
    }

    /// Registers a waker for the next replacement. False if one was made since `filled` was read.
    pub(crate) fn await_filled(&self, filled: usize, waker: &Waker) -> bool {
        let mut vacancy = self.vacancy();
        let is_in_time = vacancy.filled == filled;
        if is_in_time && !vacancy.waiting.iter().any(|one| one.will_wake(waker)) {
            vacancy.waiting.push(waker.clone());
        }
        is_in_time
    }

    fn announce(&self) {
        let mut vacancy = self.vacancy();
        vacancy.filled += 1;
        let waiting = std::mem::take(&mut vacancy.waiting);
        drop(vacancy);
        for waker in waiting {
            waker.wake();
        }
    }

    pub(crate) fn resize(self: &Arc<Self>, size: usize) -> Result<(), SpawnError> {
        let size = size.max(1);
        let mut replacing = self.replacing();
        if replacing.is_closed {
            return Err(SpawnError::PoolStopped { urn: self.urn() });
        }
        let surplus = {
            let mut workers = self.write();
            let size = size.min(workers.len());
            workers.split_off(size)
        };
        replacing.histories.truncate(size);
        // Surplus workers handle their queued messages and end without a replacement.
        for worker in surplus {
            drop(worker.actor.stop());
        }
        for place in 0..size {
            let is_vacant = self.read().get(place).is_none_or(|one| one.is_lost);
            if is_vacant {
                self.fill(&mut replacing, place, Duration::ZERO, &mut None)?;
            }
        }
        Ok(())
    }

    /// Tells all workers to end, without replacements.
    pub(crate) fn stop(&self) -> Vec<Stopping> {
        self.replacing().is_closed = true;
        drop(self.name().take());
        let mut workers = Vec::new();
        for worker in &mut *self.write() {
            worker.is_lost = true;
            workers.push(worker.actor.clone());
        }
        let ends = workers.iter().map(ActorRef::stop).collect();
        self.announce();
        ends
    }

    /// Spawns a worker at that index.
    fn fill(
        self: &Arc<Self>,
        replacing: &mut Replacing<A>,
        place: usize,
        mut delay: Duration,
        left_queue: &mut Option<LeftQueue<A>>,
    ) -> Result<(), SpawnError> {
        loop {
            if replacing.histories.len() <= place {
                replacing.histories.push(History::new(replacing.replace));
            }
            replacing.histories[place].begin_in(delay);
            let actor = replacing.factory.create(self, place, delay)?;
            // The inherited messages go before those of senders that wait for this worker.
            if let Some(left_queue) = left_queue {
                left_queue.give(&actor);
            }
            for mut unclaimed in std::mem::take(&mut replacing.unclaimed_queues) {
                unclaimed.give(&actor);
                replacing.unclaimed_queues.extend(unclaimed.rest());
            }
            let id = actor.any().ok().map(AnyActor::id);
            let worker = Worker {
                actor: actor.clone(),
                is_lost: false,
            };
            let mut workers = self.write();
            let before = match workers.get_mut(place) {
                Some(before) => Some(std::mem::replace(before, worker)),
                None => {
                    workers.push(worker);
                    None
                }
            };
            drop(workers);
            drop(before);
            self.announce();
            let Some(id) = id else {
                return Ok(());
            };
            let me = Arc::downgrade(self);
            // From here on the pool is notified of the worker's end, once the `replacing` lock is
            // free.
            if self.system.observe_end(id, self.key(), me) {
                return Ok(());
            }
            let rest = left_queue.take();
            *left_queue = LeftQueue::joined(self.left_queue_of(id), rest);
            let reason = actor
                .any()
                .ok()
                .and_then(|actor| actor.lifecycle().reason());
            match replacing.after(place, &actor, &reason.unwrap_or(StopReason::Stopped)) {
                Some(next) => delay = next,
                None => {
                    self.lose(place);
                    return Ok(());
                }
            }
        }
    }

    /// Replaces a worker that has ended, unless the pool has stopped or has shrunk.
    fn replace(
        self: &Arc<Self>,
        who: ActorId,
        reason: &StopReason,
        left_queue: &mut Option<LeftQueue<A>>,
    ) {
        let mut replacing = self.replacing();
        let is_who = |worker: &Worker<A>| worker.actor.any().is_ok_and(|actor| actor.id() == who);
        let (place, actor) = {
            let workers = self.read();
            match workers.iter().position(is_who) {
                Some(place) if !replacing.is_closed => (place, workers[place].actor.clone()),
                _ => return,
            }
        };
        let Some(delay) = replacing.after(place, &actor, reason) else {
            return self.lose(place);
        };
        match self.fill(&mut replacing, place, delay, left_queue) {
            Ok(()) => {
                log::worker_replaced(&actor.urn(), reason);
            }
            Err(error) => {
                // The pool ends with its system or its parent.
                if !matches!(
                    error,
                    SpawnError::ShuttingDown { .. } | SpawnError::ParentEnded { .. }
                ) {
                    log::worker_not_replaced(&actor.urn(), &error);
                }
                self.lose(place);
            }
        }
    }

    /// Keeps the queue of a worker until the pool is notified of the worker's end.
    pub(crate) fn keep_queue(&self, left_queue: LeftQueue<A>) {
        self.left_queues().push(left_queue);
    }

    /// Keeps messages for the successor of a worker that is ending. Returns those
    /// that no successor comes for.
    fn keep(&self, rest: Option<LeftQueue<A>>) -> Vec<LeftQueue<A>> {
        let mut replacing = self.replacing();
        // A successor may have come meanwhile.
        let rest = rest.and_then(|rest| rest.pass_on(self));
        replacing.unclaimed_queues.extend(rest);
        match self.is_over() {
            true => std::mem::take(&mut replacing.unclaimed_queues),
            false => Vec::new(),
        }
    }

    fn left_queue_of(&self, worker: ActorId) -> Option<LeftQueue<A>> {
        let mut left_queues = self.left_queues();
        let at = left_queues.iter().position(|it| it.cell.id == worker)?;
        Some(left_queues.swap_remove(at))
    }

    fn left_queues(&self) -> MutexGuard<'_, Vec<LeftQueue<A>>> {
        self.left_queues
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks the worker at that index as not replaced.
    fn lose(&self, place: usize) {
        if let Some(worker) = self.write().get_mut(place) {
            worker.is_lost = true;
        }
        self.announce();
    }

    fn key(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    fn replacing(&self) -> MutexGuard<'_, Replacing<A>> {
        self.replacing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn vacancy(&self) -> MutexGuard<'_, VacancyWaiters> {
        self.vacancy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Worker<A>>> {
        self.workers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Worker<A>>> {
        self.workers.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<A: Actor> Replacing<A> {
    /// Returns the pause before a worker that has ended is replaced; `None` if it ended because its
    /// runtime was shut down.
    fn after(
        &mut self,
        place: usize,
        actor: &ActorRef<A>,
        reason: &StopReason,
    ) -> Option<Duration> {
        let is_told = actor.signal() != Signal::None;
        let handled = |cell: &Arc<ActorCell<A>>| cell.stats.handled.load(Ordering::Relaxed);
        match reason {
            // No pause only for a worker that has handled a message: one that stops at every start
            // would be replaced in a busy loop.
            _ if is_told && actor.cell().map_or(0, handled) > 0 => Some(Duration::ZERO),
            StopReason::Killed if !is_told => None,
            _ => Some(self.histories.get_mut(place)?.next()?.max(SHORTEST)),
        }
    }
}

impl<A: Actor> EndObserver for Workers<A> {
    fn ended(self: Arc<Self>, who: ActorId, reason: &StopReason) {
        let mut left_queue = self.left_queue_of(who);
        self.replace(who, reason, &mut left_queue);
        let rest = left_queue.and_then(|left_queue| left_queue.pass_on(&self));
        let refused = self.keep(rest);
        // With no lock held: a refused message may run any code as it is dropped.
        drop(refused);
    }
}

impl<A: Actor> Named for Workers<A> {
    fn urn(&self) -> Urn {
        let urn = self.urn.get_or_init(Urn::anonymous);
        match self.system.is_dropped() {
            true => urn.of_dropped_system(),
            false => urn.clone(),
        }
    }
}
