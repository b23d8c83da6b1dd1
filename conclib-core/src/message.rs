//! Messages: the types that can be sent to an actor.

use conclib_wire::{Codec, CodecError, Response, Urn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::spi::{Answered, OutboundStream};

/// Request type: names its reply and its error, so that a call is typed by the message alone.
///
/// Write `#[message]` on a struct, an enum or a method instead of this impl. By hand the impl looks
/// like this:
///
/// ```
/// use conclib::prelude::*;
/// use conclib::traits::Wire;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Double(u64);
///
/// impl Message for Double {
///     type Reply = u64;
///     type Error = Never;
///     type Reach = Wire;
///     const NAME: &'static str = "Double";
/// }
/// assert_eq!(Double::NAME, "Double");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message",
    label = "not a message",
    note = "write `#[message]` above `{Self}`, with `reply = …` if it has a reply"
)]
pub trait Message: Sized + Send + 'static {
    /// Reply of a handler; `()` for a message without one.
    type Reply: Send + 'static;
    /// Error that a handler may return instead of the reply; [`Never`](conclib_wire::Never) if it cannot fail.
    type Error: std::error::Error + Send + Sync + 'static;
    /// Says if the message can leave its process: [`Wire`] or [`Local`].
    type Reach: Reach<Self>;
    /// Name of the message on every wire, stable over builds.
    const NAME: &'static str;
    /// Hash of the wire name and of the shapes of request, reply and error, by which two builds
    /// with different declarations find that out before they decode. Zero stands for "not known"
    /// and is never compared.
    const FINGERPRINT: u64 = 0;
    /// Priority of the message to an actor with `#[actor(priority)]`; lower is handled first. A
    /// message without a priority is handled last.
    const PRIORITY: u8 = LAST;
}

/// Priority of a message that sets none.
pub(crate) const LAST: u8 = u8::MAX;

/// Reach of a message: sealed, with [`Wire`] and [`Local`] as its two implementations.
pub trait Reach<M: Message>: sealed::Reach {
    /// True if the message can leave its process.
    const WIRE: bool;
    /// True if the reply is a stream.
    #[doc(hidden)]
    const STREAMS: bool;

    /// Appends the request to `out`.
    #[doc(hidden)]
    fn encode(message: &M, codec: Codec, out: &mut Vec<u8>) -> Result<(), CodecError>;
    #[doc(hidden)]
    fn decode(codec: Codec, body: &[u8]) -> Result<M, CodecError>;
    #[doc(hidden)]
    fn encode_reply(reply: M::Reply, codec: Codec, out: &mut Vec<u8>) -> Encoded;
    #[doc(hidden)]
    fn decode_reply(answered: Answered<'_>, who: Option<&Urn>) -> Result<M::Reply, CodecError>;
    #[doc(hidden)]
    fn encode_error(error: &M::Error, codec: Codec, out: &mut Vec<u8>) -> Result<(), CodecError>;
    #[doc(hidden)]
    fn decode_error(codec: Codec, body: &[u8]) -> Result<M::Error, CodecError>;
}

/// Reach of messages that can leave their process: request, reply and error are serde types.
#[derive(Debug, Clone, Copy)]
pub enum Wire {}

/// Reach of messages that stay in their process, since they hold values that cannot be serialised:
/// a socket, a channel.
#[derive(Debug, Clone, Copy)]
pub enum Local {}

/// Message that can leave its process. Every [`Message`] is one unless it is marked
/// `#[message(local)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a `#[message(local)]` and cannot leave its process",
    label = "this message stays inside its process",
    note = "take `local` off `{Self}` and make its fields, reply and error serde types, or send a different message"
)]
pub trait WireMessage: Message<Reach = Wire> {}

#[diagnostic::do_not_recommend]
impl<M: Message<Reach = Wire>> WireMessage for M {}

impl<M> Reach<M> for Wire
where
    M: Message + WirePart,
    M::Reply: WireAnswer,
    M::Error: WirePart,
{
    const WIRE: bool = true;
    const STREAMS: bool = M::Reply::STREAMS;

    fn encode(message: &M, codec: Codec, out: &mut Vec<u8>) -> Result<(), CodecError> {
        codec.encode(message, out)
    }
    fn decode(codec: Codec, body: &[u8]) -> Result<M, CodecError> {
        codec.decode(body)
    }
    fn encode_reply(reply: M::Reply, codec: Codec, out: &mut Vec<u8>) -> Encoded {
        reply.encode(codec, out)
    }
    fn decode_reply(answered: Answered<'_>, who: Option<&Urn>) -> Result<M::Reply, CodecError> {
        M::Reply::decode(answered, who)
    }
    fn encode_error(error: &M::Error, codec: Codec, out: &mut Vec<u8>) -> Result<(), CodecError> {
        codec.encode(error, out)
    }
    fn decode_error(codec: Codec, body: &[u8]) -> Result<M::Error, CodecError> {
        codec.decode(body)
    }
}

/// Never called: the dispatch table leaves local messages out, and a client for another process
/// exists only for actors without local messages. Returns an error all the same, so that a mistake
/// of this crate cannot panic in the user's code.
impl<M: Message> Reach<M> for Local {
    const WIRE: bool = false;
    const STREAMS: bool = false;

    fn encode(_: &M, _: Codec, _: &mut Vec<u8>) -> Result<(), CodecError> {
        Err(CodecError::local(M::NAME))
    }
    fn decode(_: Codec, _: &[u8]) -> Result<M, CodecError> {
        Err(CodecError::local(M::NAME))
    }
    fn encode_reply(_: M::Reply, _: Codec, _: &mut Vec<u8>) -> Encoded {
        Err(CodecError::local(M::NAME))
    }
    fn decode_reply(_: Answered<'_>, _: Option<&Urn>) -> Result<M::Reply, CodecError> {
        Err(CodecError::local(M::NAME))
    }
    fn encode_error(_: &M::Error, _: Codec, _: &mut Vec<u8>) -> Result<(), CodecError> {
        Err(CodecError::local(M::NAME))
    }
    fn decode_error(_: Codec, _: &[u8]) -> Result<M::Error, CodecError> {
        Err(CodecError::local(M::NAME))
    }
}

/// Bounds on a part of a message that can leave its process: a parameter, the reply, the error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is part of a message that can travel, and is no serde type",
    label = "derive `serde::Serialize` and `serde::Deserialize` for `{Self}`",
    note = "or mark the message `#[message(local)]`, if it is never to leave its process"
)]
pub trait WirePart: Serialize + DeserializeOwned + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> WirePart for T {}

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
        codec.encode(&self, out).map(|()| None)
    }

    fn decode(answered: Answered<'_>, _: Option<&Urn>) -> Result<Self, CodecError> {
        let Response { codec, body, .. } = answered.response;
        match answered.items {
            None => codec.decode(body),
            Some(_) => Err(CodecError::stream(codec)),
        }
    }
}

/// Decodes a message, for generic code that only knows `M` as a message: an additional bound on the
/// road would hide that every road carries its messages.
pub(crate) fn decode<M: Message>(codec: Codec, body: &[u8]) -> Result<M, CodecError> {
    <M::Reach as Reach<M>>::decode(codec, body)
}

mod sealed {
    pub trait Reach {}
    impl Reach for super::Wire {}
    impl Reach for super::Local {}
}
