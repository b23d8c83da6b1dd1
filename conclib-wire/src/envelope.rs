//! Envelopes: the requests and responses that travel on a wire.

use std::time::Duration;

use uuid::Uuid;

use crate::codec::Codec;
use crate::failure::Failure;

/// Id of a request: a UUIDv7, so that ids sort by their time.
pub type RequestId = Uuid;

/// Request on a wire, borrowed from its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Id of the request; unique for its sender.
    pub id: RequestId,
    /// URN of the actor, not yet checked.
    pub to: &'a str,
    /// The wire name of the message.
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
    /// Chain of the actors that wait for the answer; not yet checked. At most
    /// [`MAX_CHAIN`](crate::MAX_CHAIN) bytes.
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

    /// Response that says why there is no reply.
    pub fn failure(id: RequestId, codec: Codec, failure: &Failure) -> Self {
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
