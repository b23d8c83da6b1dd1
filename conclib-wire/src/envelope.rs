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
    /// Answer that the sender waits for.
    pub wants: Wants,
    /// Promise about the number of times that the message is handled.
    pub class: DeliveryClass,
    /// Number of this attempt to deliver the message; 1 is the first.
    pub attempt: u32,
    /// Priority that the sender sets; `None` for that of the message type.
    pub priority: Option<u8>,
    /// Chain of the actors that wait for the answer; not yet checked. At most
    /// [`MAX_CHAIN`](crate::MAX_CHAIN) bytes.
    pub chain: &'a [u8],
    /// Encoded message.
    pub body: &'a [u8],
}

/// Answer that the sender of a request waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wants {
    /// Confirmation that the message is queued.
    Queued,
    /// Confirmation that the turn of the message is over.
    Handled,
    /// Reply or error of the handler.
    Reply,
}

/// Promise about the number of times that a message is handled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeliveryClass {
    /// At most once: a message that is lost on the way is not sent again.
    #[default]
    AtMostOnce,
    /// At least once: a message is stored and delivered again until it is handled.
    AtLeastOnce,
}

impl Envelope<'_> {
    /// Returns true for a request about an actor, and not to its mailbox: its message has the
    /// reserved prefix `conclib:`. The inlet answers such a request itself, past the mailbox.
    #[must_use]
    pub fn is_control(&self) -> bool {
        self.message.starts_with("conclib:")
    }
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
#[non_exhaustive]
pub enum ResponseKind {
    /// Reply of the message.
    Reply,
    /// Error of the message.
    Error,
    /// Failure: the reason for which there is neither.
    Failure,
    /// Confirmation that a told message is queued; the body is empty.
    Queued,
    /// Begin of a stream of replies, whose items follow; the body is empty.
    Stream,
    /// Confirmation that the turn of a told message is over; the body is empty.
    Handled,
    /// Kind of a newer version, by its number on the wire.
    Unknown(u8),
}

impl ResponseKind {
    /// Returns the kind of that number on the wire.
    #[must_use]
    pub const fn from_id(id: u8) -> Self {
        match id {
            0 => Self::Reply,
            1 => Self::Error,
            2 => Self::Failure,
            3 => Self::Queued,
            4 => Self::Stream,
            5 => Self::Handled,
            id => Self::Unknown(id),
        }
    }

    /// Returns the number of the kind on the wire.
    #[must_use]
    pub const fn id(self) -> u8 {
        match self {
            Self::Reply => 0,
            Self::Error => 1,
            Self::Failure => 2,
            Self::Queued => 3,
            Self::Stream => 4,
            Self::Handled => 5,
            Self::Unknown(id) => id,
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
