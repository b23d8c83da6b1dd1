//! Shared state of a system: its actors by age and by name, its events, brokers and threads.

use std::any::Any;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::Waker;
use std::thread::JoinHandle;
use std::time::Duration;

use conclib_wire::{CycleStep, NodeId, State, StopReason, Urn};
use tokio::sync::broadcast;

use super::any_actor::AnyActor;
use super::extensions::Extensions;
use super::names::{Found, Names};
use super::table::{EndObserver, SharedName, Table, Unpublished};
use crate::actor_id::ActorId;
use crate::deadlock::Waits;
use crate::directory::Directory;
use crate::error::SpawnError;
use crate::events::{DeadLetter, DeadLetterCause, Event, Events};
use crate::hook::TurnHook;
use crate::named::Named;
use crate::remote::Relays;
use crate::snapshot::{Links, SystemSnapshot};
use crate::spi::Broker;

/// Thread of an actor. The actor holds its system, so the system must not hold the actor.
type Own = (Weak<dyn AnyActor>, JoinHandle<()>);

/// State that the handles of a system and its actors share.
pub(crate) struct SystemInner {
    name: String,
    node: NodeId,
    /// Number of handles that are left; the drop of the last one ends the actors.
    pub(crate) handles: AtomicUsize,
    table: Mutex<Table>,
    events: broadcast::Sender<Event>,
    /// Number of event listeners: without one, no event is made.
    listeners: Arc<AtomicUsize>,
    dead_letters: AtomicU64,
    brokers: Mutex<Vec<Arc<dyn Broker>>>,
    /// Wait-for graph of this process, over all its systems.
    pub(crate) waits: &'static Waits,
    /// Threads of the actors that have one.
    threads: Mutex<Vec<Own>>,
    pub(crate) extensions: Extensions,
    /// Default timeout of a call, in nanoseconds.
    ask_timeout: AtomicU64,
    /// Hook of the test kit, while the system is under test.
    hook: OnceLock<Arc<dyn TurnHook>>,
}

/// Value of `ask_timeout` for none.
const NO_TIMEOUT: u64 = u64::MAX;

