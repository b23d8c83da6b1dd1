//! Support code for the expansion of the macros; not for use by hand.

pub use std::boxed::Box;
pub use std::collections::VecDeque;

pub use conclib_wire::parts::{
    Field, NoField, NoSeed, Seed, Variants, read_enum, read_fields, read_newtype, read_positions,
    read_struct, read_tuple, read_unit, write_struct, write_tuple, write_tuple_variant,
    write_variant,
};
pub use serde::de::VariantAccess;
pub use serde::{self, Deserialize, Deserializer, Serialize, Serializer};

/// The expansion imports this module, and names everything through the import.
pub use crate::__private;

pub use crate::actor::{Part, PartRef, ProtocolMessage, TaskActor};
pub use crate::call::Call;
pub use crate::error::HandlerError;
pub use crate::mailbox::Overflow;
pub use crate::message::{ByParts, Local, Message, Wire};
pub use crate::node::{
    Actor, ActorRef, Context, Create, Declared, Handler, Messages, Prioritised, TickSpec, Turn,
};
pub use crate::pool::CallTarget;
pub use crate::reply::Request;
pub use crate::supervision::{ChildExit, Directive, Gone, Strategy};
pub use conclib_wire::{Envelope, Never, Shape, StopReason};
pub use std::future::Future;
pub use std::marker::Send;
pub use std::option::Option;
pub use std::result::Result::{self, Ok};
pub use std::time::Duration;

pub use crate::actor::{
    ActorTask, Batch, BatchAnswer, Dispatch, Factory, HasFields, HasProtocol, HasProtocols,
    History, Many, Nothing, ProtocolInbox, Serves, SharedWith, answer, answer_batch,
    answer_deferred, answer_fallback, answer_result, attempt, beside, fill, is_task_state,
    may_pass_on, serve, stream,
};
pub use crate::call::Outbound;

pub use crate::deadlock::is_anybody_waiting;
pub use crate::entry::{FromSystem, given, system_of, with_system};
pub use crate::forwarding_waker::ForwardingWaker;
pub use crate::hook::{Deciding, TurnDecision, TurnHook};
pub use crate::message::{
    Answers, Encoding, Holds, NoEncoding, SharedState, WireAnswer, WireFunctions, WirePart,
    WireParts,
};
pub use crate::named::Enter;
pub use crate::node::{
    Accepted, BatchLimits, CarriedBy, Carries, Filling, HasPriority, Head, NoActor,
    RecipientLookup, Unranked,
};
#[cfg(feature = "main")]
pub use crate::program::{Main, MainBeside};
pub use crate::reply::{AnyRequest, RemoteCaller, RequestEnvelope};
pub use crate::system::{ActorUnderTest, SystemUnderTest};

pub use crate::time::check as timed_runtime;
pub use crate::time::{resume_paused_clock, set_resume};
pub use conclib_wire::Cycle;
pub use conclib_wire::Failure;
pub use conclib_wire::rewrite_chain;
pub use conclib_wire::shape::{
    DECLARED, Depth, Fallback, Full, Of, Probe, ShapeAt, hash, mix, with_parameters,
};

/// Error of a hook.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Reply and error type of a `Result`, for a type alias whose arguments the macro cannot see; or of a
/// message that is more visible than they are.
pub trait Outcome {
    /// Type of the `Ok` value.
    type Reply;
    /// Type of the `Err` value.
    type Error;
}

impl<T, E> Outcome for Result<T, E> {
    type Reply = T;
    type Error = E;
}

impl<T, E> Outcome for (T, E) {
    type Reply = T;
    type Error = E;
}

/// Bounds on a type parameter of a generic actor.
pub trait LocalParam: Send + 'static {}

impl<T: Send + 'static> LocalParam for T {}

/// Return type of a handler of `M` that returns the bare reply.
pub type ReplyOf<M> = <M as Message>::Reply;
/// Return type of a handler of `M` that returns a `Result`.
pub type ResultOf<M> = Result<<M as Message>::Reply, <M as Message>::Error>;
/// Return type of a handler of `M` that returns a `Deferred`.
pub type DeferredOf<M> = crate::reply::Deferred<<M as Message>::Reply, <M as Message>::Error>;

