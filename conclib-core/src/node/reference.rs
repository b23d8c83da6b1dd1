//! Typed address of an actor, in this process or in another.

mod identity;

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use conclib_wire::{Cycle, DeliveryClass, Failure, Urn};

use super::actor::{Actor, Handler, Travels};
use super::any_actor::AnyActor;
use super::cell::ActorCell;
use super::foreign::ForeignCell;
use super::message_of::MessageOf;
use super::send;
use crate::call::{Outbound, Target};
use crate::error::TellError;
use crate::mailbox::{Refused, Signal};
use crate::message::Message;
use crate::named::{Enter, Named};
use crate::remote::{Remote, poll_send_away, try_tell_away};
use crate::spi::DEFAULT_TIMEOUT;

/// Typed address of an actor, in this process or in another, to which messages are
/// sent.
///
/// An `ActorRef` is cheap to clone, and keeps an anonymous actor alive; a [`WeakRef`](super::WeakRef)
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
/// # In messages
/// A message or a reply may hold references: [`ActorRef`], [`WeakRef`](super::WeakRef),
/// [`Recipient`](super::Recipient). In another process such a reference leads back to
/// its actor, so that two processes can call each other. A strong reference there keeps
/// an anonymous actor alive until it is dropped or the connection is lost. A reference
/// that comes home is local again, and equal to the original. A message of the actor
/// with a part that cannot travel is refused there with
/// [`AskError::Codec`](crate::error::AskError::Codec), and the others arrive. A reference to
/// an actor with a `#[message(local)]` stays in its process.
///
/// # Examples
///
/// ```
/// use conclib::prelude::*;
///
/// #[message(reply = String)]
/// struct Greet(String);
///
/// # #[actor]
/// # struct Greeter;
/// #
/// # #[actor]
/// # impl Greeter {
/// #     #[handler]
/// #     fn greet(&mut self, Greet(name): Greet) -> String {
/// #         format!("Hello, {name}!")
/// #     }
/// # }
/// #
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let greeter = system.spawn(Greeter)?;
///
/// let greeting = greeter.ask(Greet("Ada".into())).await?;
/// assert_eq!(greeting, "Hello, Ada!");
///
/// greeter.ask(Greet("Bob".into())).tell().await?;
/// assert_eq!(greeter.stop().await, StopReason::Stopped);
/// # Ok(())
/// # }
/// ```
pub struct ActorRef<A: Actor>(Location<A>);

enum Location<A: Actor> {
    /// Actor in this process. Holds one of its strong counts.
    Here(Arc<ActorCell<A>>),
    /// Actor in another process, behind a connection.
    Away(Arc<Remote>),
    /// Actor of a system of this process, run by another crate. Holds one of its strong counts.
    Foreign(Arc<ForeignCell>),
}

impl<A: Actor> ActorRef<A> {
    /// Takes over one strong count of the cell.
    pub(crate) fn local(cell: Arc<ActorCell<A>>) -> Self {
        Self(Location::Here(cell))
    }

    /// Creates a reference to an actor that another crate runs. Takes over one strong count of the
    /// cell.
    pub(crate) fn foreign(cell: Arc<ForeignCell>) -> Self {
        Self(Location::Foreign(cell))
    }

    /// Creates a reference to an actor in another process. Sends nothing: only an ask
    /// shows whether the actor lives and is an `A`.
    pub fn remote(remote: Remote) -> Self
    where
        A: Travels,
    {
        Self(Location::Away(Arc::new(remote)))
    }

    /// Creates a reference to an actor in another process whose reference came in a
    /// message.
    pub(crate) fn away(remote: Arc<Remote>) -> Self {
        Self(Location::Away(remote))
    }

    /// Returns the actor itself, or the target of an actor that another process or another crate
    /// runs.
    pub(crate) fn located(&self) -> Result<&Arc<ActorCell<A>>, &Arc<Remote>> {
        match &self.0 {
            Location::Here(cell) => Ok(cell),
            Location::Foreign(cell) => Err(&cell.remote),
            Location::Away(remote) => Err(remote),
        }
    }

    /// Creates a call of `message`: await the call for the reply, or see
    /// [`Call`](crate::call::Call) for the other ways to send the message. Nothing is sent before.
    #[inline(always)]
    pub fn ask<M: MessageOf<A>>(&self, message: M) -> M::Call<&Self> {
        M::call(message, self)
    }

