//! Traits of an actor, which the macros implement.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use conclib_wire::{Envelope, Failure, StopReason};

use super::accepted::Accepted;
use super::carried::{Away, CarriedBy};
use super::context::{Context, Head};
use super::inputs::TickSpec;
use super::outcome::Turn;
use super::recipient_lookup::RecipientLookup;
use crate::error::HandlerError;
use crate::mailbox::Overflow;
use crate::message::Message;
use crate::reply::{AnyRequest, Queued, RemoteCaller, Request, RequestEnvelope};
use crate::supervision::{ChildExit, Directive, Gone, Strategy};

/// Settings of an actor, which `#[actor]` on its struct declares.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no actor yet: its struct has no `#[actor]`",
    label = "write `#[actor]` above the definition of this type",
    note = "an actor has two attributes: `#[actor] struct …`, which may say `urn` and `mailbox`, and `#[actor] impl …` with its handlers"
)]
pub trait Declared: Sized + 'static {
    /// Name of the actor if the spawner gives none.
    const URN: Option<&'static str> = None;
    /// Largest number of messages that wait in the mailbox.
    const MAILBOX: usize = DEFAULT_MAILBOX;
    /// Policy of a full mailbox.
    const OVERFLOW: Overflow = Overflow::Wait;
    /// Choice of the children that are restarted together when one of them is.
    const STRATEGY: Strategy = Strategy::OneForOne;
    /// Timeout of a call that sets none.
    const TIMEOUT: Option<Duration> = None;
}

/// Largest number of messages that wait in a mailbox, unless the actor or its spawner
/// sets another.
pub const DEFAULT_MAILBOX: usize = 1024;

/// A struct that handles messages, one at a time. `#[actor] impl` writes this.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an actor",
    label = "not an actor",
    note = "write `#[actor]` above its struct and above the `impl` block with its handlers"
)]
pub trait Actor: Sized + 'static {
    /// Enum with a variant for each message, which holds the message and its
    /// [`ReplyTo`](crate::reply::ReplyTo).
    type Inbox: Messages;
    /// Reference to the actor: `ActorRef<Self>`. A reference to a value that is no actor so has no
    /// type, and the compiler reports the value, but no use of the reference.
    type Ref;

    /// Handles one message.
    fn turn(&mut self, message: Self::Inbox, ctx: &mut Context<Self>)
    -> impl Future<Output = Turn>;

    /// `#[on(start)]`: runs before the first message. Its error ends the actor and is
    /// returned by [`ActorRef::started`](super::ActorRef::started).
    fn on_start(
        &mut self,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = Result<(), Box<dyn std::error::Error + Send + Sync>>> {
        let _ = ctx;
        std::future::ready(Ok(()))
    }

    /// `#[on(stop)]`: runs at every end except a kill and a failed start, after
    /// a panic too. Its error is logged.
    fn on_stop(
        &mut self,
        reason: &StopReason,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = Result<(), Box<dyn std::error::Error + Send + Sync>>> {
        let _ = (reason, ctx);
        std::future::ready(Ok(()))
    }

    /// True if the actor has an `#[on(child)]` hook. Without the hook, children are
    /// restarted as their policies say, which needs no turn of the actor.
    const HEARS_OF_CHILDREN: bool = false;

    /// `#[on(child)]`: runs when a child has ended, or waits to be restarted.
    fn on_child(
        &mut self,
        exit: ChildExit,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = Directive> {
        let _ = ctx;
        std::future::ready(exit.default)
    }

    /// `#[on(gone)]`: runs when a watched actor has ended.
    fn on_gone(&mut self, gone: Gone, ctx: &mut Context<Self>) -> impl Future<Output = ()> {
        let _ = (gone, ctx);
        std::future::ready(())
    }

    /// Time without a turn after which the actor counts as idle: `#[on(idle = "…")]`.
    const IDLE: Option<Duration> = None;

    /// `#[on(idle = "…")]`: runs when the actor had no turn for that time, once for
    /// each idle period.
    fn on_idle(&mut self, ctx: &mut Context<Self>) -> impl Future<Output = ()> {
        let _ = ctx;
        std::future::ready(())
    }

    /// `#[on(error)]`: runs when a handler returned an error for a message that was
    /// told, so that no asker gets the error.
    fn on_error(
        &mut self,
        error: HandlerError,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = Directive> {
        let _ = (error, ctx);
        std::future::ready(Directive::Resume)
    }

    /// Offers each message type of the actor to the lookup of a recipient.
    #[doc(hidden)]
    fn offer(seek: &mut RecipientLookup<Self>) {
        let _ = seek;
    }
}

/// An actor that is created by its own task, from arguments: `#[on(create)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `#[on(create)]`",
    label = "spawn a value of it instead, or add `#[on(create)] async fn create(args: …) -> Result<Self, …>`"
)]
pub trait Create: Actor {
    /// Arguments that the actor is created from.
    type Args: Send + 'static;

    /// Creates the actor. Runs in the actor's own task, before `#[on(start)]`.
    fn create(
        args: Self::Args,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = Result<Self, Box<dyn std::error::Error + Send + Sync>>> + Send;
}

/// An actor that handles `M`. `#[actor] impl` writes this for each of its
/// messages.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle `{M}`",
    label = "`{Self}` has no handler for this message",
    note = "add `#[handler] async fn …(&mut self, message: {M}) -> …` to the `#[actor] impl` of `{Self}`"
)]
pub trait Handler<M: Message>: Actor {
    /// Wraps the request in its variant of the inbox.
    #[doc(hidden)]
    fn wrap(request: Request<M>) -> Self::Inbox;
}

