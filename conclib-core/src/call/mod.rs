//! A call: a message, its target, and how the caller waits.

mod addressed;
mod blocking;
mod forget_when_done;
mod forward;
mod future;
mod outbound_request;
mod target;

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use conclib_wire::DeliveryClass;

use crate::error::{AskError, TellError};
use crate::message::Message;

pub(crate) use blocking::may_block;
pub(crate) use forward::forward;
pub use future::{Asking, Queueing, Telling};
pub(crate) use outbound_request::{OutboundRequest, Sent, Waiter, transmit, was_left};
pub use target::{Outbound, Target};

/// A message that is about to be sent.
///
/// Awaiting a call asks, and resolves with the reply. The other ways to send the
/// message are [`tell`](Self::tell), [`try_tell`](Self::try_tell),
/// [`reply`](Self::reply) and [`blocking`](Self::blocking). Nothing is sent before one
/// of them.
///
/// `T` is the target: `&ActorRef<A>`, a `&Recipient<M>`, a client.
///
/// `.await`, `select!`, `join!` and `timeout` take a call as it is. A function
/// that wants a future, such as `join_all` and `tokio::spawn`, is given
/// `call.into_future()`; for one that outlives the reference, as a task does,
/// [`owned`](Self::owned) comes first. Without it the compiler says that the
/// reference "does not live long enough", and without `into_future` that
/// "`Call` is not a future until `.into_future()` makes it one". "The `?` operator can only be
/// applied to values that implement `Try`" at a call stands for a missing `.await`.
///
/// ```
/// use std::future::IntoFuture;
/// use conclib::prelude::*;
///
/// # #[actor]
/// # #[derive(Default)]
/// # struct Counter(u64);
/// #
/// # #[actor]
/// # impl Counter {
/// #     #[message]
/// #     fn add(&mut self, by: u64) -> u64 { self.0 += by; self.0 }
/// # }
/// #
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let counter = system.spawn(Counter::default())?;
/// let calls = [1, 2, 3].map(|by| counter.add(by).into_future());
/// let sums = futures_util::future::join_all(calls).await;
/// assert_eq!(sums, [Ok(1), Ok(3), Ok(6)]);
/// let task = tokio::spawn(counter.add(4).owned().into_future());
/// assert_eq!(task.await.unwrap()?, 10);
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
/// Dropping the future before the message has a slot in the mailbox withdraws the
/// message. Later, the request is skipped if its handler has not begun; a handler that
/// runs goes on, and its reply is dropped.
#[must_use = "nothing is sent before it is awaited, or `.tell()`, `.try_tell()`, `.reply()` or `.blocking()` is called"]
pub struct Call<T, M: Message> {
    to: To<T, M>,
    timeout: Option<Duration>,
    pub(crate) priority: u8,
    class: DeliveryClass,
}

enum To<T, M: Message> {
    Target(T, M),
    /// Answer that is there already. Boxed, as it is large and only used by tests.
    Ready(Box<AskResult<M>>),
}

/// Result of an ask of `M`.
type AskResult<M> = Result<<M as Message>::Reply, AskError<<M as Message>::Error>>;

impl<T, M: Message> Call<T, M> {
    /// Creates a call of `message` on `target`.
    #[inline]
    pub const fn new(target: T, message: M) -> Self {
        Self {
            to: To::Target(target, message),
            timeout: None,
            priority: M::PRIORITY,
            class: DeliveryClass::AtMostOnce,
        }
    }

    /// Creates a call that is already answered, for the fakes of a test.
    pub fn ready(answer: Result<M::Reply, AskError<M::Error>>) -> Self {
        Self {
            to: To::Ready(Box::new(answer)),
            timeout: None,
            priority: M::PRIORITY,
            class: DeliveryClass::AtMostOnce,
        }
    }

    /// Limits the time for the answer, counted from the first poll of the future.
    ///
    /// After that time, an ask ends in [`AskError::Deadline`]; a local handler is not
    /// disturbed. For a tell, the timeout bounds the wait for a slot. With
    /// [`reply`](Self::reply), the time goes on counting, whenever the [`Reply`] is
    /// awaited. A call that is given no time at all ends at once, and its message is
    /// not sent; so does an ask of a turn that has no time left.
    ///
    /// The asks of a handler have no more time than its asker has left, so all of them
    /// end at the same instant. The asker gets [`AskError::Deadline`], or the answer that
    /// the handler makes of its own `Deadline`, whichever is first.
    ///
    /// [`Reply`]: crate::reply::Reply
    pub const fn timeout(mut self, after: Duration) -> Self {
        self.timeout = Some(after);
        self
    }

