//! Access of the test kit to a system and its actors.

use std::any::Any;
use std::future::Future;
use std::sync::Arc;

use conclib_wire::Urn;

use super::System;
use super::spawn::SpawnBuilder;
use crate::actor::{ActorTask, FromValue};
use crate::actor_id::ActorId;
use crate::error::SpawnError;
use crate::hook::TurnHook;
use crate::mailbox::{Alert, By, Signal};
use crate::node::{Actor, ActorRef, AnyActor, Declared, Relations, Stopping, SystemInner};
use crate::place::Place;
use crate::snapshot::ActorSnapshot;

/// A system, as the test kit sees it. Unlike a handle, it keeps no actor alive.
#[derive(Clone)]
pub struct SystemUnderTest(Arc<SystemInner>);

/// An actor of this process, as the test kit sees it. Unlike a reference, it
/// does not keep the actor alive.
#[derive(Clone)]
pub struct ActorUnderTest(Arc<dyn AnyActor>);

impl SystemUnderTest {
    /// The system of a handle.
    pub fn of(system: &System) -> Self {
        Self(system.shared().clone())
    }

    /// A new handle of the system.
    pub fn handle(&self) -> System {
        System::handle(&self.0)
    }

    /// Name of the system.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// The actors that live, oldest first.
    pub fn actors(&self) -> impl Iterator<Item = ActorUnderTest> + use<> {
        self.0.residents().map(ActorUnderTest)
    }

    /// The hook of the system; installs the one that `make` makes if there is
    /// none.
    ///
    /// # Panics
    /// The system has a hook of another type.
    pub fn hook_or_install<H: TurnHook>(&self, make: impl FnOnce() -> H) -> Arc<H> {
        let hook = match self.0.hook() {
            Some(hook) => hook,
            None => {
                let hook = self.0.hook_to_be(Arc::new(make()));
                // An actor that enters from now on is marked as it is made.
                for resident in self.0.residents() {
                    resident.alert(Alert::Gate);
                }
                hook
            }
        };
        let hook: Arc<dyn Any + Send + Sync> = hook.clone();
        match hook.downcast() {
            Ok(hook) => hook,
            Err(_) => panic!("the system `{}` has a hook of another type", self.name()),
        }
    }

    /// Enters an actor that no task runs: it lives only while the future, which
    /// is its life, is polled.
    ///
    /// # Errors
    /// The URN is none or is taken, or the system is shutting down.
    pub fn enter<A: Actor + Declared + Send>(
        &self,
        actor: A,
    ) -> Result<(ActorRef<A>, impl Future<Output = ()> + use<A>), SpawnError> {
        let (cell, factory) = SpawnBuilder::new(&self.0, FromValue(Some(actor))).enter()?;
        let actor = ActorRef::local(cell.clone());
        Ok((actor, ActorTask::new(cell, factory).run()))
    }
}

impl ActorUnderTest {
    /// The actor of a reference; `None` if it is in another process.
    pub fn of<A: Actor>(actor: &ActorRef<A>) -> Option<Self> {
        actor.resident().map(Self)
    }

    /// System that the actor lives in.
    pub fn system(&self) -> SystemUnderTest {
        SystemUnderTest(self.0.system().clone())
    }

    /// Id of the actor.
    pub fn id(&self) -> ActorId {
        self.0.id()
    }

    /// URN of the actor.
    pub fn urn(&self) -> Urn {
        self.0.urn()
    }

    /// Tells whether the actor runs in this process.
    pub fn is_here(&self) -> bool {
        self.snapshot().place != Place::Process
    }

    /// Tells whether something waits in the actor's mailbox, or beside that.
    pub fn has_work(&self) -> bool {
        self.0.has_work()
    }

    /// Figures of the actor, as in a snapshot of its system.
    pub fn snapshot(&self) -> ActorSnapshot {
        self.0.snapshot()
    }

    /// Children of the actor, oldest first.
    pub fn children(&self) -> Vec<Self> {
        let children = self
            .0
            .relations()
            .map(Relations::children)
            .unwrap_or_default();
        children
            .into_iter()
            .map(|(_, child)| Self(child.resident))
            .collect()
    }

    /// Kills the actor.
    pub fn kill(&self) -> Stopping {
        self.0.tell_to_end(Signal::Kill, By::Anyone);
        {
            let actor = self.0.clone();
            Stopping::new(async move { actor.lifecycle().wait().await })
        }
    }
}
