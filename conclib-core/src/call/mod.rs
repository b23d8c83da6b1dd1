//! A call: a message, whom it is for, and how the caller wants to wait.

mod blocking;
mod forward;
mod future;
mod in_flight;
mod target;

use std::fmt;
use std::future::IntoFuture;
use std::time::Duration;

use crate::actor::{Actor, ActorRef, Prioritised};
use crate::error::{AskError, TellError};
use crate::message::Message;

pub(crate) use blocking::may_block;
pub(crate) use forward::forward;
pub use future::{Asking, Queueing, Telling};
pub(crate) use target::Slot;
pub use target::{Sending, Target};

/// A message that is about to be sent.
///
/// Awaiting it asks: it resolves with the reply. The other ways to send it are
/// [`tell`](Self::tell), [`try_tell`](Self::try_tell), [`reply`](Self::reply)
/// and [`blocking`](Self::blocking). Nothing is sent before one of them.
///
/// `T` is whom it is for: `&ActorRef<A>`, a `&Recipient<M>`, a client.
///
/// `.await`, `select!`, `join!` and `timeout` take a call as it is. A function
/// that wants a future, such as `join_all` and `tokio::spawn`, is given
/// `call.into_future()`; for one that outlives the reference, as a task does,
/// [`owned`](Self::owned) comes first. Without it the compiler says that the
/// reference "does not live long enough", and without `into_future` that
/// "`Call` is not a future".
///
/// ```
/// use std::future::IntoFuture;
/// use conclib::prelude::*;
///
/// #[actor]
/// #[derive(Default)]
/// struct Counter(u64);
///
/// #[actor]
/// impl Counter {
///     #[message]
///     fn add(&mut self, by: u64) -> u64 { self.0 += by; self.0 }
/// }
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let system = System::new("docs");
///     let counter = system.spawn(Counter::default())?;
///     let calls = [1, 2, 3].map(|by| counter.add(by).into_future());
///     let sums = futures_util::future::join_all(calls).await;
///     assert_eq!(sums, [Ok(1), Ok(3), Ok(6)]);
///     let task = tokio::spawn(counter.add(4).owned().into_future());
///     assert_eq!(task.await.unwrap()?, 10);
///     Ok(())
/// }
/// ```
///
/// # Cancel safety
/// Dropping the future before the message has a place in the mailbox takes it
/// back. Later, the request is skipped if its handler has not begun; a handler
/// that runs goes on, and its reply is dropped.
#[must_use = "nothing is sent before it is awaited, or `.tell()`, `.try_tell()`, `.reply()` or `.blocking()` is called"]
pub struct Call<T, M: Message> {
    to: To<T, M>,
    timeout: Option<Duration>,
    priority: u8,
}

enum To<T, M: Message> {
    Target(T, M),
    /// Boxed, as it is large and only a test has it.
    Ready(Box<Outcome<M>>),
}

/// What an ask of `M` ends in.
type Outcome<M> = Result<<M as Message>::Reply, AskError<<M as Message>::Error>>;

impl<T, M: Message> Call<T, M> {
    /// A call of `message` on `target`.
    #[inline]
    pub const fn new(target: T, message: M) -> Self {
        Self {
            to: To::Target(target, message),
            timeout: None,
            priority: M::PRIORITY,
        }
    }

    /// A call that is already answered, for the fakes of a test.
    pub fn ready(answer: Result<M::Reply, AskError<M::Error>>) -> Self {
        Self {
            to: To::Ready(Box::new(answer)),
            timeout: None,
            priority: M::PRIORITY,
        }
    }

    /// Gives the answer this long, from the first poll of the future on.
    ///
    /// When it is over the ask ends in [`AskError::Deadline`]; a local handler
    /// is not disturbed. For a tell it bounds the wait for a place. With
    /// [`reply`](Self::reply) it goes on counting, whenever the [`Reply`] is
    /// awaited. An ask that is given no time at all, or is asked by a turn that
    /// has none left, ends at once, and its message is not sent.
    ///
    /// An ask and the asks of its handler end at the same instant, as those
    /// have the time that is left: the asker gets `Deadline`, or what the
    /// handler makes of its own `Deadline`, whichever is first.
    ///
    /// [`Reply`]: crate::Reply
    pub const fn timeout(mut self, after: Duration) -> Self {
        self.timeout = Some(after);
        self
    }
}

