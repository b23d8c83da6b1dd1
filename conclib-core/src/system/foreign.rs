//! Actors whose lives are driven by another crate.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use conclib_wire::{State, StopReason, Urn};

use super::System;
use super::spawn::Options;
use crate::actor::{Again, History, again};
use crate::error::SpawnError;
use crate::mailbox::Signal;
use crate::named::Named;
use crate::node::{
    Actor, ActorRef, AnyActor, Child, Declared, ForeignCell, RecipientLookup, Relations,
    SystemInner, Travels,
};
use crate::remote::Remote;
use crate::spi::{DEFAULT_TIMEOUT, Outlet};

impl System {
    /// Builds an actor that this system names and supervises, and that another crate runs: in
    /// another process, for instance.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use conclib::prelude::*;
    /// use conclib::spi::{Outlet, StopSignal};
    ///
    /// # #[actor]
    /// # struct Greeter;
    /// # #[actor]
    /// # impl Greeter {}
    /// /// Starts a process, and supervises it for the system.
    /// async fn run(system: &System, outlet: Arc<dyn Outlet>) -> conclib::Result {
    ///     let (greeter, mut life) = system.foreign::<Greeter>().urn("greeter").spawn(outlet)?;
    ///     life.started();
    ///     let stopping = greeter.stop();
    ///     assert_eq!(life.signal().await, StopSignal::Stop);
    ///     let reason = life.end_reason();
    ///     life.ended(reason);
    ///     assert_eq!(stopping.await, StopReason::Stopped);
    ///     Ok(())
    /// }
    /// ```
    pub fn foreign<A: Actor + Declared + Travels>(&self) -> ForeignBuilder<'_, A> {
        ForeignBuilder {
            system: self.shared(),
            options: Options::of::<A>(),
            restarts: false,
            actor: PhantomData,
        }
    }
}

/// Builder of an actor that another crate runs; see [`System::foreign`].
#[must_use = "nothing is spawned before `.spawn()`"]
pub struct ForeignBuilder<'s, A> {
    system: &'s Arc<SystemInner>,
    options: Options,
    restarts: bool,
    actor: PhantomData<fn() -> A>,
}

impl<'s, A: Actor> ForeignBuilder<'s, A> {
    pub(super) fn with(system: &'s Arc<SystemInner>, options: Options) -> Self {
        Self {
            system,
            options,
            restarts: false,
            actor: PhantomData,
        }
    }

    /// Returns the system of the actor.
    pub fn system(&self) -> System {
        System::handle(self.system)
    }

    /// Names the actor. A name is made for an actor without one, whose life depends on references: a
    /// strong reference that its process has sent here is given back when the last one here is
    /// gone. Without such a reference the actor is told to stop then.
    pub fn urn(mut self, urn: impl AsRef<str>) -> Self {
        self.options.urn = Some(Urn::new(urn.as_ref()));
        self
    }

    /// Makes the actor a child of `parent`, which supervises it and ends it when it ends itself.
    pub fn child_of<P: Actor>(mut self, parent: &ActorRef<P>) -> Self {
        self.options.child_of(parent);
        self
    }

    /// Sets the time that the actor has to end by itself when its parent ends; then it is told to
    /// be killed.
    pub fn stop_within(mut self, time: Duration) -> Self {
        self.options.stop_within = time;
        self
    }

    /// Makes the parent end when this actor ends, for any reason.
    pub fn significant(mut self) -> Self {
        self.options.significant = true;
        self
    }

    /// Makes the actor one that its crate may start again after a failure, by
    /// [`ForeignActor::restarts`], and that restarts with its siblings where the
    /// [`Strategy`](crate::supervision::Strategy) of its parent says so.
    pub fn restartable(mut self) -> Self {
        self.restarts = true;
        self
    }

    /// Enters the actor, which is [starting](State::Starting) from now on. Its messages leave
    /// through `outlet`, under its name.
    ///
    /// # Errors
    /// Fails if the URN is invalid or taken, if the parent has ended, or if the system is shutting
    /// down.
    pub fn spawn(self, outlet: Arc<dyn Outlet>) -> Result<(ActorRef<A>, ForeignActor), SpawnError> {
        let Options {
            urn,
            parent,
            seed,
            only_of,
            stop_within,
            significant,
        } = self.options;
        let urn = urn.transpose()?;
        let is_named = urn.is_some();
        let urn = urn.unwrap_or_else(Urn::anonymous);
        let parent = parent
            .transpose()
            .map_err(|urn| SpawnError::ParentEnded { urn })?;
        let (system, restarts) = (self.system, self.restarts);
        let ask_timeout = seed.ask_timeout.or_else(|| system.ask_timeout());
        let ask_timeout = ask_timeout.unwrap_or(DEFAULT_TIMEOUT);
        let remote = Remote::new(outlet, Ok(urn.clone()));
        let make = |parent: Option<&Arc<dyn AnyActor>>| {
            system.enter(Some(urn), |id| {
                let relations = Relations::of(parent, restarts);
                let system = system.clone();
                let timeout = ask_timeout;
                let find =
                    |cell, message| RecipientLookup::<A>::run(ActorRef::foreign(cell), message);
                Arc::new(ForeignCell::new::<A>(
                    id, system, remote, relations, timeout, is_named, find,
                ))
            })
        };
        let cell = match &parent {
            None => make(None)?,
            Some(parent) => {
                let ended = || SpawnError::ParentEnded { urn: parent.urn() };
                let mut made = None;
                parent.relations_to_be().adopt(only_of, || {
                    let cell = make(Some(parent))?;
                    let child = Child {
                        resident: cell.clone(),
                        stop_within,
                        significant,
                    };
                    made = Some(cell.clone());
                    Ok::<_, SpawnError>((cell.id(), child))
                })?;
                let cell = made.ok_or_else(ended)?;
                if parent.lifecycle().state() == State::Stopped {
                    // The parent ended in between, and may not have known of this child.
                    cell.end(StopReason::Parent);
                    return Err(ended());
                }
                cell
            }
        };
        let life = ForeignActor {
            cell: cell.clone(),
            seen: Signal::None,
        };
        Ok((ActorRef::foreign(cell), life))
    }
}

