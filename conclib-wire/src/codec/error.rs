//! What can go wrong between a value and its bytes.

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

use super::Codec;

/// How much of a codec's own complaint is kept, in bytes: it may quote the
/// body, and it travels back to whoever sent that.
const DETAIL: usize = 200;

/// Why a value could not be written as a body, or a body could not be read.
///
/// It is data, so that a peer can be told in an error reply.
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
    /// The body is longer than [`MAX_BODY`](super::MAX_BODY).
    #[error("the body is longer than {limit} bytes: send it in parts, or send where to find it")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },

    /// The value is nested deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
    #[error("the value is nested deeper than {limit} levels: send it flat, as a list with indices")]
    TooDeep {
        /// The limit, in levels.
        limit: usize,
    },

    /// The sequences and maps of the value have more than
    /// [`MAX_ELEMENTS`](super::MAX_ELEMENTS) elements together.
    #[error("the value has more than {limit} elements: send it in parts")]
    TooManyElements {
        /// The limit, over all sequences and maps of the body.
        limit: usize,
    },

    /// The body goes on after the value has ended.
    #[error("{left} bytes are left after the value: both sides need the same type")]
    TrailingBytes {
        /// How many bytes are left.
        left: usize,
    },

    /// The type depends on a format that names its fields, and bincode does
    /// not.
    #[error(
        "this type cannot travel in bincode, which does not name fields: use json, or take \
         serde's tag, untagged, flatten and skip_serializing_if, values of any shape \
         (serde_json::Value) and sequences of unknown length out of it"
    )]
    NotSelfDescribing,

    /// The bytes are not what this codec writes for a value of the type.
    #[error("malformed {codec}: {detail}")]
    Malformed {
        /// The codec that read them.
        codec: Codec,
        /// What it found, and where if it knows; at most 200 bytes.
        detail: String,
    },

    /// The value has no form in this codec.
    #[error("the value cannot be written as {codec}: {detail}")]
    Unencodable {
        /// The codec that was to write it.
        codec: Codec,
        /// What is in the way; at most 200 bytes.
        detail: String,
    },

    /// The message is marked `#[message(local)]`.
    #[error("the message `{message}` is local: it holds what cannot travel")]
    Local {
        /// The name of the message.
        message: String,
    },

    /// The two sides know the message in different shapes.
    #[error(
        "the two sides know the message `{message}` in different shapes: \
         build both from the same version of its type"
    )]
    SchemaMismatch {
        /// The name of the message on the wire.
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

    pub(super) fn malformed(codec: Codec, detail: &dyn fmt::Display) -> Self {
        Self::Malformed {
            codec,
            detail: bounded(detail),
        }
    }

    pub(super) fn unencodable(codec: Codec, detail: &dyn fmt::Display) -> Self {
        Self::Unencodable {
            codec,
            detail: bounded(detail),
        }
    }
}

/// The end of a text is where `serde_json` says which line and column, so it is
/// the middle that is left out.
fn bounded(detail: &dyn fmt::Display) -> String {
    const GAP: &str = " ... ";
    const TAIL: usize = 60;

    let mut text = String::new();
    // Writing to a `String` fails only if the `Display` does; what came so far
    // is then the best there is.
    let _ = write!(text, "{detail}");
    if text.len() > DETAIL {
        let boundary = |at: &usize| text.is_char_boundary(*at);
        let head = (0..=DETAIL - TAIL - GAP.len()).rfind(boundary).unwrap_or(0);
        let tail = (text.len() - TAIL..text.len())
            .find(boundary)
            .unwrap_or(text.len());
        text.replace_range(head..tail, GAP);
    }
    text
}
