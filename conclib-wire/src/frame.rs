//! Frames of a link: envelopes as bytes.
//!
//! A frame is its length, four bytes, followed by that number of bytes. All numbers are big endian.
//! The first byte is the kind:
//!
//! | kind | then |
//! |---|---|
//! | 1 request | id (16), flags (1), codec (1), timeout in ms (4), fingerprint (8), length and bytes of URN (1 + n), message (1 + n), trace (1 + n), if flagged the priority (1), if flagged the attempt (4), if flagged length and bytes of the chain (2 + n); the rest is the body |
//! | 2 response | id (16), kind (1), codec (1); the rest is the body |
//! | 3 cancel | id (16) |
//! | 4 goodbye | nothing: no new requests are accepted; the pending answers still come. The second one: requests without an answer were not read |
//! | 5 item | id (16); the rest is the body of an item of a stream |
//! | 6 end | id (16), codec (1), 0 if the stream is complete; else the rest is its failure |
//! | 7 credit | id (16), items (4): the number of further items that may be sent |
//! | 8 waits | id (16); the rest is the chain of the actors that wait for the answer by now |
//! | 9 hello | id of the sender's system (16), or zeros; length and bytes of its URL (1 + n) |
//! | 10 export | id (16), and 1 to 1024 keys (8 each) of the references in the next frame, which has that id |
//! | 11 release | key (8) of a reference that came in an export |
//!
//! A stream begins with the credit of [`FIRST_CREDIT`]; a cancel ends it. Bit
//! 0 of the flags is set when a reply is wanted, bit 1 when a priority follows, bit 2 when a
//! chain follows, bit 3 when only the end of the turn is to be confirmed, bit 4 when the message is
//! delivered at least once, bit 5 when an attempt follows, which is then 2 or more. A chain has 1 to [`MAX_CHAIN`] bytes; if its bytes are not a valid chain, only
//! that request is refused.

mod cursor;

use std::time::Duration;

use self::cursor::{Cursor, chain_len};
use crate::chain::MAX_CHAIN;
use crate::codec::{Codec, MAX_BODY};
use crate::envelope::{DeliveryClass, Envelope, RequestId, Response, ResponseKind, Wants};
use crate::node::NodeId;

/// Maximum length of a frame, in bytes, without its length prefix: a body and its head.
pub const MAX_FRAME: usize = MAX_BODY + MAX_CHAIN + 1024;

/// Items of a stream that may be sent before its reader gives more credit.
pub const FIRST_CREDIT: u32 = 32;

const REQUEST: u8 = 1;
const RESPONSE: u8 = 2;
const CANCEL: u8 = 3;
const GOODBYE: u8 = 4;
const ITEM: u8 = 5;
const END: u8 = 6;
const CREDIT: u8 = 7;
const WAITS: u8 = 8;
const HELLO: u8 = 9;
const EXPORT: u8 = 10;
const RELEASE: u8 = 11;
const REPLY: u8 = 1;
const PRIORITY: u8 = 1 << 1;
const CHAIN: u8 = 1 << 2;
const HANDLED: u8 = 1 << 3;
const AT_LEAST_ONCE: u8 = 1 << 4;
const ATTEMPT: u8 = 1 << 5;

