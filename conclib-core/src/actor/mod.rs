//! One actor: what it is, its mailbox, its life, and the references to it.

mod asker_gone;
mod beside;
mod birth;
mod cell;
mod context;
mod ending;
mod family;
#[cfg(feature = "testing")]
mod gate;
mod group;
mod inbox;
mod kin;
mod lanes;
mod life;
mod line;
mod mailbox;
#[cfg(all(test, any(shuttle, conclib_loom)))]
mod modelled;
mod mortal;
mod next;
mod order;
mod part;
mod protocol;
mod pump;
mod recipient;
mod reference;
mod resident;
mod restart;
mod scoped;
mod seek;
mod send;
mod signal;
mod sources;
mod stop;
mod supervise;
mod turn;
mod weak;

use std::future::Future;
use std::time::Duration;

pub use asker_gone::AskerGone;
pub(crate) use birth::{Args, Closure, Created, Failed, Given, Renewed, Source};
pub use birth::{Birth, Renews};
pub(crate) use cell::{Cell, Seed};
pub use context::{Context, Head};
pub use family::{ChildExit, Gone, Strategy};
pub use inbox::Inbox;
pub(crate) use kin::{Child, Kin};
pub use life::Life;
pub(crate) use line::Ticket;
pub use mailbox::Overflow;
pub(crate) use mailbox::Refused;
pub use order::Prioritised;
#[doc(hidden)]
pub use order::{Ranks, Unranked};
pub use part::{Part, PartRef};
pub use protocol::ProtocolMessage;
#[doc(hidden)]
pub use protocol::{
    HasFields, HasProtocol, HasProtocols, ProtocolInbox, Serves, SharedWith, serve,
};
#[doc(hidden)]
pub use pump::{Many, stream};
pub use recipient::{Recipient, WeakRecipient};
pub use reference::ActorRef;
pub use resident::AnyRef;
pub(crate) use resident::Resident;
pub(crate) use resident::downcast;
pub use restart::{Backoff, History, Restart};
pub use scoped::Scoped;
#[doc(hidden)]
pub use seek::Seek;
pub(crate) use signal::{Alert, By, Signal};
pub use sources::{Attached, TickSpec};
pub use stop::{Escalation, State, StopReason, Stopping};
pub(crate) use supervise::STOP_WITHIN;
pub use turn::Turn;
pub(crate) use turn::caught;
#[doc(hidden)]
pub use turn::{
    answer, answer_deferred, answer_fallback, answer_result, attempt, beside, may_pass_on,
};
pub use weak::WeakRef;

use serde::{Deserialize, Serialize};

use crate::error::Failure;
use crate::fault::HandlerError;
use crate::message::Message;
use crate::reply::Request;
use crate::wire::{Envelope, Queued, RequestEnvelope, WireAsker};

/// What the `#[actor]` on a struct says of it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no actor yet: its struct has no `#[actor]`",
    label = "write `#[actor]` above the definition of this type",
    note = "an actor has two attributes: `#[actor] struct …`, which may say `urn` and `mailbox`, and `#[actor] impl …` with its handlers"
)]
pub trait Declared: Sized + 'static {
    /// The name it has if the spawner gives it none.
    const URN: Option<&'static str> = None;
    /// How many messages wait at most.
    const MAILBOX: usize = DEFAULT_MAILBOX;
    /// What a full mailbox does.
    const OVERFLOW: Overflow = Overflow::Wait;
    /// Which of its children are started again when one is.
    const STRATEGY: Strategy = Strategy::OneForOne;
    /// The timeout of a call that says none.
    const TIMEOUT: Option<Duration> = None;
}

/// Where an actor runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Place {
    /// As a task of the runtime it was spawned in.
    Task,
    /// On a thread of its own.
    Thread,
}

/// Number of messages that wait in a mailbox if nothing else is said.
pub const DEFAULT_MAILBOX: usize = 1024;

/// A struct that handles messages, one at a time. `#[actor] impl` writes this.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an actor",
    label = "not an actor",
    note = "write `#[actor]` above its struct and above the `impl` block with its handlers"
)]
pub trait Actor: Sized + 'static {
    /// One variant for each message, with the place for its reply.
    type Inbox: Messages;

    /// Handles one message.
    fn turn(&mut self, message: Self::Inbox, ctx: &mut Context<Self>)
    -> impl Future<Output = Turn>;

    /// `#[on(start)]`: runs before the first message. Its error ends the actor
    /// and is what [`ActorRef::started`] gives.
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

    /// Says that there is an `#[on(child)]`. Without one, children are started again
    /// as their policies say, and no turn is needed for that.
    const HEARS_OF_CHILDREN: bool = false;

    /// `#[on(child)]`: a child has ended, or waits to be started again.
    fn on_child(
        &mut self,
        exit: ChildExit,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = Directive> {
        let _ = ctx;
        std::future::ready(exit.default)
    }

    /// `#[on(gone)]`: an actor that was watched has ended.
    fn on_gone(&mut self, gone: Gone, ctx: &mut Context<Self>) -> impl Future<Output = ()> {
        let _ = (gone, ctx);
        std::future::ready(())
    }

    /// After how long without a turn it is idle: `#[on(idle = "…")]`.
    const IDLE: Option<Duration> = None;

    /// `#[on(idle = "…")]`: it had no turn for so long. Once for each quiet
    /// time.
    fn on_idle(&mut self, ctx: &mut Context<Self>) -> impl Future<Output = ()> {
        let _ = ctx;
        std::future::ready(())
    }

    /// `#[on(error)]`: a handler returned an error and nobody was asking.
    fn on_error(
        &mut self,
        error: HandlerError,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = Directive> {
        let _ = (error, ctx);
        std::future::ready(Directive::Resume)
    }

    /// Offers each of its messages to somebody who seeks whom to send one.
    #[doc(hidden)]
    fn offer(seek: &mut Seek<Self>) {
        let _ = seek;
    }
}

/// An actor whose life can be a tokio task: everything it holds across an
/// await is `Send`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an actor that can run as a task",
    label = "not an actor",
    note = "write `#[actor]` above its definition, and above one `impl` block with its handlers"
)]
pub trait TaskActor: Actor + Declared + Send {
    /// The whole life of the actor.
    #[doc(hidden)]
    fn live<B: Birth<Self> + Send>(life: Life<Self, B>) -> impl Future<Output = ()> + Send;
}

