//! Packets: the messages on the channels of a namespace.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use conclib_core::wire::{Found, NodeId};

use crate::signer::{Nonce, Signer};

/// Version of the packets. A packet of another version is dropped.
const VERSION: u8 = 1;

/// Maximum length of a packet. A longer one is dropped before its signature is computed.
pub(crate) const MAX_PACKET: usize = 1024 * 1024;

/// Packet. Pipes are addressed by the number that their receiver has given.
#[derive(Debug, PartialEq)]
pub(crate) enum Packet {
    /// Asks all proxies for the owner of a name.
    Find {
        find: u64,
        issued: u64,
        inbox: Box<str>,
        urn: Box<str>,
    },
    /// Answers [`Find`](Self::Find). An inbox without the name says so too.
    Found {
        find: u64,
        node: NodeId,
        found: Option<Found>,
        inbox: Box<str>,
    },
    /// Opens a pipe.
    Open {
        pipe: u64,
        nonce: Nonce,
        issued: u64,
        inbox: Box<str>,
    },
    /// Answers [`Open`](Self::Open).
    Accept { to: u64, pipe: u64, nonce: Nonce },
    /// Carries bytes, in the order of `number`, and says how many were read in the other direction.
    Data {
        to: u64,
        number: u64,
        read: u64,
        bytes: Bytes,
    },
    /// Says how many bytes were read.
    Read { to: u64, read: u64 },
    /// Ends a pipe.
    Close { to: u64 },
}

const FIND: u8 = 1;
const FOUND: u8 = 2;
const OPEN: u8 = 3;
const ACCEPT: u8 = 4;
const DATA: u8 = 5;
const READ: u8 = 6;
const CLOSE: u8 = 7;

impl Packet {
    /// Encodes the packet for a channel, with its signature.
    pub(crate) fn encode(&self, channel: &str, signer: &Signer) -> Bytes {
        let mut out = vec![VERSION];
        match self {
            Self::Find {
                find,
                issued,
                inbox,
                urn,
            } => {
                out.push(FIND);
                numbers(&mut out, [*find, *issued]);
                text(&mut out, inbox);
                out.extend_from_slice(urn.as_bytes());
            }
            Self::Found {
                find,
                node,
                found,
                inbox,
            } => {
                out.push(FOUND);
                numbers(&mut out, [*find]);
                out.extend_from_slice(&node.to_bits().to_be_bytes());
                out.push(match found {
                    None => 0,
                    Some(Found::Actor) => 1,
                    Some(Found::Pool) => 2,
                });
                out.extend_from_slice(inbox.as_bytes());
            }
            Self::Open {
                pipe,
                nonce,
                issued,
                inbox,
            } => {
                out.push(OPEN);
                numbers(&mut out, [*pipe, *issued]);
                out.extend_from_slice(nonce);
                out.extend_from_slice(inbox.as_bytes());
            }
            Self::Accept { to, pipe, nonce } => {
                out.push(ACCEPT);
                numbers(&mut out, [*to, *pipe]);
                out.extend_from_slice(nonce);
            }
            Self::Data {
                to,
                number,
                read,
                bytes,
            } => {
                return Self::data([*to, *number, *read], bytes, channel, signer);
            }
            Self::Read { to, read } => {
                out.push(READ);
                numbers(&mut out, [*to, *read]);
            }
            Self::Close { to } => {
                out.push(CLOSE);
                numbers(&mut out, [*to]);
            }
        }
        signer.sign(channel, &mut out);
        out.into()
    }

    /// Encodes a packet of bytes, whose head is `to`, `number` and `read`.
    pub(crate) fn data(head: [u64; 3], bytes: &[u8], channel: &str, signer: &Signer) -> Bytes {
        let mut out = Vec::with_capacity(26 + bytes.len() + 16);
        out.extend([VERSION, DATA]);
        numbers(&mut out, head);
        out.extend_from_slice(bytes);
        signer.sign(channel, &mut out);
        out.into()
    }

    /// Returns the pipe that a packet is for, by which its signer is found. `None` for a packet that
    /// is for no pipe.
    pub(crate) fn pipe(packet: &[u8]) -> Option<u64> {
        match packet {
            [VERSION, DATA | READ | CLOSE, rest @ ..] => {
                Some(u64::from_be_bytes(*rest.first_chunk()?))
            }
            _ => None,
        }
    }

    /// Decodes a packet whose signature was checked and taken off.
    pub(crate) fn decode(packet: Bytes) -> Option<Self> {
        let mut rest = Rest(packet);
        if rest.byte()? != VERSION {
            return None;
        }
        Some(match rest.byte()? {
            FIND => Self::Find {
                find: rest.number()?,
                issued: rest.number()?,
                inbox: rest.short_text()?,
                urn: rest.text()?,
            },
            FOUND => Self::Found {
                find: rest.number()?,
                node: NodeId::from_bits(u128::from_be_bytes(rest.array()?)),
                found: match rest.byte()? {
                    0 => None,
                    1 => Some(Found::Actor),
                    2 => Some(Found::Pool),
                    _ => return None,
                },
                inbox: rest.text()?,
            },
            OPEN => Self::Open {
                pipe: rest.number()?,
                issued: rest.number()?,
                nonce: rest.array()?,
                inbox: rest.text()?,
            },
            ACCEPT => Self::Accept {
                to: rest.number()?,
                pipe: rest.number()?,
                nonce: rest.array()?,
            },
            DATA => Self::Data {
                to: rest.number()?,
                number: rest.number()?,
                read: rest.number()?,
                bytes: rest.0,
            },
            READ => Self::Read {
                to: rest.number()?,
                read: rest.number()?,
            },
            CLOSE => Self::Close { to: rest.number()? },
            _ => return None,
        })
    }
}

