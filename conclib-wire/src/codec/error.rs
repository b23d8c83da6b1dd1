//! Errors of encoding and decoding.

use serde::{Deserialize, Serialize};

use super::Codec;

/// Reason for which a value could not be encoded, or a body could not be decoded.
///
/// Serialisable, so that an error reply can tell a peer.
///
/// # Examples
///
/// ```
/// use conclib_wire::{Codec, CodecError};
///
/// let error = Codec::Json.decode::<u32>(b"\"two\"").unwrap_err();
/// assert!(matches!(&error, CodecError::Malformed { codec: Codec::Json, .. }));
/// assert!(error.to_string().contains("line 1 column 5"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CodecError {
    /// The body is longer than [`MAX_BODY`](super::MAX_BODY), or than the limit for frames of the
    /// process that it was sent to.
    #[error("the body is longer than {limit} bytes: send it in parts, or send where to find it")]
    TooLarge {
        /// Limit, in bytes.
        limit: usize,
    },

    /// The value is nested deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
    #[error("the value is nested deeper than {limit} levels: send it flat, as a list with indices")]
    TooDeep {
        /// Limit, in levels.
        limit: usize,
    },

    /// The sequences and maps of the value have more than
    /// [`MAX_ELEMENTS`](super::MAX_ELEMENTS) elements together.
    #[error("the value has more than {limit} elements: send it in parts")]
    TooManyElements {
        /// Limit, over all sequences and maps of the body.
        limit: usize,
    },

    /// The body goes on after the value has ended.
    #[error("{left} bytes are left after the value: both sides need the same type")]
    TrailingBytes {
        /// Number of bytes that are left.
        left: usize,
    },

    /// The type needs a format that names its fields, which bincode does not.
    #[error(
        "this type cannot travel in bincode, which does not name fields: use json, or take \
         serde's tag, untagged, flatten and skip_serializing_if, values of any shape \
         (serde_json::Value) and sequences of unknown length out of it"
    )]
    NotSelfDescribing,

    /// The bytes are not an encoded value of the type.
    #[error("malformed {codec}: {detail}")]
    Malformed {
        /// Codec that read the bytes.
        codec: Codec,
        /// Error text of the codec, with the position if it is known; at most 200 bytes.
        detail: String,
    },

    /// This codec cannot express the value.
    #[error("the value cannot be written as {codec}: {detail}")]
    Unencodable {
        /// Codec that was to write the value.
        codec: Codec,
        /// Error text of the codec; at most 200 bytes.
        detail: String,
    },

    /// The message is marked `#[message(local)]`.
    #[error("the message `{message}` is local: it cannot leave its process")]
    Local {
        /// Name of the message.
        message: String,
    },

    /// The two sides have different schemas of the message.
    #[error(
        "the two sides know the message `{message}` in different shapes: \
         build both from the same version of its type"
    )]
    SchemaMismatch {
        /// Wire name of the message.
        message: String,
    },
}

impl CodecError {
    #[doc(hidden)]
    #[must_use]
    pub fn local(message: &str) -> Self {
        Self::Local {
            message: message.to_owned(),
        }
    }

    #[doc(hidden)]
    #[must_use]
    pub fn shape(message: &str) -> Self {
        Self::SchemaMismatch {
            message: message.to_owned(),
        }
    }

    #[doc(hidden)]
    pub fn stream(codec: Codec) -> Self {
        Self::Malformed {
            codec,
            detail: "the answer is a stream of items: ask with the type of the message".to_owned(),
        }
    }
}
