//! Streams of replies on a wire: their encoding and decoding.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, ready};

use conclib_wire::{Codec, CodecError, Delivery, Failure, Fault, Urn};

use super::items::Items;
use crate::message::{Encoded, WireAnswer, WirePart};
use crate::spi::{Answered, BodySource, OutboundStream, StreamSource, enter};

/// Encoder of a stream.
struct Encoding<T> {
    items: Items<T>,
    codec: Codec,
}

impl<T: WirePart> BodySource for Encoding<T> {
    fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> Poll<Option<Result<(), Failure>>> {
        let item = match ready!(self.items.poll_unnamed(cx)) {
            Some(Ok(item)) => item,
            Some(Err(failure)) => return Poll::Ready(Some(Err(failure))),
            None => return Poll::Ready(None),
        };
        let codec = self.codec;
        // The serde code of an item is the user's, and so is its drop.
        let encoded = catch_unwind(AssertUnwindSafe(|| codec.encode(&{ item }, out)));
        Poll::Ready(Some(match encoded {
            Ok(encoded) => {
                encoded.map_err(|error| Failure::Codec(Box::new(error), Delivery::MayHaveRun))
            }
            Err(panic) => Err(Failure::Panicked(Box::new(Fault::panic(&*panic)))),
        }))
    }
}

#[diagnostic::do_not_recommend]
impl<T: WirePart> WireAnswer for Items<T> {
    const STREAMS: bool = true;

    fn encode(self, codec: Codec, _: &mut Vec<u8>) -> Encoded {
        Ok(Some(OutboundStream::new(Encoding { items: self, codec })))
    }

    fn decode(answered: Answered<'_>, who: Option<&Urn>) -> Result<Self, CodecError> {
        let codec = answered.response.codec;
        match answered.items {
            Some(bodies) => Ok(Self::there(
                InboundStream::new(bodies, codec),
                who.map_or_else(Urn::anonymous, Urn::clone),
            )),
            None => Err(CodecError::Malformed {
                codec,
                detail: "the answer is one reply, and a stream of them was asked for".to_owned(),
            }),
        }
    }
}

/// Incoming bodies of a stream, and the function that decodes them.
pub(crate) struct InboundStream<T> {
    bodies: Box<dyn StreamSource>,
    codec: Codec,
    decode: fn(Codec, &[u8]) -> Result<T, CodecError>,
}

impl<T: WirePart> InboundStream<T> {
    pub(crate) fn new(bodies: Box<dyn StreamSource>, codec: Codec) -> Self {
        Self {
            bodies,
            codec,
            decode: |codec, body| codec.decode(body),
        }
    }
}

impl<T> InboundStream<T> {
    /// Polls for the next item; an error is the end of the stream.
    pub(crate) fn poll_item(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, Result<(), Failure>>> {
        let body = match ready!(self.bodies.poll_body(cx)) {
            Some(Ok(body)) => body,
            Some(Err(failure)) => return Poll::Ready(Err(Err(failure))),
            None => return Poll::Ready(Err(Ok(()))),
        };
        let Self { codec, decode, .. } = *self;
        // The serde code of an item is the user's, and may panic.
        let scope = self.bodies.scope();
        let decoded = catch_unwind(AssertUnwindSafe(|| enter(scope, || decode(codec, &body))));
        let decoded = decoded.unwrap_or_else(|panic| {
            let detail = format!("decoding it panicked: {}", Fault::panic(&*panic));
            Err(CodecError::Malformed { codec, detail })
        });
        Poll::Ready(
            decoded.map_err(|error| Err(Failure::Codec(Box::new(error), Delivery::MayHaveRun))),
        )
    }
}
