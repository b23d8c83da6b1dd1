//! Bounds on the inbox of an actor that can be reached from other processes.

use crate::message::MayLeave;

/// Inbox all of whose messages `K` carries, of an actor or of a protocol. The macros implement this
/// for any `K`: a bound on a type parameter is no error where it is written, but where a reference
/// to the actor is sent away.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "an actor with this inbox cannot be reached from another process: one of its messages is `#[message(local)]`",
    label = "some message of it stays inside its process"
)]
pub trait CarriedBy<K> {}

/// Carrier of messages to other processes.
#[doc(hidden)]
pub enum Away {}

/// A carrier that carries the message `M`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{M}` is a `#[message(local)]`, so its actor cannot be reached from another process",
    label = "an actor that handles `{M}` stays inside its process",
    note = "take `local` off `{M}`, or let another actor handle it"
)]
pub trait Carries<M> {}

#[diagnostic::do_not_recommend]
impl<M: MayLeave> Carries<M> for Away {}
