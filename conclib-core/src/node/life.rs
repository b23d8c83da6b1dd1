//! Life of an actor, as its references see and end it: here or in another process.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use conclib_wire::{Failure, State, StopReason};

use super::actor::Actor;
use super::any_actor::AnyActor;
use super::reference::ActorRef;
use super::relations::Relations;
use super::stopping::Stopping;
use crate::deadlock::polled;
use crate::error::{AskError, StartError};
use crate::mailbox::{By, Signal};
use crate::snapshot::ActorSnapshot;

impl<A: Actor> ActorRef<A> {
    /// Returns the lifecycle state of the actor. `None` for an actor in another
    /// process, of which [`current_state`](Self::current_state) asks its system.
    pub fn state(&self) -> Option<State> {
        self.any().ok().map(|actor| actor.state())
    }

    /// Waits until `#[on(start)]` is done.
    ///
    /// # Errors
    /// The reason, if `#[on(create)]` or `#[on(start)]` failed; or a cycle, if the
    /// actor failed and cannot be restarted before the caller's turn is over. For an
    /// actor in another process, [`Unreachable`](StopReason::Unreachable) if its system
    /// cannot be asked.
    ///
    /// # Cancel safety
    /// Dropping the future only ends the waiting.
    pub async fn started(&self) -> Result<(), StartError> {
        let actor = match self.resident_or_away() {
            Ok(actor) => actor,
            Err(remote) => {
                let urn = || self.urn();
                let started = remote.started().await;
                return started.map_err(|reason| StartError::Ended { urn: urn(), reason });
            }
        };
        // Enters the wait of the turn that calls this, so that a turn that waits for
        // itself gets an error.
        let mut wait = None;
        let mut started = pin!(actor.lifecycle().started());
        poll_fn(|cx| {
            let urn = || self.urn();
            if let Poll::Ready(started) = started.as_mut().poll(cx) {
                return Poll::Ready(
                    started.map_err(|reason| StartError::Ended { urn: urn(), reason }),
                );
            }
            match polled(&mut wait, cx, self) {
                Ok(()) => Poll::Pending,
                Err(path) => Poll::Ready(Err(StartError::Cycle { urn: urn(), path })),
            }
        })
        .await
    }

    /// Waits for the end of the actor, without telling it to end. Resolves once the
    /// actor's state is dropped, its name is free, and its parent and its watchers have
    /// been told: their hooks run before messages that are sent to them afterwards.
    ///
    /// The system of an actor in another process is asked, and so the end is known here
    /// a moment later. The reason is [`Unreachable`](StopReason::Unreachable) once
    /// the connection is lost, and [`NoSuchActor`](StopReason::NoSuchActor) if the
    /// actor ended before and was only known by its name. Each wait is one of the
    /// requests that the connection can have under way.
    pub async fn stopped(&self) -> Option<StopReason> {
        match self.resident_or_away() {
            Ok(actor) => Some(actor.lifecycle().wait().await),
            Err(remote) => Some(remote.stopped().await),
        }
    }

    /// Handles the messages that are queued, then ends the actor. New messages are
    /// refused from now on.
    ///
    /// The signal is given at once, whether or not the result is awaited. The
    /// result resolves with the reason once the state is dropped, immediately if
    /// the actor had ended. A handler of the actor itself must not wait for it,
    /// since the actor ends after that handler: only a kill ends such a wait.
    /// [`Context::stop`](super::context::Context::stop) gives the signal alone.
    ///
    /// An actor in another process belongs to the system there, which permits to end it
    /// if this reference came in a message and is not weak, or if the proxy there permits
    /// it to all peers. Otherwise the result is [`OutOfReach`](StopReason::OutOfReach),
    /// and the actor goes on. If the connection has no room for the signal, it is sent
    /// once the result is awaited.
    pub fn stop(&self) -> Stopping {
        self.end(Signal::Drain)
    }

    /// Finishes the turn that runs, then ends the actor. Queued messages are answered
    /// with `Stopped`, or dead-lettered. Otherwise does the same as
    /// [`stop`](Self::stop).
    pub fn stop_now(&self) -> Stopping {
        self.end(Signal::Now)
    }

