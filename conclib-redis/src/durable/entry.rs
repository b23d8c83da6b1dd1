//! Messages and answers as they are stored.

use bytes::Bytes;
use conclib_core::wire::{Envelope, Frame, FrameError, Response};

use crate::signer::Signer;

/// Length of a frame before it, which is not stored.
const LENGTH: usize = 4;

/// Names of the keys and channels of one mailbox. All keys of a mailbox have one slot.
pub(crate) struct Mailbox {
    base: Box<str>,
}

impl Mailbox {
    pub(crate) fn new(prefix: &str, urn: &str) -> Self {
        Self {
            base: format!("{prefix}:box:{{{urn}}}:").into(),
        }
    }

    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.base)
    }

    /// Returns the keys of a script of an owner.
    pub(crate) fn keys(&self) -> Vec<String> {
        ["mail", "meta", "tries"].map(|name| self.key(name)).into()
    }

    /// Returns the channel on which the owner is woken.
    pub(crate) fn wake(&self) -> String {
        self.key("wake")
    }

    /// Returns the first part of the keys of answers.
    pub(crate) fn answers(&self) -> String {
        self.key("answers:")
    }

    /// Returns the text that the signature of a message covers besides the message.
    fn signed(&self, sender: &str, number: u64) -> String {
        format!("{}{sender}:{number}", self.base)
    }
}

/// Encodes a message, with its signature.
pub(crate) fn encode(
    mailbox: &Mailbox,
    sender: &str,
    number: u64,
    envelope: &Envelope<'_>,
    signer: &Signer,
) -> Result<Bytes, FrameError> {
    let mut bytes = Vec::new();
    Frame::Request(*envelope).encode(&mut bytes)?;
    bytes.drain(..LENGTH);
    signer.sign(&mailbox.signed(sender, number), &mut bytes);
    Ok(bytes.into())
}

/// Decodes a message whose signature is valid.
pub(crate) fn decode<'a>(
    mailbox: &Mailbox,
    sender: &str,
    number: u64,
    bytes: &'a [u8],
    signer: &Signer,
) -> Option<Envelope<'a>> {
    let len = signer.verify(&mailbox.signed(sender, number), bytes)?;
    match Frame::decode(&bytes[..len]) {
        Ok(Frame::Request(envelope)) => Some(envelope),
        _ => None,
    }
}

/// Encodes an answer to a sender, with its signature.
pub(crate) fn encode_answer(
    sender: &str,
    response: Response<'_>,
    signer: &Signer,
) -> Result<Bytes, FrameError> {
    let mut bytes = Vec::new();
    Frame::Response(response).encode(&mut bytes)?;
    bytes.drain(..LENGTH);
    signer.sign(sender, &mut bytes);
    Ok(bytes.into())
}

/// Decodes an answer whose signature is valid.
pub(crate) fn decode_answer<'a>(
    sender: &str,
    bytes: &'a [u8],
    signer: &Signer,
) -> Option<Response<'a>> {
    let len = signer.verify(sender, bytes)?;
    match Frame::decode(&bytes[..len]) {
        Ok(Frame::Response(response)) => Some(response),
        _ => None,
    }
}
