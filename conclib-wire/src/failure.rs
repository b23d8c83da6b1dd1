//! What goes over a wire in place of a reply.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::codec::CodecError;
use crate::cycle::Cycle;
use crate::delivery::Delivery;
use crate::fault::Fault;
use crate::urn::UrnError;

/// Everything that can keep a request from its reply, but for the handler's
/// own error. It goes over the wire as it is; the asker adds whom it asked.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Failure {
    Fault(Box<Fault>),
    Panicked(Box<Fault>),
    Stopped(Delivery),
    NoReply,
    MailboxFull,
    NoSuchActor,
    NoSuchMessage(Box<str>),
    Codec(Box<CodecError>, Delivery),
    SchemaMismatch(Box<str>),
    Disconnected(Delivery),
    Cancelled,
    /// The time it was given is over.
    Deadline(Duration),
    Urn(Box<UrnError>),
    TooManyStreams,
    Cycle(Cycle, Delivery),
}
