//! Request whose message its actor does not declare.

use std::fmt;

use conclib_wire::{Codec, CodecError, Envelope, Failure, Urn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::remote_caller::{Queued, RemoteCaller};
use super::request::AnyRequest;
use crate::message::{WireMessage, decode};
use crate::spi::enter;

/// Request over a wire whose message its actor does not declare; passed to `#[fallback]`.
///
/// Answered by [`respond`](Self::respond). A drop tells the asker that no reply comes.
pub struct RequestEnvelope {
    pub(crate) asker: RemoteCaller,
    pub(crate) to: Urn,
    pub(crate) message: Box<str>,
    pub(crate) fingerprint: u64,
    pub(crate) body: Box<[u8]>,
}

impl RequestEnvelope {
    pub(crate) fn new(envelope: &Envelope<'_>, to: Urn, asker: RemoteCaller) -> Self {
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
        enter(self.asker.scope(), || decode(self.codec(), &self.body))
    }

    /// Decodes the body as any serde type.
    ///
    /// # Errors
    /// Fails if the body cannot be decoded.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, CodecError> {
        enter(self.asker.scope(), || self.codec().decode(&self.body))
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

impl AnyRequest for RequestEnvelope {
    fn refuse(&mut self, failure: Failure) {
        self.asker.fail(failure);
    }

    fn queued(&mut self) -> Option<Queued> {
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
