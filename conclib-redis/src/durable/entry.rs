//! Messages and answers as they are stored.

use std::sync::Arc;

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

/// Room for the rest of a frame beside its body, and for a signature.
const ROOM: usize = 128;

/// Message that was read.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) id: Arc<str>,
    /// Number of attempts before.
    pub(super) tries: u64,
    pub(super) sender: Arc<str>,
    pub(super) number: u64,
    /// Message as it is stored.
    pub(super) stored: Bytes,
}

impl Entry {
    /// Decodes the rest of the answer of a script that reads messages.
    pub(super) fn read(answer: &mut Fields) -> Result<Vec<Self>, RedisError> {
        let (mut tries, mut list) = (answer.list()?, answer.list()?);
        let mut entries: Vec<Self> = Vec::new();
        while !list.is_empty() {
            let (id, stored) = (list.text()?, list.bytes()?);
            let (sender, number) = sender(&stored);
            // Most messages come from the sender of the one before.
            let before = entries.last().map(|entry| &entry.sender);
            let sender = match before.filter(|before| before.as_bytes() == sender) {
                Some(before) => before.clone(),
                None => name(sender).into(),
            };
            entries.push(Self {
                id: id.into(),
                tries: tries.next().map_or(Ok(0), Answer::into_number)?,
                sender,
                number,
                stored,
            });
        }
        Ok(entries)
    }
}

/// Returns the name of the sender of a stored message, and the number that it gave.
pub(super) fn sender(stored: &[u8]) -> (&[u8], u64) {
    match stored.split_at_checked(SENDER) {
        Some((sender, rest)) => {
            let number = rest.first_chunk().copied();
            (sender, number.map_or(0, u64::from_be_bytes))
        }
        None => (&[], 0),
    }
}

/// Returns the name of a sender as a text: anybody who can write to the server may have stored
/// something else.
pub(super) fn name(sender: &[u8]) -> Box<str> {
    String::from_utf8_lossy(sender).into()
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
    let mut bytes = Vec::with_capacity(HEAD + ROOM + envelope.body.len());
    // The length before the frame makes room for the rest of the head.
    bytes.resize(HEAD - LENGTH, 0);
    Frame::Request(*envelope).encode(&mut bytes)?;
    let head = sender.bytes().chain(number.to_be_bytes());
    bytes.iter_mut().zip(head).for_each(|(to, from)| *to = from);
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
    let mut bytes = Vec::with_capacity(ROOM + response.body.len());
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
