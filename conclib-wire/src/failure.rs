//! Failure that travels over a wire in place of a reply.

#[cfg(feature = "codecs")]
mod encoded;
#[cfg(not(feature = "codecs"))]
mod unencoded;

use std::fmt;
use std::time::Duration;

use crate::codec::{Codec, CodecError};
use crate::cycle::Cycle;
use crate::delivery::Delivery;
use crate::fault::Fault;
use crate::urn::UrnError;

/// Reason for a missing reply: every one except the handler's own error.
///
/// A failure does not name the actor that was asked; the asker's side adds the name.
///
/// # On a wire
/// A failure is encoded as its [`name`](Self::name), its [`delivery`](Self::delivery), a text for
/// people, and the fields of that name. Names are stable over versions. A failure of a newer
/// version, with a name or fields that this version does not know, is read as
/// [`Unknown`](Self::Unknown).
///
/// ```
/// use conclib_wire::{Codec, Failure};
///
/// let mut body = Vec::new();
/// Codec::Json.encode(&Failure::NoProxy, &mut body)?;
/// assert!(body.starts_with(br#"{"name":"no_proxy","delivery":"NotDelivered","#));
/// assert_eq!(Failure::read(Codec::Json, &body), Failure::NoProxy);
/// # Ok::<(), conclib_wire::CodecError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Failure {
    /// The handler failed with an error whose type the asker's side does not know.
    Fault(Box<Fault>),
    /// The handler panicked.
    Panicked(Box<Fault>),
    /// The actor has stopped, or was killed, stopped or restarted before it answered.
    Stopped(Delivery),
    /// The handler dropped its end of the answer.
    NoReply,
    /// The mailbox is full, or the sender has too many requests under way.
    MailboxFull,
    /// No actor of that name lives in the system that got the request.
    NoSuchActor,
    /// No proxy serves the name: no system has been reached.
    NoProxy,
    /// The actor handles no message of this wire name.
    NoSuchMessage(Box<str>),
    /// A request or a reply could not be encoded or decoded.
    Codec(Box<CodecError>, Delivery),
    /// Both sides know the message of this wire name, but with different schemas.
    SchemaMismatch(Box<str>),
    /// The connection was lost.
    Disconnected(Delivery),
    /// The request was cancelled before it was handled.
    Cancelled,
    /// The deadline of the request has passed; the duration is the time that it was given.
    Deadline(Duration),
    /// The name that was asked is not a valid URN.
    Urn(Box<UrnError>),
    /// The connection already has its maximum number of open streams.
    TooManyStreams,
    /// Waiting for the answer would close this cycle of waiting actors.
    Cycle(Cycle, Delivery),
    /// The outlet or the sink that carries the request cannot do this; the text says more.
    Unsupported(Box<str>, Delivery),
    /// The sender is not permitted to do this; the text says more.
    NotPermitted(Box<str>),
    /// Failure of another version.
    Unknown(Box<UnknownFailure>),
}

/// Failure of another version of the library, which this version does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownFailure {
    /// Name of the failure in the other version.
    pub name: Box<str>,
    /// Text of the failure, for people.
    pub text: Box<str>,
    /// Delivery state of the request.
    pub delivery: Delivery,
}

impl Failure {
    /// Returns the name of the failure on a wire, which no later version changes.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Fault(_) => "fault",
            Self::Panicked(_) => "panicked",
            Self::Stopped(_) => "stopped",
            Self::NoReply => "no_reply",
            Self::MailboxFull => "mailbox_full",
            Self::NoSuchActor => "no_such_actor",
            Self::NoProxy => "no_proxy",
            Self::NoSuchMessage(_) => "no_such_message",
            Self::Codec(..) => "codec",
            Self::SchemaMismatch(_) => "schema_mismatch",
            Self::Disconnected(_) => "disconnected",
            Self::Cancelled => "cancelled",
            Self::Deadline(_) => "deadline",
            Self::Urn(_) => "urn",
            Self::TooManyStreams => "too_many_streams",
            Self::Cycle(..) => "cycle",
            Self::Unsupported(..) => "unsupported",
            Self::NotPermitted(_) => "not_permitted",
            Self::Unknown(unknown) => &unknown.name,
        }
    }

    /// Returns the delivery state of the request: says if its handler may have run.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        match self {
            Self::Fault(_)
            | Self::Panicked(_)
            | Self::NoReply
            | Self::Deadline(_)
            | Self::TooManyStreams => Delivery::MayHaveRun,
            Self::Stopped(delivery)
            | Self::Codec(_, delivery)
            | Self::Disconnected(delivery)
            | Self::Cycle(_, delivery)
            | Self::Unsupported(_, delivery) => *delivery,
            Self::Unknown(unknown) => unknown.delivery,
            Self::MailboxFull
            | Self::NoSuchActor
            | Self::NoProxy
            | Self::NoSuchMessage(_)
            | Self::SchemaMismatch(_)
            | Self::Cancelled
            | Self::Urn(_)
            | Self::NotPermitted(_) => Delivery::NotDelivered,
        }
    }

    /// Reads the failure in the body of a response or of the end of a stream. An empty body is
    /// [`NoReply`](Self::NoReply), and a body that is no failure is [`Codec`](Self::Codec).
    #[must_use]
    pub fn read(codec: Codec, body: &[u8]) -> Self {
        if body.is_empty() {
            return Self::NoReply;
        }
        let malformed = |error| Self::Codec(Box::new(error), Delivery::MayHaveRun);
        codec.decode(body).unwrap_or_else(malformed)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => write!(f, "the handler failed: {fault}"),
            Self::Panicked(fault) => write!(f, "the handler panicked: {fault}"),
            Self::Stopped(_) => f.write_str("the actor stopped before it answered"),
            Self::NoReply => f.write_str("the request was dropped without an answer"),
            Self::MailboxFull => {
                f.write_str("the mailbox is full, or the client has too many requests under way")
            }
            Self::NoSuchActor => f.write_str("no actor of that name lives here"),
            Self::NoProxy => f.write_str("no proxy serves that name"),
            Self::NoSuchMessage(message) => write!(f, "the actor has no message `{message}`"),
            Self::Codec(error, _) => write!(f, "the request, or its answer, does not fit: {error}"),
            Self::SchemaMismatch(message) => {
                write!(f, "the actor knows `{message}` in another shape")
            }
            Self::Disconnected(_) => f.write_str("the connection was lost"),
            Self::Cancelled => f.write_str("the request was cancelled before it was handled"),
            Self::Deadline(after) => write!(f, "no answer came within {after:?}"),
            Self::Urn(error) => error.fmt(f),
            Self::TooManyStreams => f.write_str("the connection has too many open streams"),
            Self::Cycle(path, _) => {
                f.write_str("waiting for the answer would deadlock:")?;
                path.iter().try_for_each(|step| write!(f, " {step}"))
            }
            Self::Unsupported(text, _) | Self::NotPermitted(text) => f.write_str(text),
            Self::Unknown(unknown) => unknown.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}

impl fmt::Display for UnknownFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, text, .. } = self;
        write!(
            f,
            "the other side is of another version, and failed with `{name}`: {text}"
        )
    }
}
