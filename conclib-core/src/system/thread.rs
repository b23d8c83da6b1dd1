//! Actors that have a thread of their own.

use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::{fmt, io};

use tokio::runtime::Builder;
use tokio::task::LocalSet;

use super::spawn::SpawnBuilder;
use crate::actor::{ActorTask, Factory};
use crate::error::SpawnError;
use crate::node::{Actor, ActorRef, AnyActor, Declared};
use crate::turn_scope;

/// Builder of an actor with a thread of its own.
///
/// The actor's handlers may block, and call [`Call::blocking`](crate::call::Call::blocking); its state
/// need not be `Send`, if its `impl` says `#[actor(thread)]`. The thread has a tokio runtime of its
/// own, with timers, io and `spawn_local`; so the actor can be spawned from anywhere, outside of a
/// runtime too. The thread ends with the actor.
///
/// ```
/// use std::cell::RefCell;
/// use std::rc::Rc;
/// use conclib::prelude::*;
///
/// #[actor]
/// struct Counter { shared: Rc<RefCell<u64>> }
///
/// #[actor(thread)]
/// impl Counter {
///     #[message]
///     fn add(&mut self, by: u64) -> u64 {
///         *self.shared.borrow_mut() += by;
///         *self.shared.borrow()
///     }
/// }
///
/// fn main() -> conclib::Result {
///     let system = System::new("docs");
///     let make = || Counter { shared: Rc::default() };
///     let counter = system.actor_with(make).on_thread().spawn()?;
///     assert_eq!(counter.add(2).blocking()?, 2);
///     Ok(())
/// }
/// ```
#[must_use = "nothing is spawned before `.spawn()`"]
pub struct OnThread<'s, A, B> {
    actor: SpawnBuilder<'s, A, B>,
    cpu: Option<usize>,
}

impl<'s, A: Actor + Declared, B: Factory<A>> OnThread<'s, A, B> {
    pub(super) fn new(actor: SpawnBuilder<'s, A, B>) -> Self {
        Self { actor, cpu: None }
    }

    /// Pins the thread to one CPU, counted from zero. On Linux only: on other systems
    /// [`spawn`](Self::spawn) fails.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// struct Pump;
    ///
    /// #[actor]
    /// impl Pump {
    ///     #[message]
    ///     fn turn(&mut self) -> u64 { 1 }
    /// }
    ///
    /// fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     let pump = system.actor_with(|| Pump).on_thread().pin_to(0).spawn()?;
    ///     assert_eq!(pump.turn().blocking()?, 1);
    ///     Ok(())
    /// }
    /// ```
    pub fn pin_to(mut self, cpu: usize) -> Self {
        self.cpu = Some(cpu);
        self
    }

    /// Spawns the actor. The reference can be used at once; messages wait for `#[on(start)]`.
    ///
    /// # Errors
    /// Fails if the URN is invalid or taken, if the parent has ended, if the system is shutting
    /// down, if no thread can be started, or if there is no such CPU.
    pub fn spawn(self) -> Result<ActorRef<A>, SpawnError> {
        let Self { actor, cpu } = self;
        let system = actor.system().clone();
        // The thread is started before the actor is entered, so that an entered actor always runs.
        let (thread, first) =
            start(short_name::<A>(), cpu).map_err(|error| SpawnError::Thread {
                detail: error.to_string(),
            })?;
        let (cell, factory) = actor.enter()?;
        let reference = ActorRef::local(cell.clone());
        let resident: Arc<dyn AnyActor> = cell.clone();
        system.own_thread(Arc::downgrade(&resident), thread);
        // The thread waits for the actor, so the receiver is there.
        let _ = first.send(Box::new(|| Box::pin(ActorTask::new(cell, factory).run())));
        Ok(reference)
    }
}

/// Maker of the task of an actor, on the thread of the actor, as the task may not be `Send`. The
/// types are erased, or tokio's runtime would be compiled anew for each type of actor.
type MakeTask = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// Starts a thread with a runtime, which waits for its task. The thread ends if the sender is
/// dropped.
fn start(name: String, cpu: Option<usize>) -> io::Result<(JoinHandle<()>, mpsc::Sender<MakeTask>)> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (first, task) = mpsc::channel::<MakeTask>();
    let (tell, told) = mpsc::channel();
    let thread = thread::Builder::new().name(name).spawn(move || {
        let pinned = cpu.map_or(Ok(()), pin);
        let is_pinned = pinned.is_ok();
        let is_awaited = tell.send(pinned).is_ok();
        if !is_pinned || !is_awaited {
            return;
        }
        if let Ok(make) = task.recv() {
            turn_scope::own_runtime(runtime.handle().id());
            LocalSet::new().block_on(&runtime, make());
        }
        // Work that a handler left in the blocking pool goes on after the thread has ended.
        runtime.shutdown_background();
    })?;
    told.recv()
        .unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))?;
    Ok((thread, first))
}

/// Returns the last part of a type's path, as the name of a thread.
fn short_name<A>() -> String {
    let path = std::any::type_name::<A>();
    let path = path.split('<').next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path).to_owned()
}

#[cfg(target_os = "linux")]
fn pin(cpu: usize) -> io::Result<()> {
    use nix::sched::{CpuSet, sched_setaffinity};
    use nix::unistd::Pid;

    let mut only = CpuSet::new();
    only.set(cpu)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &only)?)
}

#[cfg(not(target_os = "linux"))]
fn pin(_: usize) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

impl<A, B> fmt::Debug for OnThread<'_, A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnThread")
            .field("actor", &self.actor)
            .field("cpu", &self.cpu)
            .finish()
    }
}
