//! Functions that encode and decode one message type.

use std::marker::PhantomData;

use conclib_wire::{Codec, CodecError, Urn};

use super::Message;
use super::part::{Encoded, Serde, WireAnswer, WirePart, WireParts};
use crate::spi::Answered;

/// Functions that encode and decode a message with its reply and its error.
#[doc(hidden)]
pub struct WireFunctions<M: Message> {
    pub(super) streams: bool,
    pub(super) encode: fn(&M, Codec, &mut Vec<u8>) -> Result<(), CodecError>,
    pub(super) decode: fn(Codec, &[u8]) -> Result<M, CodecError>,
    pub(super) encode_reply: fn(M::Reply, Codec, &mut Vec<u8>) -> Encoded,
    pub(super) decode_reply: DecodeReply<M::Reply>,
    pub(super) encode_error: EncodeError<M::Error>,
    pub(super) decode_error: fn(Codec, &[u8]) -> Result<M::Error, CodecError>,
}

type EncodeError<E> = fn(&E, Codec, &mut Vec<u8>) -> Result<(), CodecError>;
type DecodeReply<T> = fn(Answered<'_>, Option<&Urn>) -> Result<T, CodecError>;

impl<M: Message + WirePart> WireFunctions<M>
where
    M::Reply: WireAnswer,
    M::Error: WirePart,
{
    const SERDE: Self = Self {
        streams: M::Reply::STREAMS,
        encode: |message, codec, out| codec.encode(message, out),
        decode: |codec, body| codec.decode(body),
        encode_reply: M::Reply::encode,
        decode_reply: M::Reply::decode,
        encode_error: |error, codec, out| codec.encode(error, out),
        decode_error: |codec, body| codec.decode(body),
    };
}

/// Probe for the encoding of a message: `<Encoding<M>>::WIRE` is its functions if all its parts are
/// serde types, else `None` by way of [`NoEncoding`]. Rust prefers an inherent constant to one of a
/// trait.
#[doc(hidden)]
pub struct Encoding<M>(PhantomData<M>);

impl<M: Message + WireParts<Serde> + WirePart> Encoding<M>
where
    M::Reply: WireAnswer,
    M::Error: WirePart,
{
    /// The functions.
    pub const WIRE: Option<WireFunctions<M>> = Some(WireFunctions::SERDE);
}

/// Fallback of [`Encoding`].
#[doc(hidden)]
pub trait NoEncoding {
    /// The message.
    type Of: Message;
    /// Nothing: a part of the message cannot travel.
    const WIRE: Option<WireFunctions<Self::Of>> = None;
}

impl<M: Message> NoEncoding for Encoding<M> {
    type Of = M;
}
