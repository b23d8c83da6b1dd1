//! What travels: a request, and the response to it.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::asker::{Queued, WireAsker};
use super::{Codec, CodecError};
use crate::error::Failure;
use crate::message::{WireMessage, decode};
use crate::urn::Urn;

/// The id of a request: a UUIDv7, so that ids sort by their time.
pub type RequestId = Uuid;

/// A request on a wire, borrowed from the bytes it came in or will go out in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Which request; unique for its sender.
    pub id: RequestId,
    /// The URN of the actor, not yet checked.
    pub to: &'a str,
    /// The wire name of the message.
    pub message: &'a str,
    /// How long the asker still waits.
    pub timeout: Duration,
    /// The W3C `traceparent` of the asker's span; empty for none.
    pub trace: &'a str,
    /// In which codec the body is, and the answer is to be.
    pub codec: Codec,
    /// The shape that the sender knows of the message; zero for "not known".
    pub fingerprint: u64,
    /// Whether an answer is wanted, or only word that it is queued.
    pub asked: bool,
    /// How urgent the sender says it is; `None` leaves that to the message.
    pub priority: Option<u8>,
    /// Who waits for the answer, if actors do; not yet checked. At most
    /// [`MAX_CHAIN`](super::MAX_CHAIN) bytes.
    pub chain: &'a [u8],
    /// The message.
    pub body: &'a [u8],
}

/// The answer to a request on a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Response<'a> {
    /// Which request it answers.
    pub id: RequestId,
    /// What the body is.
    pub kind: ResponseKind,
    /// In which codec the body is.
    pub codec: Codec,
    /// The reply, the error or the failure.
    pub body: &'a [u8],
}

/// What the body of a [`Response`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ResponseKind {
    /// The reply of the message.
    Reply = 0,
    /// The error of the message.
    Error = 1,
    /// Why there is neither.
    Failure = 2,
    /// A told message is queued; the body is empty.
    Queued = 3,
    /// The reply is a stream, whose items follow; the body is empty.
    Stream = 4,
}

impl ResponseKind {
    /// The kind of that number on the wire.
    pub const fn from_id(id: u8) -> Option<Self> {
        match id {
            0 => Some(Self::Reply),
            1 => Some(Self::Error),
            2 => Some(Self::Failure),
            3 => Some(Self::Queued),
            4 => Some(Self::Stream),
            _ => None,
        }
    }
}

/// A [`Response`] that owns its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseEnvelope {
    /// Which request it answers.
    pub id: RequestId,
    /// What the body is.
    pub kind: ResponseKind,
    /// In which codec the body is.
    pub codec: Codec,
    /// The reply, the error or the failure.
    pub body: Vec<u8>,
}

impl ResponseEnvelope {
    /// The same, borrowed.
    pub fn as_response(&self) -> Response<'_> {
        Response {
            id: self.id,
            kind: self.kind,
            codec: self.codec,
            body: &self.body,
        }
    }

    pub(crate) fn failure(id: RequestId, codec: Codec, failure: &Failure) -> Self {
        let mut body = Vec::new();
        // A failure is a few strings of ours; should it not fit after all, an
        // empty body is read as "no reply" on the other side.
        if codec.encode(failure, &mut body).is_err() {
            body.clear();
        }
        Self {
            id,
            kind: ResponseKind::Failure,
            codec,
            body,
        }
    }
}

/// A request from outside whose message its actor does not declare:
/// `#[fallback]` gets it.
///
/// It is answered by [`respond`](Self::respond). Dropped, it tells the asker
/// that no reply comes.
pub struct RequestEnvelope {
    pub(crate) asker: WireAsker,
    pub(crate) to: Urn,
    pub(crate) message: Box<str>,
    pub(crate) fingerprint: u64,
    pub(crate) body: Box<[u8]>,
}

impl RequestEnvelope {
    pub(crate) fn new(envelope: &Envelope<'_>, to: Urn, asker: WireAsker) -> Self {
        Self {
            asker,
            to,
            message: envelope.message.into(),
            fingerprint: envelope.fingerprint,
            body: envelope.body.into(),
        }
    }

    /// The URN that was asked.
    pub fn to(&self) -> &Urn {
        &self.to
    }

    /// The wire name of the message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The codec of the body.
    pub fn codec(&self) -> Codec {
        self.asker.codec()
    }

    /// The message, still encoded.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether this is an `M`, by its wire name.
    pub fn matches<M: WireMessage>(&self) -> bool {
        *self.message == *M::NAME
    }

    /// Decodes the body as an `M`, whatever its name is.
    ///
    /// # Errors
    /// The body does not fit, or both sides know the message in different
    /// shapes.
    pub fn extract<M: WireMessage>(&self) -> Result<M, CodecError> {
        if !self.asker.same_shape(self.fingerprint, M::FINGERPRINT) {
            return Err(CodecError::shape(M::NAME));
        }
        decode(self.codec(), &self.body)
    }

    /// Decodes the body as any serde type.
    ///
    /// # Errors
    /// The body does not fit.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, CodecError> {
        self.codec().decode(&self.body)
    }

    /// Answers with a reply, in the codec of the request.
    ///
    /// # Errors
    /// The reply does not fit a frame; the asker is told so.
    pub fn respond<T: Serialize + ?Sized>(self, reply: &T) -> Result<(), CodecError> {
        self.asker.respond(reply)
    }
}

impl RequestEnvelope {
    #[doc(hidden)]
    pub fn refuse(self, failure: &Failure) {
        self.asker.refuse(failure);
    }

    #[doc(hidden)]
    pub fn queued(&mut self) -> Option<Queued> {
        self.asker.queued()
    }
}

impl fmt::Debug for RequestEnvelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestEnvelope")
            .field("to", &self.to)
            .field("message", &self.message)
            .field("codec", &self.asker.codec())
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
