//! Envelopes: the requests and responses that travel on a wire.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::asker::WireAsker;
use super::{Codec, CodecError};
use crate::error::Failure;
use crate::message::{WireMessage, decode};
use crate::urn::Urn;

/// Id of a request: a UUIDv7, so that ids sort by their time.
pub type RequestId = Uuid;

/// Request on a wire, borrowed from its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Id of the request; unique for its sender.
    pub id: RequestId,
    /// URN of the actor, not yet checked.
    pub to: &'a str,
    /// Wire name of the message.
    pub message: &'a str,
    /// Time that the asker still waits.
    pub timeout: Duration,
    /// W3C `traceparent` of the asker's span; empty for none.
    pub trace: &'a str,
    /// Codec of the body and of the answer.
    pub codec: Codec,
    /// Fingerprint of the message's schema as the sender knows it; zero for "not known".
    pub fingerprint: u64,
    /// True if an answer is wanted; false if only a confirmation that the message is queued.
    pub asked: bool,
    /// Priority that the sender sets; `None` for that of the message type.
    pub priority: Option<u8>,
    /// Encoded chain of actors that wait for the answer, not yet checked; empty for none. At most
    /// [`MAX_CHAIN`](super::MAX_CHAIN) bytes.
    pub chain: &'a [u8],
    /// Encoded message.
    pub body: &'a [u8],
}

/// Answer to a request on a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Response<'a> {
    /// Id of the request that it answers.
    pub id: RequestId,
    /// Kind of the body.
    pub kind: ResponseKind,
    /// Codec of the body.
    pub codec: Codec,
    /// Encoded reply, error or failure.
    pub body: &'a [u8],
}

/// Kind of the body of a [`Response`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ResponseKind {
    /// Reply of the message.
    Reply = 0,
    /// Error of the message.
    Error = 1,
    /// Failure: the reason for which there is neither.
    Failure = 2,
    /// Confirmation that a told message is queued; the body is empty.
    Queued = 3,
    /// Begin of a stream of replies, whose items follow; the body is empty.
    Stream = 4,
}

impl ResponseKind {
    /// Returns the kind of that number on the wire.
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

/// [`Response`] that owns its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseEnvelope {
    /// Id of the request that it answers.
    pub id: RequestId,
    /// Kind of the body.
    pub kind: ResponseKind,
    /// Codec of the body.
    pub codec: Codec,
    /// Encoded reply, error or failure.
    pub body: Vec<u8>,
}

impl ResponseEnvelope {
    /// Borrows the response.
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
        // A failure is a few short strings. If it did not fit after all, the other side would read
        // the empty body as `NoReply`.
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

/// Request over a wire whose message its actor does not declare; passed to `#[fallback]`.
///
/// Answered by [`respond`](Self::respond). A drop tells the asker that no reply comes.
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

    /// Returns the URN that was asked.
    pub fn to(&self) -> &Urn {
        &self.to
    }

    /// Returns the wire name of the message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the codec of the body.
    pub fn codec(&self) -> Codec {
        self.asker.codec()
    }

    /// Returns the message, still encoded.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns true if the message is an `M`, by its wire name.
    pub fn matches<M: WireMessage>(&self) -> bool {
        *self.message == *M::NAME
    }

    /// Decodes the body as an `M`, without a check of its name.
    ///
    /// # Errors
    /// Fails if the body cannot be decoded, or if the two sides have different schemas of the
    /// message.
    pub fn extract<M: WireMessage>(&self) -> Result<M, CodecError> {
        if !self.asker.same_shape(self.fingerprint, M::FINGERPRINT) {
            return Err(CodecError::shape(M::NAME));
        }
        decode(self.codec(), &self.body)
    }

    /// Decodes the body as any serde type.
    ///
    /// # Errors
    /// Fails if the body cannot be decoded.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, CodecError> {
        self.codec().decode(&self.body)
    }

    /// Answers with a reply, in the codec of the request.
    ///
    /// # Errors
    /// Fails if the reply cannot be encoded or is too large for a frame; the asker gets that error
    /// too.
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
    pub fn queued(&mut self) {
        self.asker.queued();
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
