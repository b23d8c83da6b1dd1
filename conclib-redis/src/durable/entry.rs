//! Messages and answers as they are stored.

use bytes::Bytes;
use conclib_core::wire::{Envelope, Frame, FrameError, Response};

use crate::error::RedisError;
use crate::redis::Fields;
use crate::signer::Signer;

/// Length of a frame before it, which is not stored.
const LENGTH: usize = 4;

/// Message that was read.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) id: Box<str>,
    /// Number of attempts before.
    pub(super) tries: u64,
    pub(super) sender: Box<str>,
    pub(super) number: u64,
    pub(super) message: Bytes,
}

impl Entry {
    /// Decodes the answer of a script that reads messages.
    pub(super) fn read(answer: &mut Fields) -> Result<Vec<Self>, RedisError> {
        let mut list = answer.list()?;
        let mut entries = Vec::new();
        while let Some(entry) = list.next() {
            let mut entry = entry.into_list()?;
            entries.push(Self {
                id: entry.text()?,
                tries: entry.number()?,
                // Anybody who can write to the server may have stored something else.
                sender: String::from_utf8_lossy(&entry.bytes()?).into(),
                number: entry.number().unwrap_or(0),
                message: entry.bytes()?,
            });
        }
        Ok(entries)
    }
}

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
