//! Typed address of an actor, in this process or in another.

use std::fmt;
use std::future::{Future, poll_fn};
use std::hash::{Hash, Hasher};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use conclib_wire::{Cycle, Failure, State, StopReason, Urn};

use super::actor::{Actor, Handler, Travels};
use super::any_actor::AnyActor;
use super::cell::ActorCell;
use super::send;
use super::stopping::Stopping;
use crate::call::{Call, Outbound, Target};
use crate::deadlock::polled;
use crate::error::{StartError, TellError};
use crate::mailbox::{By, Refused, Signal};
use crate::message::Message;
use crate::named::{Enter, Named};
use crate::remote::{Remote, poll_send_away, try_tell_away};
use crate::spi::DEFAULT_TIMEOUT;

/// Typed address of an actor, in this process or in another, to which messages are
/// sent.
///
/// An `ActorRef` is cheap to clone, and keeps an anonymous actor alive; a [`WeakRef`]
/// does not. Once the last `ActorRef` is dropped, the actor handles the messages that
/// are queued and ends, unless one of those turns makes another reference by
/// [`Context::me`](super::context::Context::me) that still exists then. An actor that keeps a
/// reference to itself in its own state lives until it is stopped. Two references are
/// equal if they lead to the same actor, so they can be keys of a map; clippy's
/// `mutable_key_type` sees the mailbox behind them and need not worry.
///
/// Code that uses an `ActorRef` is the same for an actor of this process and of
/// another, with one difference: a message to a full mailbox of this process waits for
/// a slot, and a full mailbox of another process refuses the message with
/// [`MailboxFull`](crate::error::AskError::MailboxFull), or a tell with
/// [`Full`](crate::error::TellError::Full). Messages to all actors of another process share
/// one connection, which none of them may hold up.
///
/// ```
/// use conclib::prelude::*;
///
/// #[message(reply = String)]
/// struct Greet(String);
///
/// #[actor]
/// struct Greeter;
///
/// #[actor]
/// impl Greeter {
///     #[handler]
///     fn greet(&mut self, Greet(name): Greet) -> String {
///         format!("Hello, {name}!")
///     }
/// }
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let system = System::new("docs");
///     let greeter = system.spawn(Greeter)?;
///
///     let greeting = greeter.ask(Greet("Ada".into())).await?;
///     assert_eq!(greeting, "Hello, Ada!");
///
///     greeter.ask(Greet("Bob".into())).tell().await?;
///     assert_eq!(greeter.stop().await, StopReason::Stopped);
///     Ok(())
/// }
/// ```
pub struct ActorRef<A: Actor>(Location<A>);

enum Location<A: Actor> {
    /// Actor in this process. Holds one of its strong counts.
    Here(Arc<ActorCell<A>>),
    /// Actor in another process, behind a connection.
    Away(Arc<Remote>),
}

impl<A: Actor> ActorRef<A> {
    /// Takes over one strong count of the cell.
    pub(crate) fn local(cell: Arc<ActorCell<A>>) -> Self {
        Self(Location::Here(cell))
    }

    /// Creates a reference to an actor in another process. Sends nothing: only an ask
    /// shows whether the actor lives and is an `A`.
    pub fn remote(remote: Remote) -> Self
    where
        A: Travels,
    {
        Self(Location::Away(Arc::new(remote)))
    }

    /// Creates a call of `message`: await the call for the reply, or see [`Call`] for
    /// the other ways to send the message. Nothing is sent before.
    pub fn ask<M: Message>(&self, message: M) -> Call<&Self, M>
    where
        A: Handler<M>,
    {
        Call::new(self, message)
    }

    /// Returns the name of the actor.
    pub fn urn(&self) -> Urn {
        Named::urn(self)
    }

    /// Returns the lifecycle state of the actor. `None` for an actor in another
    /// process.
    pub fn state(&self) -> Option<State> {
        self.cell().map(|cell| cell.state())
    }