/// Limits of a batch, from `#[message(batch = 32, within = "5ms")]`.
#[doc(hidden)]
pub struct BatchLimits {
    /// Maximum number of requests.
    pub size: usize,
    /// Maximum time to wait for more of them.
    pub within: Duration,
}

/// Search for the requests that are handled in one turn.
#[doc(hidden)]
pub type Filling<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// The closed set of an actor's messages. `#[actor] impl` writes this.
pub trait Messages: Sized + Send + 'static {
    /// The wire names, in the order of the variants.
    const NAMES: &'static [&'static str];

    /// Wire names of the messages of each protocol. Their indices follow those of
    /// `NAMES`.
    const PROTOCOLS: &'static [&'static [&'static str]] = &[];

    /// Messages that the actor gets at fixed intervals, without a sender.
    const TICKS: &'static [TickSpec<Self>] = &[];

    /// True if more urgent messages are handled first.
    #[doc(hidden)]
    const PRIORITISED: bool = false;

    /// True if a message is handled in batches.
    #[doc(hidden)]
    const BATCHES: bool = false;

    /// Returns the limits of a batch, if this message is handled in batches.
    #[doc(hidden)]
    fn batch_limits(&self) -> Option<BatchLimits> {
        None
    }

    /// Joins the requests that are handled in the turn of the first of `waiting`, if that is of a
    /// message that is handled in batches. Other actors are compiled without the future.
    #[doc(hidden)]
    fn fill<'a, A: Actor<Inbox = Self>>(
        ctx: &'a mut Context<A>,
        waiting: &'a mut VecDeque<Self>,
    ) -> Option<Filling<'a>> {
        let _ = (ctx, waiting);
        None
    }

    /// Tests if both are requests of one message that is handled in batches.
    #[doc(hidden)]
    fn joins(&self, next: &Self) -> bool {
        let _ = next;
        false
    }

    /// Adds a request for which [`joins`](Self::joins) returned true.
    #[doc(hidden)]
    fn join(&mut self, next: Self) {
        drop(next);
    }

    /// Returns the data that the loop needs before the turn: index of the variant,
    /// sender, asker and deadline, and whether the asker has left.
    #[doc(hidden)]
    fn head(&self) -> Head<'_>;

    /// Returns the wire name of the message with that index.
    #[doc(hidden)]
    fn name(index: usize) -> &'static str {
        let mut rest = index;
        for names in std::iter::once(&Self::NAMES).chain(Self::PROTOCOLS) {
            match names.get(rest) {
                Some(name) => return name,
                None => rest -= names.len(),
            }
        }
        ""
    }

    /// Returns the request in the variant.
    #[doc(hidden)]
    fn request(&mut self) -> &mut dyn AnyRequest;

    /// Refuses the message: its asker, if any, gets `failure`.
    #[doc(hidden)]
    fn refuse(mut self, failure: Failure) {
        self.request().refuse(failure);
    }

    /// Confirms to the wire that a told message is queued.
    #[doc(hidden)]
    fn queued(&mut self) -> Option<Queued> {
        self.request().queued()
    }

    /// Decodes a request that came over a wire.
    #[doc(hidden)]
    fn accept(envelope: &Envelope<'_>, asker: RemoteCaller) -> Accepted<Self>;

    /// Wraps a request for a message that is not declared, if the actor has a
    /// `#[fallback]`; else gives the request back.
    #[doc(hidden)]
    fn fallback(request: Box<RequestEnvelope>) -> Result<Self, Box<RequestEnvelope>> {
        Err(request)
    }
}

/// An actor without `#[message(local)]`, so that a reference to the actor can be held in another
/// process. Implemented for every such actor. A message of the actor that has a part which cannot
/// travel is refused there.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be reached from another process: one of its messages is `#[message(local)]`",
    label = "some message of it stays inside its process"
)]
pub trait Travels: Actor {}

impl<A: Actor> Travels for A where A::Inbox: CarriedBy<Away> {}