/// Signal to end that an actor was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopSignal {
    /// Handles the messages that are queued, then ends.
    Stop,
    /// Finishes the turn, then ends.
    StopNow,
    /// Ends at once.
    Kill,
}

/// Handle by which another crate drives the life of an actor: tells of its start and its end, and
/// hears the signals it is given. Dropped without an [end](Self::ended), the actor counts as
/// killed.
#[must_use = "the actor is killed when this is dropped"]
pub struct ForeignActor {
    cell: Arc<ForeignCell>,
    /// Signal that was returned last.
    seen: Signal,
}

impl ForeignActor {
    /// Returns the name of the actor.
    pub fn urn(&self) -> Urn {
        self.cell.urn()
    }

    /// Tells that the actor has got through its start.
    pub fn started(&self) {
        self.cell.started();
    }

    /// Waits for a signal to end, and after that for a more urgent one. After a
    /// [kill](StopSignal::Kill) there is none.
    ///
    /// # Cancel safety
    /// Dropping the future loses no signal.
    pub async fn signal(&mut self) -> StopSignal {
        poll_fn(|cx| self.poll_signal(cx)).await
    }

    /// Polls for a signal, like [`signal`](Self::signal).
    pub fn poll_signal(&mut self, cx: &mut Context<'_>) -> Poll<StopSignal> {
        self.cell.poll_signal(cx, self.seen).map(|signal| {
            self.seen = signal;
            match signal {
                Signal::Kill => StopSignal::Kill,
                Signal::Now => StopSignal::StopNow,
                Signal::Drain | Signal::None => StopSignal::Stop,
            }
        })
    }

    /// Resolves when a supervisor restarts the actor with a sibling that has failed: the incarnation
    /// has to end, with the reason [`Recycled`](StopReason::Recycled). To be polled by the task that
    /// polls for signals.
    pub fn poll_recycled(&self, cx: &Context<'_>) -> Poll<()> {
        self.cell.poll_recycle(cx)
    }

    /// Tells that an incarnation has ended, and waits for the decision on the next one: of the
    /// actor's policy, its supervisor, or the strategy of its parent, and after the pause that
    /// they say. `Ok` if the next one is to start now, and else the reason to
    /// [end](Self::ended) the actor for. Only for an actor that is
    /// [restartable](ForeignBuilder::restartable).
    ///
    /// # Errors
    /// The actor is not restarted.
    pub async fn restarts(
        &mut self,
        history: &mut History,
        reason: StopReason,
    ) -> Result<(), StopReason> {
        self.cell.drop_lease();
        match again(&*self.cell, history, &reason, None).await {
            Again::Yes => {
                history.begin();
                Ok(())
            }
            Again::No => Err(reason),
            Again::Called => Err(self.end_reason()),
        }
    }

    /// Polls for the signal to [kill](StopSignal::Kill) the actor, and leaves it to
    /// [`signal`](Self::signal).
    pub fn poll_killed(&self, cx: &Context<'_>) -> Poll<()> {
        let killed = self.cell.poll_signal(cx, Signal::Now);
        killed.map(drop)
    }

    /// Returns the reason for an end by the signals so far: a stop, a kill, the end of the parent,
    /// or the shutdown of the system.
    pub fn end_reason(&self) -> StopReason {
        self.cell.end_reason()
    }

    /// Tells that the actor has ended: its name is free, and its parent and its watchers are told.
    /// A [failure](StopReason::is_failure) becomes that of the parent, unless its `#[on(child)]`
    /// says otherwise.
    pub fn ended(self, reason: StopReason) {
        self.cell.end(reason);
    }
}

impl Drop for ForeignActor {
    fn drop(&mut self) {
        self.cell.end(StopReason::Killed);
    }
}

impl fmt::Debug for ForeignActor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignActor")
            .field("urn", &self.urn())
            .finish_non_exhaustive()
    }
}

impl<A> fmt::Debug for ForeignBuilder<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignBuilder")
            .field("urn", &self.options.urn)
            .finish_non_exhaustive()
    }
}