    /// Waits until `#[on(start)]` is done. An actor in another process counts
    /// as started.
    ///
    /// # Errors
    /// The reason, if `#[on(create)]` or `#[on(start)]` failed; or a cycle, if the
    /// actor failed and cannot be restarted before the caller's turn is over.
    ///
    /// # Cancel safety
    /// Dropping the future only ends the waiting.
    pub async fn started(&self) -> Result<(), StartError> {
        let Some(cell) = self.cell() else {
            return Ok(());
        };
        // Enters the wait of the turn that calls this, so that a turn that waits for
        // itself gets an error.
        let mut wait = None;
        let mut started = pin!(cell.lifecycle.started());
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
    /// Resolves at once for an actor in another process, whose end cannot be seen from
    /// here.
    pub async fn stopped(&self) -> Option<StopReason> {
        match self.cell() {
            Some(cell) => Some(cell.lifecycle.wait().await),
            None => None,
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
    /// An actor in another process belongs to the system there: `stop` does nothing to
    /// it.
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
        match &self.0 {
            Location::Here(cell) => {
                cell.tell_to_end(signal, By::Anyone);
                {
                    let cell = cell.clone();
                    Stopping::new(async move { cell.lifecycle.wait().await })
                }
            }
            Location::Away(_) => Stopping::over(StopReason::OutOfReach),
        }
    }

    /// Number of times that the actor was started: one more with each restart. `None`
    /// for an actor in another process.
    pub fn generation(&self) -> Option<u32> {
        self.cell().map(|cell| cell.generation())
    }

    /// Sends like [`poll_send`](Target::poll_send), but does not wait for a slot in a
    /// mailbox of this process.
    pub(crate) fn poll_send_now<M: Message>(
        &self,
        cx: &mut Context<'_>,
        outbound: &mut Outbound<M>,
    ) -> Poll<Result<(), Failure>>
    where
        A: Handler<M>,
    {
        match &self.0 {
            Location::Here(cell) => {
                let sent = send::send_outlined(cell, outbound);
                Poll::Ready(sent.map_err(Refused::into_failure))
            }
            Location::Away(remote) => poll_send_away(remote, cx, outbound),
        }
    }

    pub(crate) fn resident(&self) -> Option<Arc<dyn AnyActor>> {
        Some(self.cell()?.clone())
    }

    pub(crate) fn cell(&self) -> Option<&Arc<ActorCell<A>>> {
        match &self.0 {
            Location::Here(cell) => Some(cell),
            Location::Away(_) => None,
        }
    }
}

impl<A: Actor> Named for ActorRef<A> {
    fn urn(&self) -> Urn {
        match &self.0 {
            Location::Here(cell) => cell.urn(),
            Location::Away(remote) => remote.urn(),
        }
    }

    fn wait(&self, enter: Enter<'_>) -> Option<Result<(), Cycle>> {
        self.cell()?.wait(enter)
    }
}

impl<M: Message, A: Handler<M>> Target<M> for ActorRef<A> {
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        outbound: &mut Outbound<M>,
    ) -> Poll<Result<(), Failure>> {
        match &self.0 {
            Location::Here(cell) => send::poll_send(cell, cx, outbound, send::send_now),
            Location::Away(remote) => poll_send_away(remote, cx, outbound),
        }
    }

    fn try_tell(&self, message: M, priority: u8) -> Result<(), TellError<M>> {
        match &self.0 {
            Location::Here(cell) => send::try_tell(cell, message, priority),
            Location::Away(remote) => try_tell_away(remote, message, priority),
        }
    }

    fn leave(&self, outbound: &mut Outbound<M>) {
        if let Location::Here(cell) = &self.0 {
            send::leave(cell, outbound);
        }
    }

    fn default_timeout(&self) -> Option<Duration> {
        match &self.0 {
            Location::Here(cell) => cell.ask_timeout,
            Location::Away(_) => Some(DEFAULT_TIMEOUT),
        }
    }

    fn to_named(&self) -> Arc<dyn Named> {
        match &self.0 {
            Location::Here(cell) => cell.clone(),
            Location::Away(remote) => remote.clone(),
        }
    }
}

impl<A: Actor> Clone for ActorRef<A> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Location::Here(cell) => {
                cell.acquire();
                Location::Here(cell.clone())
            }
            Location::Away(remote) => Location::Away(remote.clone()),
        })
    }
}

impl<A: Actor> Drop for ActorRef<A> {
    fn drop(&mut self) {
        if let Location::Here(cell) = &self.0 {
            cell.release();
        }
    }
}

impl<A: Actor> PartialEq for ActorRef<A> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Location::Here(a), Location::Here(b)) => a.id == b.id,
            (Location::Away(a), Location::Away(b)) => a.same(b),
            _ => false,
        }
    }
}

impl<A: Actor> Eq for ActorRef<A> {}

impl<A: Actor> Hash for ActorRef<A> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Location::Here(cell) => cell.id.hash(state),
            Location::Away(remote) => remote.urn().hash(state),
        }
    }
}

/// The type and the name: `Greeter (greeter)`.
impl<A: Actor> fmt::Display for ActorRef<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = std::any::type_name::<A>();
        let (head, generics) = path.split_at(path.find('<').unwrap_or(path.len()));
        let name = head.rsplit("::").next().unwrap_or(head);
        write!(f, "{name}{generics} ({})", self.urn())
    }
}

impl<A: Actor> fmt::Debug for ActorRef<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActorRef({self})")
    }
}
