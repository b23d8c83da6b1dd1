//! What a handler may do besides replying.

use std::fmt;
use std::sync::Arc;

use super::cell::Cell;
use super::{Actor, ActorId, ActorRef, AnyRef, Named, Signal, StopReason};
use crate::message::Message;
use crate::reply::{Deferred, ReplyTo, Request};
use crate::system::System;
use crate::urn::Urn;
use crate::wire::Origin;

/// What a handler may do besides replying. It takes it as its last parameter,
/// `ctx: &mut Context<Self>`.
///
/// ```
/// use conclib::prelude::*;
///
/// #[actor(urn = "doorman")]
/// struct Doorman;
///
/// #[actor]
/// impl Doorman {
///     #[message]
///     fn close(&mut self, ctx: &mut Context<Self>) -> String {
///         ctx.stop();
///         format!("{} goes home", ctx.urn())
///     }
/// }
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let system = System::new("docs");
///     let doorman = system.spawn(Doorman)?;
///     assert_eq!(doorman.close().await?, "doorman goes home");
///     assert_eq!(doorman.stopped().await, Some(StopReason::Stopped));
///     Ok(())
/// }
/// ```
pub struct Context<A: Actor> {
    /// Not a strong reference: an actor that held itself would live for ever.
    cell: Arc<Cell<A>>,
    sender: Sender,
}

/// Who sent the message whose turn it is.
#[derive(Debug)]
pub struct Sender {
    pub(crate) from: Option<ActorId>,
    pub(crate) origin: Origin,
    /// It asked from outside and does not wait any more.
    pub(crate) has_left: bool,
}

impl Sender {
    /// Nobody: a message that came by itself.
    pub const fn nobody() -> Self {
        Self {
            from: None,
            origin: Origin::Local,
            has_left: false,
        }
    }

    /// The sender of a request.
    pub fn of<M: Message>(request: &Request<M>) -> Self {
        match request.reply.wire_reply() {
            None => Self {
                from: request.from,
                ..Self::nobody()
            },
            Some(reply) => Self::outside(reply.asker()),
        }
    }

    /// The sender of a message that is not declared.
    pub fn of_undeclared(request: &crate::wire::RequestEnvelope) -> Self {
        Self::outside(&request.asker)
    }

    fn outside(asker: &crate::wire::WireAsker) -> Self {
        Self {
            from: None,
            origin: asker.origin().clone(),
            has_left: asker.was_asked() && !asker.is_waiting(),
        }
    }
}

impl<A: Actor> Context<A> {
    pub(crate) fn new(cell: Arc<Cell<A>>) -> Self {
        Self {
            cell,
            sender: Sender::nobody(),
        }
    }

    pub(crate) fn cell(&self) -> &Cell<A> {
        &self.cell
    }

    pub(crate) fn set_sender(&mut self, sender: Sender) {
        self.sender = sender;
    }

    /// A reference to this actor. Kept in the actor's own state it would keep
    /// the actor alive: keep a [`WeakRef`](crate::WeakRef) there.
    ///
    /// What an actor sends to itself is never refused and never waits; it is
    /// handled after what is queued already. Asking itself waits for ever.
    pub fn me(&self) -> ActorRef<A> {
        self.cell.acquire();
        ActorRef::local(self.cell.clone())
    }

    /// The name of this actor.
    pub fn urn(&self) -> Urn {
        self.cell.urn()
    }

    /// The system it lives in.
    pub fn system(&self) -> System {
        System::of(&self.cell.system)
    }

    /// Ends this actor once what is queued is served, as
    /// [`ActorRef::stop`] does. The turn goes on and its reply is delivered.
    pub fn stop(&self) {
        self.cell.tell_to_end(Signal::Drain, StopReason::Stopped);
    }

    /// Ends this actor after this turn, as [`ActorRef::stop_now`] does.
    pub fn stop_now(&self) {
        self.cell.tell_to_end(Signal::Now, StopReason::StoppedNow);
    }

    /// The actor that sent the message whose turn it is. `None` if it was sent
    /// by other code, from outside the system, or by an actor that has ended.
    pub fn sender(&self) -> Option<AnyRef> {
        self.cell
            .system
            .resident(self.sender.from?)
            .map(AnyRef::new)
    }

    /// Where the message came from: this process, or which other.
    pub fn origin(&self) -> &Origin {
        &self.sender.origin
    }

    /// For a handler that answers later: return the [`Deferred`], and answer
    /// through the [`ReplyTo`] from wherever it was moved to.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// struct Slow;
    ///
    /// #[actor]
    /// impl Slow {
    ///     #[message]
    ///     fn double(&mut self, n: u64, ctx: &mut Context<Self>) -> Deferred<u64> {
    ///         let (reply, deferred) = ctx.defer();
    ///         tokio::spawn(async move { reply.send(2 * n) });
    ///         deferred
    ///     }
    /// }
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     assert_eq!(system.spawn(Slow)?.double(4).await?, 8);
    ///     Ok(())
    /// }
    /// ```
    pub fn defer<T, E>(&self) -> (ReplyTo<T, E>, Deferred<T, E>) {
        Deferred::pair()
    }
}

impl<A: Actor> fmt::Debug for Context<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("urn", &self.urn())
            .finish_non_exhaustive()
    }
}