/// Frame of a link, borrowed from its bytes.
///
/// ```
/// use conclib_wire::{Frame, RequestId};
///
/// let mut bytes = Vec::new();
/// let cancel = Frame::Cancel(RequestId::from_u128(7));
/// cancel.encode(&mut bytes)?;
/// assert_eq!(Frame::decode(&bytes[4..])?, cancel);
/// # Ok::<(), conclib_wire::FrameError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame<'a> {
    /// Request.
    Request(Envelope<'a>),
    /// Answer to a request.
    Response(Response<'a>),
    /// Cancellation: the asker of a request has gone, or the reader of its stream.
    Cancel(RequestId),
    /// Announcement that the sender takes no new requests. By a second one, its last frame, all requests
    /// without an answer were not read.
    Goodbye,
    /// Next item of a stream.
    Item {
        /// Id of the request that the stream answers.
        id: RequestId,
        /// Encoded item.
        body: &'a [u8],
    },
    /// End of a stream.
    End {
        /// Id of the request that the stream answers.
        id: RequestId,
        /// Failure that ended the stream; `None` if the stream is complete.
        failure: Option<(Codec, &'a [u8])>,
    },
    /// Credit for further items of a stream.
    Credit {
        /// Id of the request that the stream answers.
        id: RequestId,
        /// Number of further items.
        items: u32,
    },
    /// Further callers that wait for the answer to a request.
    Waits {
        /// Id of the request.
        id: RequestId,
        /// Encoded chain of actors that wait for its answer by now.
        chain: &'a [u8],
    },
    /// Announcement of the system at the sender's end.
    Hello {
        /// Id of the system; `None` for a process without one.
        node: Option<NodeId>,
        /// URL at which the system can be reached; empty for none.
        url: &'a str,
    },
    /// Keys of the references in the next frame.
    Export {
        /// Id of the request that the next frame is about.
        id: RequestId,
        /// Keys, by which the receiver releases the actors.
        keys: Keys<'a>,
    },
    /// Release of an actor that the sender does not refer to any more.
    Release {
        /// Key of the reference.
        key: u64,
    },
}

/// Keys of references in a frame, 1 to [`MAX_KEYS`] of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys<'a>(&'a [[u8; 8]]);

/// Maximum number of keys in a frame.
pub const MAX_KEYS: usize = 1024;

impl<'a> Keys<'a> {
    /// Makes the keys of their bytes, big endian.
    ///
    /// # Errors
    /// Fails if there are no keys, more than [`MAX_KEYS`], or bytes after them.
    pub fn new(bytes: &'a [u8]) -> Result<Self, FrameError> {
        match bytes.as_chunks() {
            (keys, []) if (1..=MAX_KEYS).contains(&keys.len()) => Ok(Self(keys)),
            _ => Err(FrameError::BadKeys(bytes.len())),
        }
    }

    /// Returns the keys.
    pub fn iter(self) -> impl Iterator<Item = u64> + use<'a> {
        self.0.iter().map(|key| u64::from_be_bytes(*key))
    }
}

/// Reason for which bytes are not a frame, or a frame cannot be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The frame is larger than [`MAX_FRAME`].
    #[error("a frame of {len} bytes is over the limit of {MAX_FRAME}: send less at once")]
    TooLarge {
        /// Length of the frame.
        len: usize,
    },
    /// The frame ends too early.
    #[error("a frame is cut short")]
    Truncated,
    /// The first byte is no known kind.
    #[error("a frame is of the unknown kind {0}: is the other side another version?")]
    UnknownKind(u8),
    /// The codec is not known.
    #[error("a frame is in the unknown codec {0}: is the other side another version?")]
    UnknownCodec(u8),
    /// A name is not UTF-8, or over 255 bytes.
    #[error("a name in a frame is not utf-8, or longer than 255 bytes")]
    BadName,
    /// A chain is empty, or over [`MAX_CHAIN`] bytes.
    #[error("a chain of waiting actors in a frame has {0} bytes, and not 1 to {MAX_CHAIN}")]
    BadChain(usize),
    /// An attempt is in the frame, and is not at least 2.
    #[error("the attempt in a frame is {0}, and not at least 2")]
    BadAttempt(u32),
    /// The keys of an export are none, too many, or cut short.
    #[error("the keys of references in a frame have {0} bytes, and not 8 each for 1 to {MAX_KEYS}")]
    BadKeys(usize),
    /// The frame has more bytes than its kind.
    #[error("a frame has bytes after its end")]
    TrailingBytes,
}

impl<'a> Frame<'a> {
    /// Returns the id of the request that the frame is about, if any.
    pub fn id(&self) -> Option<RequestId> {
        match self {
            Self::Request(envelope) => Some(envelope.id),
            Self::Response(response) => Some(response.id),
            Self::Cancel(id)
            | Self::Item { id, .. }
            | Self::End { id, .. }
            | Self::Credit { id, .. }
            | Self::Waits { id, .. }
            | Self::Export { id, .. } => Some(*id),
            Self::Goodbye | Self::Hello { .. } | Self::Release { .. } => None,
        }
    }

