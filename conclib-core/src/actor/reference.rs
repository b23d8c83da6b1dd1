//! The address of an actor, wherever it lives.

use std::fmt;
use std::future::{Future, poll_fn};
use std::hash::{Hash, Hasher};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::cell::Cell;
use super::mailbox::Refused;
use super::send;
use super::{
    Actor, By, Handler, Recipient, Resident, Scoped, Signal, State, StopReason, Stopping, Travels,
    WeakRef,
};
use crate::call::{Call, Sending, Target};
use crate::deadline::Deadline;
use crate::error::{Failure, StartError, TellError};
use crate::message::Message;
use crate::named::{Enter, Named};
use crate::urn::Urn;
use crate::waits::{Cycle, polled};
use crate::wire::{DEFAULT_TIMEOUT, Remote, poll_send_away, try_tell_away};

/// The address of an actor, wherever it lives: what to send messages to.
///
/// It is cheap to clone. While one exists, an anonymous actor lives; a
/// [`WeakRef`] does not keep it alive. Once the last one is gone, the actor
/// serves what is queued and ends, unless one of those turns makes another by
/// [`Context::me`](crate::Context::me) that still exists then. An actor that
/// keeps a reference to itself in its own state lives until it is stopped. Two
/// references are equal if they lead to the same actor, so they can be keys of a
/// map; clippy's `mutable_key_type` sees the mailbox behind them and need not
/// worry.
///
/// Code that has one does the same for an actor of this process and of another,
/// with one difference: a message to a full mailbox of this process waits for a
/// place, and a full mailbox of another process refuses it with
/// [`MailboxFull`](crate::AskError::MailboxFull), or a tell with
/// [`Full`](crate::TellError::Full). Messages to all actors there share one
/// connection, which none of them may hold up.
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
pub struct ActorRef<A: Actor>(Place<A>);

enum Place<A: Actor> {
    /// In this process: the mailbox itself. Holds one of the strong counts.
    Here(Arc<Cell<A>>),
    /// In another process: a way out.
    Away(Arc<Remote>),
}

impl<A: Actor> ActorRef<A> {
    /// Takes over one strong count of the cell.
    pub(crate) fn local(cell: Arc<Cell<A>>) -> Self {
        Self(Place::Here(cell))
    }

    /// A reference to an actor behind a way out. Nothing is sent: whether it
    /// lives, and is an `A`, shows when it is asked.
    pub fn remote(remote: Remote) -> Self
    where
        A: Travels,
    {
        Self(Place::Away(Arc::new(remote)))
    }

    /// A call of `message`: await it for the reply, or see [`Call`] for the
    /// other ways to send it. Nothing is sent before.
    pub fn ask<M: Message>(&self, message: M) -> Call<&Self, M>
    where
        A: Handler<M>,
    {
        Call::new(self, message)
    }

    /// An address that only remembers that `M` can be sent to it.
    pub fn recipient<M: Message>(&self) -> Recipient<M>
    where
        A: Handler<M>,
    {
        match &self.0 {
            Place::Here(cell) => Recipient::local(cell.clone()),
            Place::Away(_) => Recipient::new(self.clone()),
        }
    }

    /// A reference that does not keep the actor alive. `None` for an actor in
    /// another process, which no reference from here keeps alive.
    pub fn downgrade(&self) -> Option<WeakRef<A>> {
        self.cell().map(|cell| WeakRef::new(cell.clone()))
    }

    /// A guard for this reference: when it is dropped the actor stops, even if
    /// it has a name or other references.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor(urn = "helper")]
    /// struct Helper;
    ///
    /// #[actor]
    /// impl Helper {}
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     let helper = system.spawn(Helper)?;
    ///     drop(helper.clone().scoped());
    ///     assert_eq!(helper.stopped().await, Some(StopReason::Stopped));
    ///     Ok(())
    /// }
    /// ```
    pub fn scoped(self) -> Scoped<A> {
        Scoped::new(self)
    }

    /// The name of the actor.
    pub fn urn(&self) -> Urn {
        Named::urn(self)
    }

    /// Where it is in its life. `None` for an actor in another process.
    pub fn state(&self) -> Option<State> {
        self.cell().map(|cell| cell.state())
    }

