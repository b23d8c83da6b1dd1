//! Frames of a link: envelopes as bytes.
//!
//! A frame is its length, four bytes, followed by that number of bytes. All numbers are big endian.
//! The first byte is the kind:
//!
//! | kind | then |
//! |---|---|
//! | 1 request | id (16), flags (1), codec (1), timeout in ms (4), fingerprint (8), length and bytes of URN (1 + n), message (1 + n), trace (1 + n), if flagged the priority (1), if flagged length and bytes of the chain (2 + n); the rest is the body |
//! | 2 response | id (16), kind (1), codec (1); the rest is the body |
//! | 3 cancel | id (16) |
//! | 4 goodbye | nothing: no new requests are accepted; the pending answers still come |
//! | 5 item | id (16); the rest is the body of an item of a stream |
//! | 6 end | id (16), codec (1), 0 if the stream is complete; else the rest is its failure |
//! | 7 credit | id (16), items (4): the number of further items that may be sent |
//! | 8 waits | id (16); the rest is the chain of the actors that wait for the answer by now |
//!
//! A stream begins with the credit of [`FIRST_CREDIT`]; a cancel ends it. Bit
//! 0 of the flags is set when an answer is wanted, bit 1 when a priority follows, bit 2 when a
//! chain follows. A chain has 1 to [`MAX_CHAIN`] bytes; if its bytes are not a valid chain, only
//! that request is refused.

mod cursor;

use std::time::Duration;

use self::cursor::{Cursor, chain_len};
use crate::chain::MAX_CHAIN;
use crate::codec::{Codec, MAX_BODY};
use crate::envelope::{Envelope, RequestId, Response, ResponseKind};

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
const ASKED: u8 = 1;
const PRIORITY: u8 = 1 << 1;
const CHAIN: u8 = 1 << 2;

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
    /// Announcement that the sender takes no new requests.
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
    /// The frame has more bytes than its kind.
    #[error("a frame has bytes after its end")]
    TrailingBytes,
}

impl<'a> Frame<'a> {
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
                    flag(envelope.asked, ASKED)
                        | flag(envelope.priority.is_some(), PRIORITY)
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
                out.push(response.kind as u8);
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
                    asked: flags & ASKED != 0,
                    priority: match flags & PRIORITY {
                        0 => None,
                        _ => Some(cursor.byte()?),
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
                let kind = cursor.byte()?;
                Self::Response(Response {
                    id,
                    kind: ResponseKind::from_id(kind).ok_or(FrameError::UnknownKind(kind))?,
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
            kind => return Err(FrameError::UnknownKind(kind)),
        };
        if cursor.is_empty() {
            Ok(frame)
        } else {
            Err(FrameError::TrailingBytes)
        }
    }
}
