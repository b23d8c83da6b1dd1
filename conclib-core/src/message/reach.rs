//! Reach of a message: says if the message can leave its process.

use conclib_wire::{Codec, CodecError, Urn};

use super::Message;
use super::encoding::WireFunctions;
use super::part::{Encoded, Serde, WireAnswer, WirePart, WireParts};
use crate::spi::Answered;

/// Reach of a message: sealed, with [`ByParts`], [`Wire`] and [`Local`] as its implementations.
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

/// Reach of messages that can leave their process if all their parts can: fields, reply and error
/// are serde types, or references to actors. Every message without `local` or `wire` has it.
#[derive(Debug, Clone, Copy)]
pub enum ByParts {}

/// Reach of messages that can leave their process: request, reply and error are serde types. It is
/// the promise of `#[message(wire)]`.
#[derive(Debug, Clone, Copy)]
pub enum Wire {}

/// Reach of messages that stay in their process: the promise of `#[message(local)]`.
#[derive(Debug, Clone, Copy)]
pub enum Local {}

/// Message that can leave its process: all its parts are serde types, or references to actors, and
/// it is not marked `#[message(local)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a `#[message(local)]` and cannot leave its process",
    label = "this message stays inside its process",
    note = "take `local` off `{Self}` and make its fields, reply and error serde types, or send a different message"
)]
pub trait WireMessage: Message {}

impl<M: Message> WireMessage for M where M::Reach: Leaves<M> {}

/// Reach of a message that can leave its process.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{M}` is a `#[message(local)]` and cannot leave its process",
    label = "this message stays inside its process",
    note = "take `local` off `{M}` and make its fields, reply and error serde types, or send a different message"
)]
pub trait Leaves<M> {}

impl<M> Leaves<M> for Wire {}

impl<M: WireParts<Serde>> Leaves<M> for ByParts {}

/// Message that is not marked `#[message(local)]`. Unlike [`WireMessage`] this asks for nothing of
/// the parts, since those may hold references to actors that handle the message.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a `#[message(local)]` and cannot leave its process",
    label = "this message stays inside its process",
    note = "take `local` off `{Self}` and make its fields, reply and error serde types, or send a different message"
)]
pub trait MayLeave: Message {}

#[diagnostic::do_not_recommend]
impl<M: Message<Reach: sealed::MayLeave>> MayLeave for M {}

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

/// Returns the functions of a message, or the error that it is local.
fn wire<M: Message>() -> Result<WireFunctions<M>, CodecError> {
    M::WIRE.ok_or_else(|| CodecError::local(M::NAME))
}

impl<M: Message> Reach<M> for ByParts {
    const WIRE: bool = M::WIRE.is_some();
    const STREAMS: bool = match &M::WIRE {
        Some(functions) => functions.streams,
        None => false,
    };

    fn encode(message: &M, codec: Codec, out: &mut Vec<u8>) -> Result<(), CodecError> {
        (wire::<M>()?.encode)(message, codec, out)
    }
    fn decode(codec: Codec, body: &[u8]) -> Result<M, CodecError> {
        (wire::<M>()?.decode)(codec, body)
    }
    fn encode_reply(reply: M::Reply, codec: Codec, out: &mut Vec<u8>) -> Encoded {
        (wire::<M>()?.encode_reply)(reply, codec, out)
    }
    fn decode_reply(answered: Answered<'_>, who: Option<&Urn>) -> Result<M::Reply, CodecError> {
        (wire::<M>()?.decode_reply)(answered, who)
    }
    fn encode_error(error: &M::Error, codec: Codec, out: &mut Vec<u8>) -> Result<(), CodecError> {
        (wire::<M>()?.encode_error)(error, codec, out)
    }
    fn decode_error(codec: Codec, body: &[u8]) -> Result<M::Error, CodecError> {
        (wire::<M>()?.decode_error)(codec, body)
    }
}

/// Every function returns the error that the message is local. A request for a local message is
/// refused before it is decoded.
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

mod sealed {
    pub trait Reach {}
    impl Reach for super::ByParts {}
    impl Reach for super::Wire {}
    impl Reach for super::Local {}

    pub trait MayLeave: Reach {}
    impl MayLeave for super::ByParts {}
    impl MayLeave for super::Wire {}
}
