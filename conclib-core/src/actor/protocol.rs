//! Messages that several actors share: a protocol, and who has it.
//!
//! The inbox of a protocol is a part of the inbox of each actor that has it,
//! one variant of an enum, so that an inbox stays closed.

use std::future::Future;

use super::context::Context;
use super::outcome::Turn;
use super::seek::Seek;
use super::{Actor, Handler, Messages};
use crate::message::Message;
use crate::reply::Request;

/// An actor that has protocols at all.
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
    /// The variant of the inbox that holds it.
    fn nest(inbox: P) -> Self::Inbox;

    /// Handles one message of it.
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
    /// Offers each of its messages to somebody who seeks whom to send one.
    fn offer<A: HasProtocol<Self>>(seek: &mut Seek<A>);
}

/// The inbox of a protocol that `A` implements.
#[doc(hidden)]
pub trait Serves<A: Actor>: ProtocolInbox {
    /// Handles one message.
    fn turn(self, actor: &mut A, ctx: &mut Context<A>) -> impl Future<Output = Turn>;
}

/// The turn of a message of a protocol, as a function: what a method of a trait
/// returns has the bounds of the trait again, and a mistake two errors.
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
    /// The variant of the inbox that holds it.
    fn wrap(request: Request<Self>) -> A::Inbox;
}

/// By this an actor handles what its protocols have. It meets no handler of
/// the actor's own: the compiler knows all protocols that a type has, as they
/// are named where the type is at home.
#[diagnostic::do_not_recommend]
impl<A: HasProtocols, M: SharedWith<A>> Handler<M> for A {
    fn wrap(request: Request<M>) -> Self::Inbox {
        M::wrap(request)
    }
}