fn numbers<const N: usize>(out: &mut Vec<u8>, numbers: [u64; N]) {
    for number in numbers {
        out.extend_from_slice(&number.to_be_bytes());
    }
}

/// Appends a text of up to 255 bytes after its length.
fn text(out: &mut Vec<u8>, text: &str) {
    let len = u8::try_from(text.len()).unwrap_or(u8::MAX);
    out.push(len);
    out.extend_from_slice(&text.as_bytes()[..len.into()]);
}

/// Rest of a packet that is decoded.
struct Rest(Bytes);

impl Rest {
    fn take(&mut self, len: usize) -> Option<Bytes> {
        (len <= self.0.len()).then(|| self.0.split_to(len))
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.first_chunk().copied()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// Takes the rest as a text of up to 255 bytes.
    fn text(&mut self) -> Option<Box<str>> {
        let len = self.0.len();
        let bytes = self.take(len).filter(|_| len <= 255)?;
        std::str::from_utf8(&bytes).ok().map(Into::into)
    }

    fn short_text(&mut self) -> Option<Box<str>> {
        let len = self.byte()?;
        let bytes = self.take(len.into())?;
        std::str::from_utf8(&bytes).ok().map(Into::into)
    }
}

/// Returns the time of the clock, in milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

/// Maximum age of a request that has no pipe, and the time by which clocks may differ, in
/// milliseconds.
const AGE: u64 = 5 * 60 * 1000;
const AHEAD: u64 = 30 * 1000;

/// Tells whether a request of that time is neither stale nor from the future.
pub(crate) fn is_fresh(issued: u64) -> bool {
    let now = now();
    issued <= now.saturating_add(AHEAD) && issued >= now.saturating_sub(AGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;
    use conclib_net::AuthKey;

    fn packets() -> Vec<Packet> {
        let (inbox, urn) = ("conclib:default:in:1", "greeter");
        let node = NodeId::random();
        vec![
            Packet::Find {
                find: 1,
                issued: 2,
                inbox: inbox.into(),
                urn: urn.into(),
            },
            Packet::Found {
                find: 1,
                node,
                found: Some(Found::Pool),
                inbox: inbox.into(),
            },
            Packet::Found {
                find: 1,
                node,
                found: None,
                inbox: inbox.into(),
            },
            Packet::Open {
                pipe: 3,
                nonce: [4; 16],
                issued: 5,
                inbox: inbox.into(),
            },
            Packet::Accept {
                to: 3,
                pipe: 6,
                nonce: [7; 16],
            },
            Packet::Data {
                to: 6,
                number: 0,
                read: 9,
                bytes: Bytes::from_static(b"bytes"),
            },
            Packet::Read { to: 6, read: 10 },
            Packet::Close { to: 6 },
        ]
    }

    #[test]
    fn a_packet_comes_back_as_it_was() {
        for signer in [
            Signer::new(None),
            Signer::new(Some(&AuthKey::random().unwrap())),
        ] {
            for packet in packets() {
                let bytes = packet.encode("channel", &signer);
                let len = signer.verify("channel", &bytes).unwrap();
                assert_eq!(Packet::decode(bytes.slice(..len)), Some(packet));
            }
        }
    }

    #[test]
    fn a_packet_that_was_changed_or_cut_or_moved_is_refused() {
        let signer = Signer::new(Some(&AuthKey::random().unwrap()));
        for packet in packets() {
            let bytes = packet.encode("channel", &signer);
            assert_eq!(signer.verify("another", &bytes), None);
            for at in 0..bytes.len() {
                let mut changed = bytes.to_vec();
                changed[at] ^= 1;
                assert_eq!(signer.verify("channel", &changed), None);
                assert_eq!(signer.verify("channel", &bytes[..at]), None);
            }
        }
    }

    #[test]
    fn any_bytes_can_be_decoded() {
        for packet in packets() {
            let bytes = packet.encode("channel", &Signer::new(None));
            for at in 0..bytes.len() {
                let _ = Packet::decode(bytes.slice(..at));
                let _ = Packet::pipe(&bytes[..at]);
                let mut changed = BytesMut::from(&bytes[..]);
                changed[at] = 0xFF;
                let _ = Packet::decode(changed.freeze());
            }
        }
    }

    #[test]
    fn a_request_is_fresh_for_five_minutes() {
        let now = now();
        assert!(is_fresh(now) && is_fresh(now - AGE + 10_000) && is_fresh(now + 10_000));
        assert!(!is_fresh(now - AGE - 10_000) && !is_fresh(now + 60_000) && !is_fresh(u64::MAX));
    }
}