impl SystemInner {
    pub(crate) fn new(name: String) -> Self {
        Self {
            name,
            node: NodeId::random(),
            handles: AtomicUsize::new(1),
            table: Mutex::default(),
            events: Events::channel(),
            listeners: Arc::default(),
            dead_letters: AtomicU64::new(0),
            brokers: Mutex::default(),
            waits: Waits::of_process(),
            threads: Mutex::default(),
            extensions: Extensions::default(),
            ask_timeout: AtomicU64::new(NO_TIMEOUT),
            hook: OnceLock::new(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn node(&self) -> NodeId {
        self.node
    }

    /// Returns true once the last handle is dropped.
    pub(crate) fn is_dropped(&self) -> bool {
        self.handles.load(Ordering::Relaxed) == 0
    }

    pub(crate) fn ask_timeout(&self) -> Option<Duration> {
        let nanos = self.ask_timeout.load(Ordering::Relaxed);
        (nanos != NO_TIMEOUT).then(|| Duration::from_nanos(nanos))
    }

    /// Sets the default timeout; a time longer than 64 bits of nanoseconds is none.
    pub(crate) fn set_ask_timeout(&self, after: Duration) {
        let nanos = u64::try_from(after.as_nanos()).unwrap_or(NO_TIMEOUT);
        self.ask_timeout.store(nanos, Ordering::Relaxed);
    }

    /// Adds the actor that `make` makes, under its name if it has one.
    #[inline(always)]
    pub(crate) fn enter<R: AnyActor>(
        &self,
        urn: Option<Urn>,
        make: impl FnOnce(ActorId) -> Arc<R>,
    ) -> Result<Arc<R>, SpawnError> {
        let mut table = self.table();
        if table.closed {
            let system = self.name.clone();
            return Err(SpawnError::ShuttingDown { system });
        }
        match urn {
            Some(urn) if table.is_taken(&urn) => Err(SpawnError::UrnTaken {
                urn,
                system: self.name.clone(),
            }),
            urn => {
                let entered = table.enter(urn, make);
                wake_readers(table);
                Ok(entered)
            }
        }
    }

    /// Enters the name of an anonymous actor, which `made` makes once. That is under
    /// the lock, so that the end of the actor sees the name or comes before it.
    pub(crate) fn name_anonymous(&self, id: ActorId, made: impl FnOnce() -> Urn) -> Urn {
        let mut table = self.table();
        let urn = made();
        table.name(id, &urn);
        urn
    }

    /// Removes an actor that has ended, and frees its names.
    pub(crate) fn forget(&self, id: ActorId, reason: &StopReason) {
        let mut table = self.table();
        let removed = table.remove(id);
        wake_readers(table);
        // Called without the lock: the drop of an actor or an observer may use the table.
        if let Some(observers) = removed.observers {
            for observer in observers.into_values() {
                if let Some(observer) = observer.upgrade() {
                    observer.ended(id, reason);
                }
            }
        }
        if let Some(hook) = self.hook() {
            hook.ended(id);
        }
    }

    /// Returns the test kit, if the system is under test.
    pub(crate) fn hook(&self) -> Option<&Arc<dyn TurnHook>> {
        self.hook.get()
    }

    /// Returns the test kit, set to `hook` if there is none.
    pub(crate) fn hook_to_be(&self, hook: Arc<dyn TurnHook>) -> &Arc<dyn TurnHook> {
        self.hook.get_or_init(|| hook)
    }

    /// Registers a follower of an actor's end. Returns false if the actor has ended already.
    pub(crate) fn observe_end(
        &self,
        id: ActorId,
        key: usize,
        observer: Weak<dyn EndObserver>,
    ) -> bool {
        self.table().observe_end(id, key, observer)
    }

    pub(crate) fn unobserve_end(&self, id: ActorId, key: usize) {
        let observer = self.table().unobserve_end(id, key);
        drop(observer);
    }

    /// Gives an actor a further name.
    pub(crate) fn publish(&self, id: ActorId, urn: Urn) -> Result<(), Unpublished> {
        let mut table = self.table();
        let published = table.publish(id, urn);
        wake_readers(table);
        published
    }

    /// Withdraws a name that was published.
    pub(crate) fn withdraw(&self, urn: &str) -> bool {
        let mut table = self.table();
        let withdrawn = table.withdraw(urn);
        wake_readers(table);
        withdrawn
    }

    /// Returns a reader of the names of the actors.
    pub(crate) fn names(&self) -> Names {
        self.table().read_names()
    }

    pub(crate) fn find(&self, urn: &str) -> Option<Arc<dyn AnyActor>> {
        self.table().find(urn).cloned()
    }

    /// Returns the actors of other processes that this system has passed on under its own address.
    pub(crate) fn relays(&self) -> Arc<Relays> {
        self.extensions.get()
    }

    pub(crate) fn find_named(&self, urn: &str) -> Option<Arc<dyn AnyActor>> {
        self.table().find_named(urn).cloned()
    }

    /// Finds the actor for a request from outside, by a name of its own or one that it shares.
    pub(crate) fn find_for_request(
        &self,
        urn: &str,
        only_named: bool,
    ) -> Option<Arc<dyn AnyActor>> {
        let shared = {
            let table = self.table();
            match table.find_for_request(urn, only_named) {
                Some(actor) => return Some(actor.clone()),
                None => table.shared(urn),
            }
        };
        // Called without the lock: the choice looks at the actors.
        shared?.upgrade()?.choose()
    }

    /// Finds the owner of a name.
    pub(crate) fn find_name(&self, urn: &str, only_named: bool) -> Option<Found> {
        let table = self.table();
        match table.find_for_request(urn, only_named) {
            Some(_) => Some(Found::Actor),
            None => table.shared(urn).map(|_| Found::Pool),
        }
    }

    /// Enters a name that leads to one of several actors.
    pub(crate) fn share_name(
        &self,
        urn: Urn,
        owner: Weak<dyn SharedName>,
    ) -> Result<(), SpawnError> {
        self.free_shared_name(&urn);
        let mut table = self.table();
        let system = || self.name.clone();
        if table.closed {
            return Err(SpawnError::ShuttingDown { system: system() });
        }
        let shared = table.share(urn, owner);
        wake_readers(table);
        shared.map_err(|urn| SpawnError::UrnTaken {
            urn,
            system: system(),
        })
    }

    pub(crate) fn unshare_name(&self, urn: &Urn, owner: &Weak<dyn SharedName>) {
        let mut table = self.table();
        table.unshare(urn, owner);
        wake_readers(table);
    }

    /// Frees a shared name whose actors have all ended.
    fn free_shared_name(&self, urn: &Urn) {
        let owner = self.table().shared(urn.as_str());
        if let Some(owner) = owner
            && owner.upgrade().is_none_or(|owner| owner.is_over())
        {
            self.unshare_name(urn, &owner);
        }
    }

    pub(crate) fn resident(&self, id: ActorId) -> Option<Arc<dyn AnyActor>> {
        self.table().get(id).cloned()
    }

    pub(crate) fn urn_of(&self, id: ActorId) -> Option<Urn> {
        self.resident(id).map(|resident| resident.urn())
    }

    /// Returns all actors, oldest first.
    pub(crate) fn residents(&self) -> impl DoubleEndedIterator<Item = Arc<dyn AnyActor>> + use<> {
        let all = self.table().by_age();
        all.into_iter()
    }

    /// Refuses new actors from now on.
    pub(crate) fn close(&self) {
        self.table().closed = true;
    }

    pub(crate) fn attach(&self, broker: Arc<dyn Broker>) -> Result<(), SpawnError> {
        let table = self.table();
        if table.closed {
            let system = self.name.clone();
            return Err(SpawnError::ShuttingDown { system });
        }
        // Pushed under the lock of the table, so that a shutdown that begins now finds the broker.
        self.brokers().push(broker);
        Ok(())
    }

    pub(crate) fn take_brokers(&self) -> Vec<Arc<dyn Broker>> {
        std::mem::take(&mut *self.brokers())
    }

    /// Keeps the thread of an actor, to join it at the shutdown.
    pub(crate) fn own_thread(&self, actor: Weak<dyn AnyActor>, thread: JoinHandle<()>) {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.retain(|(_, thread)| !thread.is_finished());
        threads.push((actor, thread));
    }

    /// Takes the threads whose actors have ended: these threads are about to end, too.
    pub(crate) fn take_ending_threads(&self) -> Vec<JoinHandle<()>> {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = |actor: &Weak<dyn AnyActor>| {
            let actor = actor.upgrade();
            actor.is_none_or(|actor| actor.lifecycle().state() == State::Stopped)
        };
        let lifecycle = threads.extract_if(.., |(actor, _)| ended(actor));
        lifecycle.map(|(_, thread)| thread).collect()
    }

    pub(crate) fn refuse_new_requests(&self) {
        for broker in &*self.brokers() {
            broker.refuse_new();
        }
    }

    pub(crate) fn events(&self) -> Events {
        Events::new(&self.events, self.listeners.clone())
    }

    /// Makes and sends an event only if there is a listener.
    pub(crate) fn emit(&self, event: impl FnOnce() -> Event) {
        if self.listeners.load(Ordering::Relaxed) > 0 {
            // The last listener may just have left.
            let _ = self.events.send(event());
        }
    }

    /// Counts and reports a message that was not handled.
    pub(crate) fn lost(
        &self,
        to: &dyn Named,
        message: &'static str,
        from: Option<ActorId>,
        cause: DeadLetterCause,
    ) {
        self.dead_letters.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(target: "conclib", urn = %to.urn(), request = message, ?cause, "dead letter");
        self.emit(|| {
            Event::DeadLetter(DeadLetter {
                urn: to.urn(),
                message,
                from: from.and_then(|id| self.urn_of(id)),
                cause,
            })
        });
    }

    pub(crate) fn snapshot(&self) -> SystemSnapshot {
        SystemSnapshot {
            name: self.name.clone(),
            pid: std::process::id(),
            actors: self
                .residents()
                .map(|resident| resident.snapshot())
                .collect(),
            dead_letters: self.dead_letters.load(Ordering::Relaxed),
            links: self.extensions.get::<Links>().snapshot(),
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn brokers(&self) -> MutexGuard<'_, Vec<Arc<dyn Broker>>> {
        self.brokers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Unlocks the table, and wakes the readers of its names that were told of a change.
#[inline]
fn wake_readers(table: MutexGuard<'_, Table>) {
    if table.has_readers() {
        wake_all_readers(table);
    }
}

#[cold]
fn wake_all_readers(mut table: MutexGuard<'_, Table>) {
    let wakers = table.take_wakers();
    drop(table);
    wakers.into_iter().for_each(Waker::wake);
}

impl Directory for SystemInner {
    fn name(&self, actor: ActorId) -> Option<CycleStep> {
        let actor = self.resident(actor)?;
        Some(CycleStep::new(actor.type_name().into(), actor.urn()))
    }

    fn node(&self) -> NodeId {
        self.node
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}