impl<A: Actor, M: Message> Call<&ActorRef<A>, M> {
    /// Says how urgent this call is: lower is sooner, and 255 is last. It
    /// counts instead of the `priority` of the message. Among messages of one
    /// priority the first in is the first out, and no message waits for ever:
    /// after 64 turns that overtook the oldest, the oldest has its turn.
    ///
    /// The actor has `#[actor(priority)]` above its struct. A message has its
    /// rank in the mailbox, not in the line before a full one, whose senders
    /// get a place in the order they came. It travels with the message: an
    /// actor in another process goes by it, too.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor(priority)]
    /// struct Printer { printed: Vec<String> }
    ///
    /// #[actor]
    /// impl Printer {
    ///     #[message]
    ///     fn print(&mut self, page: String) { self.printed.push(page); }
    ///
    ///     #[message]
    ///     fn printed(&mut self) -> Vec<String> { self.printed.clone() }
    /// }
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     let printer = system.spawn(Printer { printed: Vec::new() })?;
    ///     printer.print("novel".into()).priority(1).tell().await?;
    ///     printer.print("note".into()).priority(0).tell().await?;
    ///     assert_eq!(printer.printed().await?.len(), 2);
    ///     Ok(())
    /// }
    /// ```
    pub const fn priority(mut self, priority: u8) -> Self
    where
        A: Prioritised,
    {
        self.priority = priority;
        self
    }
}

impl<A: Actor, M: Message> Call<ActorRef<A>, M> {
    /// As of the call that borrows its reference.
    pub fn priority(mut self, priority: u8) -> Self
    where
        A: Prioritised,
    {
        self.priority = priority;
        self
    }
}

impl<T, M: Message> Call<T, M> {
    /// The same call for somebody else.
    pub(crate) fn redirect<U>(self, to: impl FnOnce(T) -> U) -> Call<U, M> {
        let to = match self.to {
            To::Target(target, message) => To::Target(to(target), message),
            To::Ready(answer) => To::Ready(answer),
        };
        Call {
            to,
            timeout: self.timeout,
            priority: self.priority,
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
    /// is from the turn of an actor, and waiting for a place would close a
    /// circle ([`AskError::Cycle`]). The message comes back with the error.
    ///
    /// # Cancel safety
    /// Dropped while it waits for a place, the message is not sent.
    #[inline(always)]
    pub fn tell(self) -> Telling<T, M> {
        Telling::new(self)
    }

    /// Sends the message if the mailbox has a place right now. Never waits.
    ///
    /// # Errors
    /// The actor has stopped, or the mailbox is full; the message comes back
    /// with the error. An actor in another process has no place to look at
    /// from here: `Full` means that this process has too many requests under
    /// way, and what the other side refuses is logged here.
    pub fn try_tell(self) -> Result<(), TellError<M>> {
        match self.to {
            To::Target(target, message) => target.try_tell(message, self.priority),
            To::Ready(_) => Ok(()),
        }
    }

    /// Sends the message and gives back the answer to pick up later: it is
    /// queued when this resolves.
    ///
    /// # Errors
    /// As [`tell`](Self::tell).
    ///
    /// # Cancel safety
    /// Dropped while it waits for a place, the message is not sent.
    pub fn reply(self) -> Queueing<T, M> {
        Queueing::new(self)
    }

    /// Asks from code that is not async, and blocks its thread until the
    /// answer comes.
    ///
    /// # Errors
    /// As awaiting the call; and [`AskError::WouldBlock`] where it would stop
    /// a thread of the async runtime, which it never does, or the turns of an
    /// actor with a thread of its own, beside which a concurrent handler runs.
    pub fn blocking(self) -> Result<M::Reply, AskError<M::Error>> {
        blocking::ask(self)
    }
}

impl<T: Clone + Target<M>, M: Message> Call<&T, M> {
    /// The same call with a reference of its own, to move it into a task.
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

impl<T, M: Message> fmt::Debug for Call<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("message", &M::NAME)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