    /// Lets a broker deliver the message at least once: it stores the message, and delivers it
    /// again until it is handled. [`Context::attempt`](crate::node::Context::attempt) tells a
    /// handler that a message may have been handled before.
    ///
    /// The broker over a Redis server does so. A tell resolves when the message is stored, also if
    /// no actor has the name yet; the deadline of an ask ends its waiting, and not the message. A
    /// turn that panics or is cut short is tried again; an error that the handler returns is an
    /// answer. A message whose reply is a stream is refused.
    ///
    /// A connection or a broker that delivers at most once, as those over sockets do, refuses the
    /// call before anything is sent: [`AskError::Unsupported`]. An actor of this process gets the
    /// message as ever, once.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// # #[actor]
    /// # struct Till;
    /// #
    /// # #[actor]
    /// # impl Till {
    /// #     #[message]
    /// #     fn book(&mut self, cents: u64, ctx: &mut Context<Self>) -> u32 { let _ = cents; ctx.attempt() }
    /// # }
    /// #
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let till = system.spawn(Till)?;
    /// assert_eq!(till.book(250).durable().await?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub const fn durable(mut self) -> Self {
        self.class = DeliveryClass::AtLeastOnce;
        self
    }
}

impl<T, M: Message> Call<T, M> {
    /// Returns the same call with another target.
    pub(crate) fn redirect<U>(self, to: impl FnOnce(T) -> U) -> Call<U, M> {
        let to = match self.to {
            To::Target(target, message) => To::Target(to(target), message),
            To::Ready(answer) => To::Ready(answer),
        };
        Call {
            to,
            timeout: self.timeout,
            priority: self.priority,
            class: self.class,
        }
    }

    pub(crate) fn ranked(self, priority: u8) -> Self {
        Self { priority, ..self }
    }
}

impl<T: Target<M>, M: Message> Call<T, M> {
    /// Sends the message and forgets the answer: resolves once it is queued.
    ///
    /// # Errors
    /// The actor has stopped, or the mailbox is full and rejects; or the call
    /// is from the turn of an actor, and waiting for a slot would close a
    /// cycle ([`AskError::Cycle`]). The message comes back with the error.
    ///
    /// # Cancel safety
    /// Dropping the future while it waits for a slot withdraws the message.
    #[inline(always)]
    pub fn tell(self) -> Telling<T, M> {
        Telling::new(self)
    }

    /// Sends the message if the mailbox has a slot right now. Never waits.
    ///
    /// # Errors
    /// The actor has stopped, or the mailbox is full; the message comes back with the
    /// error. The mailbox of an actor in another process cannot be seen from here:
    /// `Full` means that this process has too many requests under way, and a refusal by
    /// the other side is logged here.
    pub fn try_tell(self) -> Result<(), TellError<M>> {
        match self.to {
            To::Target(target, message) => match self.class {
                DeliveryClass::AtMostOnce => target.try_tell(message, self.priority),
                _ => target.try_tell_durable(message, self.priority),
            },
            To::Ready(_) => Ok(()),
        }
    }

    /// Sends the message and returns the [`Reply`](crate::reply::Reply) to await later: the
    /// message is queued when this future resolves.
    ///
    /// # Errors
    /// The errors of [`tell`](Self::tell).
    ///
    /// # Cancel safety
    /// Dropping the future while it waits for a slot withdraws the message.
    pub fn reply(self) -> Queueing<T, M> {
        Queueing::new(self)
    }

    /// Asks from code that is not async, and blocks its thread until the
    /// answer comes.
    ///
    /// # Errors
    /// The errors of awaiting the call; and [`AskError::WouldBlock`] where the wait
    /// would block a thread of the async runtime, which it never does, or the turns of
    /// an actor with a thread of its own, beside which a concurrent handler runs.
    pub fn blocking(self) -> Result<M::Reply, AskError<M::Error>> {
        blocking::ask(self)
    }
}

impl<T: Clone + Target<M>, M: Message> Call<&T, M> {
    /// Returns the same call with a reference of its own, to move it into a task.
    pub fn owned(self) -> Call<T, M> {
        self.redirect(T::clone)
    }
}

impl<T: Target<M>, M: Message> IntoFuture for Call<T, M> {
    type Output = Result<M::Reply, AskError<M::Error>>;
    type IntoFuture = Asking<T, M>;

    #[inline(always)]
    fn into_future(self) -> Asking<T, M> {
        Asking::new(self)
    }
}

/// Names the way to a future where one is wanted: no call meets the bound.
#[doc(hidden)]
impl<T, M: Message> Future for Call<T, M>
where
    Self: Begun,
{
    type Output = AskResult<M>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<AskResult<M>> {
        Poll::Pending
    }
}

/// A call that has begun: none, as a call does nothing before it is awaited.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a future until `.into_future()` makes it one",
    label = "write `.into_future()` after the call; for a task, `.owned().into_future()`",
    note = "`.await`, `select!`, `join!` and `timeout` take a call as it is"
)]
pub trait Begun {}

impl<T, M: Message> fmt::Debug for Call<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("message", &M::NAME)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