/// An actor that is made where it runs: `#[on(create)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `#[on(create)]`",
    label = "spawn a value of it instead, or add `#[on(create)] async fn create(args: …) -> Result<Self, …>`"
)]
pub trait Create: Actor {
    /// What it is made from.
    type Args: Send + 'static;

    /// Makes it. Runs inside the actor, before `#[on(start)]`.
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
    /// The variant of the inbox that holds it.
    #[doc(hidden)]
    fn wrap(request: Request<M>) -> Self::Inbox;
}

/// The closed set of an actor's messages. `#[actor] impl` writes this.
pub trait Messages: Sized + Send + 'static {
    /// The wire names, in the order of the variants.
    const NAMES: &'static [&'static str];

    /// Those of each protocol, which count on from there.
    const PROTOCOLS: &'static [&'static [&'static str]] = &[];

    /// The messages that come by themselves.
    const TICKS: &'static [TickSpec<Self>] = &[];

    /// Whether the more urgent of them comes first.
    #[doc(hidden)]
    const PRIORITISED: bool = false;

    /// Which variant this is, and who sent it.
    #[doc(hidden)]
    fn head(&self) -> Head<'_>;

    /// The wire name of the message of that index.
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

    /// Tells whoever asks that this will not be served.
    #[doc(hidden)]
    fn refuse(self, failure: Failure);

    /// Takes the answer "queued" out of a message that was told over a wire.
    #[doc(hidden)]
    fn queued(&mut self) -> Option<Queued>;

    /// Reads a request that came over a wire.
    #[doc(hidden)]
    fn accept(envelope: &Envelope<'_>, asker: WireAsker) -> Accepted<Self>;

    /// Takes a request in that no variant is declared for.
    #[doc(hidden)]
    fn fallback(request: Box<RequestEnvelope>) -> Result<Self, Box<RequestEnvelope>> {
        Err(request)
    }
}

/// What became of a request that came over a wire.
#[doc(hidden)]
pub enum Accepted<I> {
    /// It is this message, of this priority.
    Message(I, u8),
    /// It does not fit, and its asker knows.
    Answered,
    /// No wire message of that name is declared.
    Undeclared(WireAsker),
}

impl<I> Accepted<I> {
    /// The variant of an inbox for a request that was read.
    pub fn of<M: Message>(request: Option<Request<M>>, variant: fn(Request<M>) -> I) -> Self {
        request.map_or(Self::Answered, |request| {
            Self::Message(variant(request), M::PRIORITY)
        })
    }

    /// The variant of an actor's inbox for a message of a protocol.
    pub fn nested<O>(self, variant: fn(I) -> O) -> Accepted<O> {
        match self {
            Self::Message(inbox, priority) => Accepted::Message(variant(inbox), priority),
            Self::Answered => Accepted::Answered,
            Self::Undeclared(asker) => Accepted::Undeclared(asker),
        }
    }
}

/// What is to be done after a failure: in `#[on(error)]` about the actor itself,
/// in `#[on(child)]` about its child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Directive {
    /// Go on: after an error with the next message, after the end of a child
    /// without it.
    #[default]
    Resume,
    /// Start it again, from a fresh state, as its [`Restart`] policy allows.
    /// Without a source of fresh state it is ended, and an event says so.
    Restart,
    /// End it, with [`StopReason::Failed`]. A child has ended already and is
    /// left so.
    Stop,
    /// Let the supervisor deal with it: an actor ends, and its policy is not
    /// asked; a child's failure becomes that of its parent.
    Escalate,
}

/// An actor all of whose messages can leave their process, so that a reference
/// to it can be held elsewhere. It is so of itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be reached from another process: one of its messages is `#[message(local)]`",
    label = "some message of it stays inside its process"
)]
pub trait Travels: Actor {}

impl<A: Actor> Travels for A where for<'a> Ferry<'a>: FerriedInbox<A::Inbox> {}

/// Makes a bound on a concrete message a condition instead of an error where
/// it is written, so that the error appears where an actor is sent away.
#[doc(hidden)]
pub struct Ferry<'a>(std::marker::PhantomData<&'a ()>);

#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{M}` is a `#[message(local)]`, so its actor cannot be reached from another process",
    label = "an actor that handles `{M}` stays inside its process",
    note = "take `local` off `{M}`, or let another actor handle it"
)]
pub trait Ferried<M> {}

#[diagnostic::do_not_recommend]
impl<M: crate::message::WireMessage> Ferried<M> for Ferry<'_> {}

/// As [`Ferried`], for all the messages in an inbox: of an actor, of a protocol.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "an actor with this inbox cannot be reached from another process: one of its messages is `#[message(local)]`",
    label = "some message of it stays inside its process"
)]
pub trait FerriedInbox<I> {}
