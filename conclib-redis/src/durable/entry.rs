//! Messages and answers as they are stored.

use bytes::Bytes;
use conclib_core::wire::{Envelope, Frame, FrameError, Response};

use crate::error::RedisError;
use crate::redis::{Answer, Fields};
use crate::signer::Signer;

/// Length of a frame before it, which is not stored.
const LENGTH: usize = 4;

/// Lengths of the name of a sender, and of its number, before a stored message.
const SENDER: usize = 32;
const HEAD: usize = SENDER + 8;

/// Message that was read.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) id: Box<str>,
    /// Number of attempts before.
    pub(super) tries: u64,
    pub(super) sender: Box<str>,
    pub(super) number: u64,
    /// Message as it is stored.
    pub(super) stored: Bytes,
}

impl Entry {
    /// Decodes the rest of the answer of a script that reads messages.
    pub(super) fn read(answer: &mut Fields) -> Result<Vec<Self>, RedisError> {
        let (mut tries, mut list) = (answer.list()?, answer.list()?);
        let mut entries = Vec::new();
        while !list.is_empty() {
            let (id, stored) = (list.text()?, list.bytes()?);
            let (sender, number) = sender(&stored);
            entries.push(Self {
                id,
                tries: tries.next().map_or(Ok(0), Answer::into_number)?,
                sender,
                number,
                stored,
            });
        }
        Ok(entries)
    }
}

/// Returns the sender of a stored message, and the number that it gave.
pub(super) fn sender(stored: &[u8]) -> (Box<str>, u64) {
    match stored.split_at_checked(SENDER) {
        // Anybody who can write to the server may have stored something else.
        Some((sender, rest)) => (
            String::from_utf8_lossy(sender).into(),
            rest.first_chunk().copied().map_or(0, u64::from_be_bytes),
        ),
        None => (Box::default(), 0),
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
}

/// Encodes a message as it is stored: its sender and number, itself, and the signature.
pub(crate) fn encode(
    mailbox: &Mailbox,
    sender: &str,
    number: u64,
    envelope: &Envelope<'_>,
    signer: &Signer,
) -> Result<Bytes, FrameError> {
    let mut bytes = Vec::new();
    Frame::Request(*envelope).encode(&mut bytes)?;
    let head = sender.bytes().chain(number.to_be_bytes());
    bytes.splice(..LENGTH, head);
    signer.sign(&mailbox.base, &mut bytes);
    Ok(bytes.into())
}

/// Decodes a stored message whose signature is valid.
pub(crate) fn decode<'a>(
    mailbox: &Mailbox,
    stored: &'a [u8],
    signer: &Signer,
) -> Option<Envelope<'a>> {
    request(&stored[..signer.verify(&mailbox.base, stored)?])
}

/// Decodes a stored message without its signature, or with one that is not checked.
pub(super) fn request(stored: &[u8]) -> Option<Envelope<'_>> {
    match Frame::decode(stored.get(HEAD..)?) {
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
