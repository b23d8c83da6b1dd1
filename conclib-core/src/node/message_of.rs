//! Messages that an actor handles, seen from the message.

use super::actor::{Actor, Handler};
use super::reference::ActorRef;
use crate::call::{Call, Telling};
use crate::message::Message;

/// A message that the actor `A` handles: every `M` with `A: `[`Handler<M>`](Handler).
///
/// A call of a message that is not handled has no type, so that the compiler reports the message, and
/// not once more each use of the call.
#[diagnostic::on_unimplemented(
    message = "`{A}` does not handle `{Self}`",
    label = "`{A}` has no handler for this message",
    note = "add `#[handler] async fn …(&mut self, message: {Self}) -> …` to the `#[actor] impl` of `{A}`, and `#[message]` above `{Self}` if it has none"
)]
pub trait MessageOf<A: Actor>: Sized {
    /// Call of the message on a target: `Call<T, Self>`.
    type Call<T>;
    /// Future of a tell: `Telling<&ActorRef<A>, Self>`.
    type Telling<'a>;

    #[doc(hidden)]
    fn call<T>(message: Self, target: T) -> Self::Call<T>;
    #[doc(hidden)]
    fn telling(message: Self, actor: &ActorRef<A>) -> Self::Telling<'_>;
}

#[diagnostic::do_not_recommend]
impl<A: Handler<M>, M: Message> MessageOf<A> for M {
    type Call<T> = Call<T, M>;
    type Telling<'a> = Telling<&'a ActorRef<A>, M>;
    #[inline(always)]
    fn call<T>(message: Self, target: T) -> Call<T, M> {
        Call::new(target, message)
    }
    #[inline(always)]
    fn telling(message: Self, actor: &ActorRef<A>) -> Telling<&ActorRef<A>, M> {
        Call::new(actor, message).tell()
    }
}

/// Implementation for no actor at all. With a single implementation the compiler would take its types
/// before it looks at its bounds.
#[diagnostic::do_not_recommend]
#[doc(hidden)]
impl<A: Actor, M> MessageOf<A> for M
where
    Option<A>: NoActor,
{
    type Call<T> = ();
    type Telling<'a> = ();
    fn call<T>(_: Self, _: T) {}
    fn telling(_: Self, _: &ActorRef<A>) {}
}

/// Bound that nothing meets.
#[doc(hidden)]
pub trait NoActor {}
