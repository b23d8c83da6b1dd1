//! Parts of a message: its fields, its reply, its error.

use conclib_wire::parts::{Field, Whole};
use conclib_wire::{Codec, CodecError, Response, Urn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::spi::{Answered, OutboundStream};

/// Bounds on a part of a message that can leave its process: a parameter, the reply, the error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is part of a message that can travel, and is no serde type",
    label = "derive `serde::Serialize` and `serde::Deserialize` for `{Self}`",
    note = "or mark the message `#[message(local)]`, if it is never to leave its process"
)]
pub trait WirePart: Serialize + DeserializeOwned + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> WirePart for T {}

/// Message all of whose parts `K` can carry. `#[message]` writes this, for any `K`: a bound on a
/// type parameter is no error where it is written, but where the message is sent away.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not known to be able to leave its process",
    label = "this message cannot be sent away"
)]
pub trait WireParts<K> {}

/// Carrier of parts that are serde types.
#[doc(hidden)]
#[derive(Debug)]
pub enum Serde {}

/// State that is shared: a copy of it in another process would be another state.
#[doc(hidden)]
#[derive(Debug)]
pub struct SharedState<T>(std::marker::PhantomData<fn() -> T>);

/// A carrier that can carry the field `T` of the message `M`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{M}` cannot leave its process: a field of it is a `{T}`, which is no serde type",
    label = "`{M}` stays in its process",
    note = "a type of your own can travel with `#[message]` above it, or with serde's derives; a reference to an actor can, unless the actor has a `#[message(local)]`",
    note = "inside the process, an `ActorRef` sends the message as it is"
)]
pub trait Holds<M, T> {}

#[diagnostic::do_not_recommend]
impl<M, T: WirePart> Holds<M, T> for Serde {}

/// A carrier that can carry the reply or error `T` of the message `M`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{M}` cannot leave its process: it is answered with a `{T}`, which is no serde type",
    label = "`{M}` stays in its process",
    note = "a type of your own can travel with `#[message]` above it, or with serde's derives; a reference to an actor can, unless the actor has a `#[message(local)]`",
    note = "inside the process, an `ActorRef` sends the message as it is"
)]
pub trait Answers<M, T> {}

#[diagnostic::do_not_recommend]
impl<M, T: WireAnswer> Answers<M, T> for Serde {}

/// Result of encoding a reply: `None` if it is a body in `out`, else a stream of bodies.
pub(crate) type Encoded = Result<Option<OutboundStream>, CodecError>;

/// Bounds on the reply of a message that can leave its process: a serde type, or a stream of serde
/// types.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is part of a message that can travel, and is no serde type",
    label = "derive `serde::Serialize` and `serde::Deserialize` for `{Self}`",
    note = "of a stream of replies, it is the items that have to be serde types",
    note = "or mark the message `#[message(local)]`, if it is never to leave its process"
)]
pub trait WireAnswer: Sized + Send + 'static {
    /// True if the reply is a stream.
    const STREAMS: bool;

    #[doc(hidden)]
    fn encode(self, codec: Codec, out: &mut Vec<u8>) -> Encoded;
    #[doc(hidden)]
    fn decode(answered: Answered<'_>, who: Option<&Urn>) -> Result<Self, CodecError>;
}

#[diagnostic::do_not_recommend]
impl<T: WirePart> WireAnswer for T {
    const STREAMS: bool = false;

    fn encode(self, codec: Codec, out: &mut Vec<u8>) -> Encoded {
        codec.encode(&Field(&self).checked(), out).map(|()| None)
    }

    fn decode(answered: Answered<'_>, _: Option<&Urn>) -> Result<Self, CodecError> {
        let Response { codec, body, .. } = answered.response;
        match answered.items {
            None => codec.decode(body).map(|Whole(reply)| reply),
            Some(_) => Err(CodecError::stream(codec)),
        }
    }
}