    /// Ends the actor at the next await of its turn. After a kill no hook runs: neither
    /// `#[on(stop)]` nor, if the turn fails, `#[on(error)]`. A turn that has no further
    /// await runs to its end. The asker of a turn that was cut short gets `Stopped`
    /// with `MayHaveRun`. Otherwise does the same as [`stop_now`](Self::stop_now).
    ///
    /// The state of the actor is dropped at once. Its children are killed with it, all
    /// of them at the same time, and the actor has ended when they have.
    ///
    /// A turn that never awaits cannot be ended from outside. A child in such a turn is
    /// waited for no longer than a tenth of a second, and ends when its turn does; an
    /// error in the log names the child. When the runtime is dropped, no task is left
    /// to wait for the children.
    pub fn kill(&self) -> Stopping {
        self.end(Signal::Kill)
    }

    fn end(&self, signal: Signal) -> Stopping {
        match self.resident_or_away() {
            Ok(actor) => {
                actor.tell_to_end(signal, By::Anyone);
                Stopping::new(async move { actor.lifecycle().wait().await })
            }
            Err(remote) => Stopping::far(remote.clone(), signal),
        }
    }

    /// Number of times that the actor was started: one more with each restart. `None`
    /// for an actor in another process.
    pub fn generation(&self) -> Option<u32> {
        let generation = |actor: &dyn AnyActor| actor.relations().map_or(1, Relations::generation);
        self.any().ok().map(generation)
    }

    /// Returns the lifecycle state of the actor, also of one in another process.
    ///
    /// # Errors
    /// Fails if the system of the actor cannot be asked.
    ///
    /// # Cancel safety
    /// Dropping the future only ends the waiting.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// # #[actor]
    /// # struct Greeter;
    /// # #[actor]
    /// # impl Greeter {}
    /// #
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let greeter = system.spawn(Greeter)?;
    /// greeter.started().await?;
    /// assert_eq!(greeter.current_state().await?, State::Running);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn current_state(&self) -> Result<State, AskError> {
        match self.resident_or_away() {
            Ok(actor) => Ok(actor.state()),
            Err(remote) => {
                let state = remote.state().await;
                state.map_err(|failure| AskError::new(self.urn(), failure))
            }
        }
    }

    /// Returns a snapshot of the actor, wherever it runs. That of an actor in another process is asked
    /// of its system, past the mailbox; [`System::snapshot`](crate::system::System::snapshot) never
    /// waits, and does not know how many messages a process actor has handled.
    ///
    /// # Errors
    /// The errors of an ask; [`NotPermitted`](AskError::NotPermitted) if the actor is in another
    /// process, and this reference was made from its name.
    ///
    /// # Cancel safety
    /// Dropping the future only ends the waiting.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// struct Greeter;
    ///
    /// #[actor]
    /// impl Greeter {
    ///     #[message]
    ///     fn greet(&mut self) -> String { "Hello!".into() }
    /// }
    ///
    /// #[conclib::main]
    /// async fn main(system: System) -> conclib::Result {
    ///     let greeter = system.spawn(Greeter)?;
    ///     greeter.greet().await?;
    ///     let seen = greeter.current_snapshot().await?;
    ///     assert_eq!((seen.urn, seen.state), (greeter.urn(), State::Running));
    ///     Ok(())
    /// }
    /// ```
    pub async fn current_snapshot(&self) -> Result<ActorSnapshot, AskError> {
        let snapshot = match self.resident_or_away() {
            Ok(actor) => current_snapshot(&*actor).await,
            Err(remote) => remote.snapshot().await,
        };
        snapshot.map_err(|failure| AskError::new(self.urn(), failure))
    }
}

/// Returns a snapshot of an actor of this system. The process of one that another crate runs is asked.
pub(crate) async fn current_snapshot(actor: &dyn AnyActor) -> Result<ActorSnapshot, Failure> {
    match actor.as_foreign() {
        Some(foreign) => foreign.current_snapshot().await,
        None => Ok(actor.snapshot()),
    }
}
