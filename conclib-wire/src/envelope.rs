//! What travels: a request, and the response to it.

use std::time::Duration;

use uuid::Uuid;

use crate::codec::Codec;
use crate::failure::Failure;

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
    /// [`MAX_CHAIN`](crate::MAX_CHAIN) bytes.
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

    /// Response that says why there is no reply.
    pub fn failure(id: RequestId, codec: Codec, failure: &Failure) -> Self {
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