    /// Sends `message` and forgets the answer: the same as `.ask(message).tell()`, see
    /// [`Call::tell`](crate::call::Call::tell).
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[message]
    /// struct News(String);
    ///
    /// # #[actor]
    /// # struct Reader;
    /// #
    /// # #[actor]
    /// # impl Reader {
    /// #     #[handler]
    /// #     fn news(&mut self, _: News) {}
    /// # }
    /// #
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let reader = system.spawn(Reader)?;
    /// reader.tell(News("hello".into())).await?;
    /// let reader: Recipient<News> = reader.recipient();
    /// reader.tell(News("again".into())).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn tell<M: MessageOf<A>>(&self, message: M) -> M::Telling<'_> {
        M::telling(message, self)
    }

    /// Returns the name of the actor.
    pub fn urn(&self) -> Urn {
        Named::urn(self)
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
            Location::Foreign(cell) => cell.poll_send(cx, outbound),
        }
    }

    #[inline]
    fn try_send<M: Message>(
        &self,
        message: M,
        priority: u8,
        class: DeliveryClass,
    ) -> Result<(), TellError<M>>
    where
        A: Handler<M>,
    {
        match &self.0 {
            Location::Here(cell) => send::try_tell(cell, message, priority),
            Location::Away(remote) => try_tell_away(remote, message, priority, class),
            Location::Foreign(cell) => cell.try_tell(message, priority, class),
        }
    }

    /// Same as [`any`](Self::any), with a share of the actor.
    pub(crate) fn resident_or_away(&self) -> Result<Arc<dyn AnyActor>, &Arc<Remote>> {
        match &self.0 {
            Location::Here(cell) => Ok(cell.clone()),
            Location::Foreign(cell) => Ok(cell.clone()),
            Location::Away(remote) => Err(remote),
        }
    }

    pub(crate) fn resident(&self) -> Option<Arc<dyn AnyActor>> {
        self.resident_or_away().ok()
    }

    /// Returns the actor as its system in this process sees it, or the target of an actor of
    /// another process.
    pub(crate) fn any(&self) -> Result<&dyn AnyActor, &Arc<Remote>> {
        match &self.0 {
            Location::Here(cell) => Ok(&**cell),
            Location::Foreign(cell) => Ok(&**cell),
            Location::Away(remote) => Err(remote),
        }
    }

    /// Returns the actor if another crate runs it for a system of this process.
    pub(crate) fn as_foreign(&self) -> Option<&Arc<ForeignCell>> {
        match &self.0 {
            Location::Foreign(cell) => Some(cell),
            Location::Here(_) | Location::Away(_) => None,
        }
    }

    /// Returns the most urgent signal that the actor was given.
    pub(crate) fn signal(&self) -> Signal {
        match &self.0 {
            Location::Here(cell) => cell.mailbox.signal(),
            Location::Foreign(cell) => cell.signal(),
            Location::Away(_) => Signal::None,
        }
    }

    pub(crate) fn cell(&self) -> Option<&Arc<ActorCell<A>>> {
        match &self.0 {
            Location::Here(cell) => Some(cell),
            Location::Away(_) | Location::Foreign(_) => None,
        }
    }
}

impl<A: Actor> Named for ActorRef<A> {
    fn urn(&self) -> Urn {
        match &self.0 {
            Location::Here(cell) => cell.urn(),
            Location::Away(remote) => remote.urn(),
            Location::Foreign(cell) => cell.urn(),
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
            Location::Foreign(cell) => cell.poll_send(cx, outbound),
        }
    }

    fn try_tell(&self, message: M, priority: u8) -> Result<(), TellError<M>> {
        self.try_send(message, priority, DeliveryClass::AtMostOnce)
    }

    fn try_tell_durable(&self, message: M, priority: u8) -> Result<(), TellError<M>> {
        self.try_send(message, priority, DeliveryClass::AtLeastOnce)
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
            Location::Foreign(cell) => Some(cell.ask_timeout),
        }
    }

    fn to_named(&self) -> Arc<dyn Named> {
        match &self.0 {
            Location::Here(cell) => cell.clone(),
            Location::Away(remote) => remote.clone(),
            Location::Foreign(cell) => cell.clone(),
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
            Location::Foreign(cell) => {
                cell.acquire();
                Location::Foreign(cell.clone())
            }
        })
    }
}

impl<A: Actor> Drop for ActorRef<A> {
    fn drop(&mut self) {
        match &self.0 {
            Location::Here(cell) => cell.release(),
            Location::Foreign(cell) => cell.release(),
            Location::Away(_) => {}
        }
    }
}
