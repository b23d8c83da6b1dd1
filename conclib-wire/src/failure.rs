//! Failure that travels over a wire in place of a reply.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::codec::CodecError;
use crate::cycle::Cycle;
use crate::delivery::Delivery;
use crate::fault::Fault;
use crate::urn::UrnError;

/// Every reason for a missing reply except the handler's own error. Serialised as is; the asker's
/// side adds the name of the actor that was asked.
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
    /// The deadline of the request has passed.
    Deadline(Duration),
    Urn(Box<UrnError>),
    TooManyStreams,
    Cycle(Cycle, Delivery),
}