    /// Returns the encoded message, reply or item in the frame; empty for the
    /// other kinds.
    pub fn body(&self) -> &'a [u8] {
        match self {
            Self::Request(Envelope { body, .. })
            | Self::Response(Response { body, .. })
            | Self::Item { body, .. } => body,
            Self::Cancel(_)
            | Self::Goodbye
            | Self::End { .. }
            | Self::Credit { .. }
            | Self::Waits { .. }
            | Self::Hello { .. }
            | Self::Export { .. }
            | Self::Release { .. } => &[],
        }
    }

    /// Appends the length prefix and the frame to `out`. On an error `out` is as before.
    ///
    /// # Errors
    /// Fails if a name has over 255 bytes, or if the frame is longer than [`MAX_FRAME`].
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), FrameError> {
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        let written = self.write(out);
        let len = out.len() - start - 4;
        let checked = match (written, u32::try_from(len)) {
            (Err(error), _) => Err(error),
            (Ok(()), Ok(prefix)) if len <= MAX_FRAME => Ok(prefix),
            (Ok(()), _) => Err(FrameError::TooLarge { len }),
        };
        match checked {
            Ok(prefix) => {
                out[start..start + 4].copy_from_slice(&prefix.to_be_bytes());
                Ok(())
            }
            Err(error) => {
                out.truncate(start);
                Err(error)
            }
        }
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), FrameError> {
        match self {
            Self::Request(envelope) => {
                // Rounded up, so that the other side is never the first to give up.
                let millis = envelope.timeout.as_nanos().div_ceil(1_000_000);
                let millis = u32::try_from(millis).unwrap_or(u32::MAX);
                out.push(REQUEST);
                out.extend_from_slice(envelope.id.as_bytes());
                let flag = |is_set, flag| if is_set { flag } else { 0 };
                out.push(
                    match envelope.wants {
                        Wants::Queued => 0,
                        Wants::Handled => HANDLED,
                        Wants::Reply => REPLY,
                    } | flag(envelope.priority.is_some(), PRIORITY)
                        | flag(envelope.class == DeliveryClass::AtLeastOnce, AT_LEAST_ONCE)
                        | flag(envelope.attempt > 1, ATTEMPT)
                        | flag(!envelope.chain.is_empty(), CHAIN),
                );
                out.push(envelope.codec.id());
                out.extend_from_slice(&millis.to_be_bytes());
                out.extend_from_slice(&envelope.fingerprint.to_be_bytes());
                for name in [envelope.to, envelope.message, envelope.trace] {
                    out.push(u8::try_from(name.len()).map_err(|_| FrameError::BadName)?);
                    out.extend_from_slice(name.as_bytes());
                }
                out.extend(envelope.priority);
                if envelope.attempt > 1 {
                    out.extend_from_slice(&envelope.attempt.to_be_bytes());
                }
                if !envelope.chain.is_empty() {
                    let len = chain_len(envelope.chain)?;
                    out.extend_from_slice(&len.to_be_bytes());
                    out.extend_from_slice(envelope.chain);
                }
                out.extend_from_slice(envelope.body);
            }
            Self::Response(response) => {
                out.push(RESPONSE);
                out.extend_from_slice(response.id.as_bytes());
                out.push(response.kind.id());
                out.push(response.codec.id());
                out.extend_from_slice(response.body);
            }
            Self::Cancel(id) => {
                out.push(CANCEL);
                out.extend_from_slice(id.as_bytes());
            }
            Self::Goodbye => out.push(GOODBYE),
            Self::Item { id, body } => {
                out.push(ITEM);
                out.extend_from_slice(id.as_bytes());
                out.extend_from_slice(body);
            }
            Self::End { id, failure } => {
                out.push(END);
                out.extend_from_slice(id.as_bytes());
                let (codec, body) =
                    failure.map_or((0, &[][..]), |(codec, body)| (codec.id(), body));
                out.push(codec);
                out.extend_from_slice(body);
            }
            Self::Credit { id, items } => {
                out.push(CREDIT);
                out.extend_from_slice(id.as_bytes());
                out.extend_from_slice(&items.to_be_bytes());
            }
            Self::Waits { id, chain } => {
                chain_len(chain)?;
                out.push(WAITS);
                out.extend_from_slice(id.as_bytes());
                out.extend_from_slice(chain);
            }
            Self::Hello { node, url } => {
                out.push(HELLO);
                out.extend_from_slice(&node.map_or(0, NodeId::to_bits).to_be_bytes());
                out.push(u8::try_from(url.len()).map_err(|_| FrameError::BadName)?);
                out.extend_from_slice(url.as_bytes());
            }
            Self::Export { id, keys } => {
                out.push(EXPORT);
                out.extend_from_slice(id.as_bytes());
                out.extend_from_slice(keys.0.as_flattened());
            }
            Self::Release { key } => {
                out.push(RELEASE);
                out.extend_from_slice(&key.to_be_bytes());
            }
        }
        Ok(())
    }

    /// Decodes a frame from its bytes, without the length prefix. Borrows bodies and names;
    /// allocates nothing.
    ///
    /// # Errors
    /// Fails if the bytes are not a frame.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, FrameError> {
        if bytes.len() > MAX_FRAME {
            return Err(FrameError::TooLarge { len: bytes.len() });
        }
        let mut cursor = Cursor::new(bytes);
        let frame = match cursor.byte()? {
            REQUEST => {
                let id = cursor.id()?;
                let flags = cursor.byte()?;
                let codec = cursor.codec()?;
                let millis = u32::from_be_bytes(cursor.array()?);
                let fingerprint = u64::from_be_bytes(cursor.array()?);
                Self::Request(Envelope {
                    id,
                    to: cursor.name()?,
                    message: cursor.name()?,
                    timeout: Duration::from_millis(millis.into()),
                    trace: cursor.name()?,
                    codec,
                    fingerprint,
                    wants: match (flags & REPLY, flags & HANDLED) {
                        (0, 0) => Wants::Queued,
                        (0, _) => Wants::Handled,
                        _ => Wants::Reply,
                    },
                    class: match flags & AT_LEAST_ONCE {
                        0 => DeliveryClass::AtMostOnce,
                        _ => DeliveryClass::AtLeastOnce,
                    },
                    priority: match flags & PRIORITY {
                        0 => None,
                        _ => Some(cursor.byte()?),
                    },
                    attempt: match flags & ATTEMPT {
                        0 => 1,
                        _ => cursor.attempt()?,
                    },
                    chain: match flags & CHAIN {
                        0 => &[],
                        _ => cursor.chain()?,
                    },
                    body: cursor.rest(),
                })
            }
            RESPONSE => {
                let id = cursor.id()?;
                Self::Response(Response {
                    id,
                    kind: ResponseKind::from_id(cursor.byte()?),
                    codec: cursor.codec()?,
                    body: cursor.rest(),
                })
            }
            CANCEL => Self::Cancel(cursor.id()?),
            GOODBYE => Self::Goodbye,
            ITEM => Self::Item {
                id: cursor.id()?,
                body: cursor.rest(),
            },
            END => Self::End {
                id: cursor.id()?,
                failure: match cursor.byte()? {
                    0 => None,
                    codec => {
                        let codec = Codec::from_id(codec).ok_or(FrameError::UnknownCodec(codec))?;
                        Some((codec, cursor.rest()))
                    }
                },
            },
            CREDIT => Self::Credit {
                id: cursor.id()?,
                items: u32::from_be_bytes(cursor.array()?),
            },
            WAITS => {
                let id = cursor.id()?;
                let chain = cursor.rest();
                chain_len(chain)?;
                Self::Waits { id, chain }
            }
            HELLO => {
                let node = u128::from_be_bytes(cursor.array()?);
                Self::Hello {
                    node: (node != 0).then(|| NodeId::from_bits(node)),
                    url: cursor.name()?,
                }
            }
            EXPORT => Self::Export {
                id: cursor.id()?,
                keys: Keys::new(cursor.rest())?,
            },
            RELEASE => Self::Release {
                key: u64::from_be_bytes(cursor.array()?),
            },
            kind => return Err(FrameError::UnknownKind(kind)),
        };
        if cursor.is_empty() {
            Ok(frame)
        } else {
            Err(FrameError::TrailingBytes)
        }
    }
}
