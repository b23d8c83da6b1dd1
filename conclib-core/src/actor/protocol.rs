//! Protocols: messages that several actors share, and the traits of the actors that
//! have them.
//!
//! The inbox of a protocol is one variant in the inbox of each actor that has the
//! protocol, so that an inbox stays a closed enum.

use std::future::Future;

use crate::message::Message;
use crate::node::{Actor, Context, Handler, Messages, RecipientLookup, Turn};
use crate::reply::Request;

/// An actor that has one protocol or more.
#[doc(hidden)]
pub trait HasProtocols: Actor {}

/// An actor that has the protocol whose inbox is `P`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not have this protocol",
    label = "`{Self}` does not have this protocol",
    note = "name it above the handlers of `{Self}`: `#[actor(protocols(…))] impl`"
)]
pub trait HasProtocol<P: Messages>: HasProtocols {
    /// Wraps the inbox of the protocol in its variant of the actor's inbox.
    fn nest(inbox: P) -> Self::Inbox;

    /// Handles one message of the protocol.
    fn serve(&mut self, inbox: P, ctx: &mut Context<Self>) -> impl Future<Output = Turn>;
}

/// An actor that has the protocol of its own fields.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has fields with messages, and no impl that names them",
    label = "the impl of `{Self}` does not handle the messages of this field",
    note = "write `#[actor(protocols({Self}Fields))]` above the `impl` block with the handlers"
)]
pub trait HasFields<P: Messages>: HasProtocol<P> {}

#[diagnostic::do_not_recommend]
impl<A: HasProtocol<P>, P: Messages> HasFields<P> for A {}

/// The inbox of a protocol.
#[doc(hidden)]
pub trait ProtocolInbox: Messages {
    /// Offers each message type of the protocol to the lookup of a recipient.
    fn offer<A: HasProtocol<Self>>(seek: &mut RecipientLookup<A>);
}

/// The inbox of a protocol that `A` implements.
#[doc(hidden)]
pub trait Serves<A: Actor>: ProtocolInbox {
    /// Handles one message.
    fn turn(self, actor: &mut A, ctx: &mut Context<A>) -> impl Future<Output = Turn>;
}

/// Handles one message of a protocol. A function, since the return type of a trait's
/// method repeats the bounds of the trait, and a mistake would be reported twice.
#[doc(hidden)]
pub fn serve<A: Actor, P: Serves<A>>(
    inbox: P,
    actor: &mut A,
    ctx: &mut Context<A>,
) -> impl Future<Output = Turn> {
    inbox.turn(actor, ctx)
}

/// A message that belongs to a protocol. `#[protocol]` writes this.
#[diagnostic::on_unimplemented(
    message = "`{Self}` belongs to no protocol",
    label = "the message of a `#[protocol]` is wanted here"
)]
pub trait ProtocolMessage: Message {}

/// A message of a protocol that `A` has.
#[doc(hidden)]
pub trait SharedWith<A: Actor>: ProtocolMessage {
    /// Wraps the request in its variant of the actor's inbox.
    fn wrap(request: Request<Self>) -> A::Inbox;
}

/// Lets an actor handle the messages of its protocols. This does not overlap with the
/// actor's own handlers: the protocols of a type are named in the crate of that type,
/// so the compiler knows all of them.
#[diagnostic::do_not_recommend]
impl<A: HasProtocols, M: SharedWith<A>> Handler<M> for A {
    fn wrap(request: Request<M>) -> Self::Inbox {
        M::wrap(request)
    }
}
