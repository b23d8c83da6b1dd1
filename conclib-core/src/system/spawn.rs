//! Spawning, with options.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::Shared;
use crate::actor::{ActorRef, Birth, Cell, Life, Overflow, TaskActor};
use crate::error::SpawnError;
use crate::urn::{Urn, UrnError};

/// An actor that is about to be spawned. What is not said here is as
/// `#[actor(…)]` on its struct says.
#[must_use = "nothing is spawned before `.spawn()`"]
pub struct SpawnBuilder<'s, A, B> {
    system: &'s Arc<Shared>,
    birth: B,
    urn: Option<Result<Urn, UrnError>>,
    mailbox: usize,
    overflow: Overflow,
    actor: PhantomData<fn() -> A>,
}

impl<'s, A: TaskActor, B: Birth<A>> SpawnBuilder<'s, A, B> {
    pub(super) fn new(system: &'s Arc<Shared>, birth: B) -> Self {
        Self {
            system,
            birth,
            urn: A::URN.map(Urn::new),
            mailbox: A::MAILBOX,
            overflow: A::OVERFLOW,
            actor: PhantomData,
        }
    }

    /// Gives it a name. A named actor lives until it is stopped or its system
    /// ends; an anonymous one, until its last reference is gone.
    pub fn urn(mut self, urn: impl AsRef<str>) -> Self {
        self.urn = Some(Urn::new(urn.as_ref()));
        self
    }

    /// How many messages wait at most; one at least. The message whose turn
    /// runs does not count.
    pub fn mailbox(mut self, capacity: usize) -> Self {
        self.mailbox = capacity;
        self
    }

    /// What a full mailbox does.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Spawns it as a task. The reference works at once; what is sent waits
    /// for `#[on(start)]`.
    ///
    /// # Errors
    /// The URN is none or is taken, there is no tokio runtime here, or the
    /// system is shutting down.
    pub fn spawn(self) -> Result<ActorRef<A>, SpawnError> {
        let runtime = Handle::try_current().map_err(|_| SpawnError::NoRuntime)?;
        let urn = self.urn.transpose()?;
        let (system, mailbox, overflow) = (self.system, self.mailbox, self.overflow);
        let cell = system.enter(urn.clone(), |id| {
            Arc::new(Cell::new(id, system.clone(), urn, mailbox, overflow))
        })?;
        let actor = ActorRef::local(cell.clone());
        runtime.spawn(A::live(Life::new(cell, self.birth)));
        Ok(actor)
    }
}

impl<A, B> fmt::Debug for SpawnBuilder<'_, A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpawnBuilder")
            .field("urn", &self.urn)
            .field("mailbox", &self.mailbox)
            .field("overflow", &self.overflow)
            .finish_non_exhaustive()
    }
}
