//! Streams of replies on a wire: the outgoing items of a server, and the incoming ones of an asker.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, ready};

use crate::message::WirePart;
use crate::reply::{CREDIT, Items};
use conclib_wire::Fault;
use conclib_wire::{Codec, CodecError, Response};
use conclib_wire::{Delivery, Failure};

/// Number of items that the server may send before the asker grants more credit.
pub const FIRST_CREDIT: u32 = CREDIT as u32;

/// Items of a stream to a peer, one encoded body after the other. A drop ends the stream.
pub struct Outgoing(Box<dyn Feed>);

trait Feed: Send {
    fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> Poll<Option<Result<(), Failure>>>;
}

struct Encoding<T> {
    items: Items<T>,
    codec: Codec,
}

impl Outgoing {
    pub(crate) fn new<T: WirePart>(items: Items<T>, codec: Codec) -> Self {
        Self(Box::new(Encoding { items, codec }))
    }

    /// Appends the next body to `out`. `None` at the end, and after a failure.
    ///
    /// # Errors
    /// Returns the failure that ends the stream, for the asker.
    pub fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> Poll<Option<Result<(), Failure>>> {
        self.0.poll_body(cx, out)
    }
}

impl<T: WirePart> Feed for Encoding<T> {
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

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").finish_non_exhaustive()
    }
}

/// Receiver of the bodies of a stream, at its asker. A drop before the end cancels the stream.
pub trait Arriving: Send + Sync + 'static {
    /// Polls for the next body; `None` at the end.
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Box<[u8]>, Failure>>>;
}

/// Answer to a request, as an [`Outlet`](super::outlet::Outlet) passes it on.
pub struct Answered<'a> {
    /// Response itself.
    pub response: Response<'a>,
    /// Receiver of the items, if the answer is a stream.
    pub items: Option<Box<dyn Arriving>>,
}

impl<'a> From<Response<'a>> for Answered<'a> {
    fn from(response: Response<'a>) -> Self {
        Self {
            response,
            items: None,
        }
    }
}

impl fmt::Debug for Answered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answered")
            .field("response", &self.response)
            .finish_non_exhaustive()
    }
}

/// Incoming bodies of a stream, and the function that decodes them.
pub(crate) struct Incoming<T> {
    bodies: Box<dyn Arriving>,
    codec: Codec,
    decode: fn(Codec, &[u8]) -> Result<T, CodecError>,
}

impl<T: WirePart> Incoming<T> {
    pub(crate) fn new(bodies: Box<dyn Arriving>, codec: Codec) -> Self {
        Self {
            bodies,
            codec,
            decode: |codec, body| codec.decode(body),
        }
    }
}

impl<T> Incoming<T> {
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
        let decoded = catch_unwind(|| decode(codec, &body));
        let decoded = decoded.unwrap_or_else(|panic| {
            let detail = format!("decoding it panicked: {}", Fault::panic(&*panic));
            Err(CodecError::Malformed { codec, detail })
        });
        Poll::Ready(
            decoded.map_err(|error| Err(Failure::Codec(Box::new(error), Delivery::MayHaveRun))),
        )
    }
}