    /// Waits until `#[on(start)]` is done. An actor in another process counts
    /// as started.
    ///
    /// # Errors
    /// `#[on(create)]` or `#[on(start)]` failed, and with what; or the actor
    /// failed and cannot be started again before the caller's turn is over.
    ///
    /// # Cancel safety
    /// Dropping the future only ends the waiting.
    pub async fn started(&self) -> Result<(), StartError> {
        let Some(cell) = self.cell() else {
            return Ok(());
        };
        // A turn that waits is seen to wait, and told if it waits for itself.
        let mut wait = None;
        let mut started = pin!(cell.ending.started());
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

    /// Waits for the end, without asking for it: resolves once the state is
    /// dropped, the name is free, and its parent and its watchers have been
    /// told: their hooks run before what is sent to them afterwards. At once
    /// for an actor in another process, whose end cannot be seen from here.
    pub async fn stopped(&self) -> Option<StopReason> {
        match self.cell() {
            Some(cell) => Some(cell.ending.wait().await),
            None => None,
        }
    }

    /// Serves what is queued, then ends the actor. New messages are refused
    /// from now on.
    ///
    /// The signal is given at once, whether or not the result is awaited. The
    /// result resolves with the reason once the state is dropped, immediately if
    /// the actor had ended. A handler of the actor itself must not wait for it,
    /// since the actor ends after that handler: only a kill ends such a wait.
    /// [`Context::stop`](crate::Context::stop) gives the signal alone.
    ///
    /// An actor in another process belongs to the system there: this does
    /// nothing to it.
    pub fn stop(&self) -> Stopping {
        self.end(Signal::Drain)
    }

    /// Finishes the turn that runs, then ends the actor. What is queued is
    /// answered with `Stopped`, or dead-lettered. Else as [`stop`](Self::stop).
    pub fn stop_now(&self) -> Stopping {
        self.end(Signal::Now)
    }

    /// Ends the actor at the next await of its turn. After a kill no hook runs:
    /// neither `#[on(stop)]` nor, if the turn fails, `#[on(error)]`. A turn
    /// that has no further await runs to its end. The asker of a turn that was
    /// cut short gets `Stopped` with `MayHaveRun`. Else as
    /// [`stop_now`](Self::stop_now).
    ///
    /// Its state is dropped at once. Its children are killed with it, all of
    /// them at the same time, and it has ended when they have.
    ///
    /// A turn that never awaits cannot be ended from outside. A child in such
    /// a turn is waited for no longer than a tenth of a second, and ends when
    /// its turn does; an error in the log names it. When the runtime goes away,
    /// there is nobody left to wait for the children.
    pub fn kill(&self) -> Stopping {
        self.end(Signal::Kill)
    }

    fn end(&self, signal: Signal) -> Stopping {
        match &self.0 {
            Place::Here(cell) => {
                cell.tell_to_end(signal, By::Anyone);
                Stopping::new(cell.clone())
            }
            Place::Away(_) => Stopping::over(StopReason::OutOfReach),
        }
    }

    /// Number of times that the actor was started: one more with each restart. `None`
    /// for an actor in another process.
    pub fn generation(&self) -> Option<u32> {
        self.cell().map(|cell| cell.generation())
    }

    /// As [`poll_send`](Target::poll_send), but waits for no place here.
    pub(crate) fn poll_send_now<M: Message>(
        &self,
        cx: &mut Context<'_>,
        sending: &mut Sending<M>,
        deadline: &Deadline,
    ) -> Poll<Result<(), Failure>>
    where
        A: Handler<M>,
    {
        match &self.0 {
            Place::Here(cell) => {
                let sent = send::send_apart(cell, sending);
                Poll::Ready(sent.map_err(Refused::into_failure))
            }
            Place::Away(remote) => poll_send_away(remote, cx, sending, deadline),
        }
    }

    pub(crate) fn resident(&self) -> Option<Arc<dyn Resident>> {
        Some(self.cell()?.clone())
    }

    pub(crate) fn cell(&self) -> Option<&Arc<Cell<A>>> {
        match &self.0 {
            Place::Here(cell) => Some(cell),
            Place::Away(_) => None,
        }
    }
}

impl<A: Actor> Named for ActorRef<A> {
    fn urn(&self) -> Urn {
        match &self.0 {
            Place::Here(cell) => cell.urn(),
            Place::Away(remote) => remote.urn(),
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
        sending: &mut Sending<M>,
        deadline: &Deadline,
    ) -> Poll<Result<(), Failure>> {
        match &self.0 {
            Place::Here(cell) => send::poll_send(cell, cx, sending, send::send_now),
            Place::Away(remote) => poll_send_away(remote, cx, sending, deadline),
        }
    }

    fn try_tell(&self, message: M, priority: u8) -> Result<(), TellError<M>> {
        match &self.0 {
            Place::Here(cell) => send::try_tell(cell, message, priority),
            Place::Away(remote) => try_tell_away(remote, message, priority),
        }
    }

    fn leave(&self, sending: &mut Sending<M>) {
        if let Place::Here(cell) = &self.0 {
            send::leave(cell, sending);
        }
    }

    fn default_timeout(&self) -> Option<Duration> {
        match &self.0 {
            Place::Here(cell) => cell.ask_timeout,
            Place::Away(_) => Some(DEFAULT_TIMEOUT),
        }
    }

    fn to_named(&self) -> Arc<dyn Named> {
        match &self.0 {
            Place::Here(cell) => cell.clone(),
            Place::Away(remote) => remote.clone(),
        }
    }
}

impl<A: Actor> Clone for ActorRef<A> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Place::Here(cell) => {
                cell.acquire();
                Place::Here(cell.clone())
            }
            Place::Away(remote) => Place::Away(remote.clone()),
        })
    }
}

impl<A: Actor> Drop for ActorRef<A> {
    fn drop(&mut self) {
        if let Place::Here(cell) = &self.0 {
            cell.release();
        }
    }
}

impl<A: Actor> PartialEq for ActorRef<A> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Place::Here(a), Place::Here(b)) => a.id == b.id,
            (Place::Away(a), Place::Away(b)) => a.same(b),
            _ => false,
        }
    }
}

impl<A: Actor> Eq for ActorRef<A> {}

impl<A: Actor> Hash for ActorRef<A> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Place::Here(cell) => cell.id.hash(state),
            Place::Away(remote) => remote.urn().hash(state),
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
