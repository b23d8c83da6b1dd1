//! What can be sent to an actor.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::reply::Items;
use crate::wire::{Answered, Incoming, Outgoing};
use conclib_wire::Urn;
use conclib_wire::{Codec, CodecError, Response};

/// A request type: it names its reply and its error, so that a call is typed
/// by the message alone.
///
/// Write `#[message]` on a struct, an enum or a method instead of this impl.
/// By hand it looks like this:
///
/// ```
/// use conclib_core::{Message, Never, Wire};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Double(u64);
///
/// impl Message for Double {
///     type Reply = u64;
///     type Error = Never;
///     type Road = Wire;
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
    /// What a handler answers; `()` for a message that is only heard.
    type Reply: Send + 'static;
    /// The error of the domain that a handler may answer with instead;
    /// [`Never`] where it has none.
    type Error: std::error::Error + Send + Sync + 'static;
    /// Whether it can leave its process: [`Wire`] or [`Local`].
    type Road: Road<Self>;
    /// Its name on every wire, stable over builds.
    const NAME: &'static str;
    /// A hash of the wire name and of the shapes of request, reply and error,
    /// so that two builds that disagree find out before they decode. Zero
    /// stands for "not known" and is never compared.
    const FINGERPRINT: u64 = 0;
    /// How urgent it is to an actor with `#[actor(priority)]`, lower first.
    /// What says nothing is last.
    const PRIORITY: u8 = LAST;
}

/// The priority of what says nothing of it.
pub(crate) const LAST: u8 = u8::MAX;

/// How a message travels. [`Wire`] and [`Local`] are the two roads there are.
pub trait Road<M: Message>: sealed::Road {
    /// Whether the message can leave its process at all.
    const WIRE: bool;
    /// Whether its reply is a stream.
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

/// The road of messages that can leave their process: request, reply and
/// error are serde types.
#[derive(Debug, Clone, Copy)]
pub enum Wire {}

/// The road of messages that hold what cannot travel: a socket, a channel.
#[derive(Debug, Clone, Copy)]
pub enum Local {}

/// A message that can leave its process. Every [`Message`] is one unless it is
/// marked `#[message(local)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a `#[message(local)]` and cannot leave its process",
    label = "this message stays inside its process",
    note = "take `local` off `{Self}` and make its fields, reply and error serde types, or send a different message"
)]
pub trait WireMessage: Message<Road = Wire> {}

#[diagnostic::do_not_recommend]
impl<M: Message<Road = Wire>> WireMessage for M {}

impl<M> Road<M> for Wire
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

/// Nothing calls these: the dispatch table leaves local messages out, and a
/// way out exists only for actors that have none. They answer with an error
/// all the same, so that no mistake of ours can become a panic of theirs.
impl<M: Message> Road<M> for Local {
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

/// What a part of a message has to be that travels: a parameter, the reply,
/// the error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is part of a message that can travel, and is no serde type",
    label = "derive `serde::Serialize` and `serde::Deserialize` for `{Self}`",
    note = "or mark the message `#[message(local)]`, if it is never to leave its process"
)]
pub trait WirePart: Serialize + DeserializeOwned + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> WirePart for T {}

/// What becomes of a reply that leaves: a body, or else a stream of them.
type Encoded = Result<Option<Outgoing>, CodecError>;

/// What a reply has to be that travels: a serde type, or a stream of such.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is part of a message that can travel, and is no serde type",
    label = "derive `serde::Serialize` and `serde::Deserialize` for `{Self}`",
    note = "of a stream of replies, it is the items that have to be serde types",
    note = "or mark the message `#[message(local)]`, if it is never to leave its process"
)]
pub trait WireAnswer: Sized + Send + 'static {
    /// Whether it is a stream.
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

#[diagnostic::do_not_recommend]
impl<T: WirePart> WireAnswer for Items<T> {
    const STREAMS: bool = true;

    fn encode(self, codec: Codec, _: &mut Vec<u8>) -> Encoded {
        Ok(Some(Outgoing::new(self, codec)))
    }

    fn decode(answered: Answered<'_>, who: Option<&Urn>) -> Result<Self, CodecError> {
        let codec = answered.response.codec;
        match answered.items {
            Some(bodies) => Ok(Self::there(
                Incoming::new(bodies, codec),
                who.map_or_else(Urn::anonymous, Urn::clone),
            )),
            None => Err(CodecError::Malformed {
                codec,
                detail: "the answer is one reply, and a stream of them was asked for".to_owned(),
            }),
        }
    }
}

/// Reads a message. For generic code that only knows `M` as a message: a bound
/// on the road itself would hide that every road carries its messages.
pub(crate) fn decode<M: Message>(codec: Codec, body: &[u8]) -> Result<M, CodecError> {
    <M::Road as Road<M>>::decode(codec, body)
}

mod sealed {
    pub trait Road {}
    impl Road for super::Wire {}
    impl Road for super::Local {}
}