/// Error type that a hook may return.
#[diagnostic::on_unimplemented(
    message = "a hook cannot fail with `{Self}`, which is no error",
    label = "not an error",
    note = "implement `std::error::Error` for `{Self}`, as `#[derive(Debug, thiserror::Error)]` does, or box it: `Box<dyn std::error::Error + Send + Sync>`"
)]
pub trait HookError {
    /// Boxes the error; an error that is boxed already stays as it is.
    fn into_box(self) -> BoxError;
}

#[diagnostic::do_not_recommend]
impl<E: Into<BoxError>> HookError for E {
    fn into_box(self) -> BoxError {
        self.into()
    }
}

impl HookError for crate::Error {
    fn into_box(self) -> BoxError {
        self.into_boxed()
    }
}

/// Boxes the error of a hook.
pub fn boxed<E: HookError>(error: E) -> BoxError {
    error.into_box()
}

/// Check of a type whose proof is the constant `IS`: `Type` is `T`, provided that the constant
/// compiles. A failed check is so reported once, and not at each use of the type.
///
/// Implemented by all types, but used on a type of the user's own crate, for which no other crate
/// can add an implementation.
pub trait Proven<T, const IS: bool> {
    /// The type itself.
    type Type;
}

impl<H, T> Proven<T, true> for H {
    type Type = T;
}

/// Assertion for [`Proven`]: compiles if `M` is a message.
pub const fn is_message<M: Message>() -> bool {
    true
}

/// Assertion for [`Proven`]: compiles if `P` is a part.
pub const fn is_part<P: Part>() -> bool {
    true
}

/// Returns the shape of a type, or the hash of its bare name if the type has no shape.
pub const fn shape_or_name(shape: u64, name: &str) -> u64 {
    if shape == 0 { hash(name) } else { shape }
}

/// Shape of a struct: the names of its fields and their shapes.
pub const fn fields(fields: &[(&str, u64)]) -> u64 {
    named(hash("fields"), fields)
}

/// Shape of an enum: the names of its variants and their shapes.
pub const fn variants(variants: &[(&str, u64)]) -> u64 {
    named(hash("variants"), variants)
}

const fn named(mut shape: u64, parts: &[(&str, u64)]) -> u64 {
    let mut at = 0;
    while at < parts.len() {
        let (name, part) = parts[at];
        shape = mix(mix(shape, hash(name)), part);
        at += 1;
    }
    shape
}

/// Shape of the reply of a message that has none.
pub const UNIT: u64 = <() as Shape>::SHAPE;
/// Shape of the error of a message that cannot fail.
pub const NEVER: u64 = <Never as Shape>::SHAPE;

/// Fingerprint that two builds compare before they decode a message.
pub const fn fingerprint<M: Message + Shape>(reply: u64, error: u64) -> u64 {
    mix(mix(hash(M::NAME), M::SHAPE), mix(reply, error))
}

/// Assertion for `#[message(wire)]`: compiles if `T` can travel.
pub const fn is_wire_part<T: WirePart>() {}

/// Returns true if `name` is in `names`: two messages of one actor may not have the same name.
pub const fn is_taken(name: &str, names: &[&str]) -> bool {
    let mut at = 0;
    while at < names.len() {
        if same(name.as_bytes(), names[at].as_bytes()) {
            return true;
        }
        at += 1;
    }
    false
}

/// Returns true if a name of a protocol is in `others`, the names of its actor and of the protocols
/// before it.
pub const fn any_taken(names: &[&str], others: &[&[&str]]) -> bool {
    let mut at = 0;
    while at < names.len() {
        let mut other = 0;
        while other < others.len() {
            if is_taken(names[at], others[other]) {
                return true;
            }
            other += 1;
        }
        at += 1;
    }
    false
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// Bound of `async fn(&self)` on the state it borrows across awaits.
#[diagnostic::on_unimplemented(
    message = "`async fn(&self)` shares the state across awaits, and `{Self}` is not `Sync`",
    label = "write `&mut self` here",
    note = "a handler runs alone, so `&mut self` costs nothing"
)]
pub trait Shared {}

#[diagnostic::do_not_recommend]
impl<T: Sync> Shared for T {}

/// Asserts the bound, for a handler that takes `&self`.
pub const fn shares<T: Shared>() {}
