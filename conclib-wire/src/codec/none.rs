//! Codec of programs whose messages stay in their process: nothing is encoded, and so no code for it
//! is compiled for any message.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::CodecError;

/// Text of errors where a codec is missing.
pub(crate) const NONE: &str =
    "conclib was built without its codecs: enable its feature `net` or `process`";

/// Codec of a body. Without the feature `codecs` the only one refuses all values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Codec;

impl Codec {
    /// Returns the byte of a codec in a frame: 0, which stands for none.
    #[must_use]
    pub const fn id(self) -> u8 {
        0
    }

    /// Returns the codec of an id in a frame: `None`, as all of them are unknown.
    #[must_use]
    pub const fn from_id(_: u8) -> Option<Self> {
        None
    }

    /// Returns the name of this codec, which `Display` prints.
    #[must_use]
    pub const fn name(self) -> &'static str {
        "none"
    }

    /// Returns false: bodies carry no names of fields.
    #[must_use]
    pub const fn names_fields(self) -> bool {
        false
    }

    /// Refuses a value.
    ///
    /// # Errors
    ///
    /// [`CodecError::Unencodable`], always.
    pub fn encode<T: Serialize + ?Sized>(self, _: &T, _: &mut Vec<u8>) -> Result<(), CodecError> {
        Err(CodecError::Unencodable {
            codec: self,
            detail: NONE.to_owned(),
        })
    }

    /// Refuses a body.
    ///
    /// # Errors
    ///
    /// [`CodecError::Malformed`], always.
    pub fn decode<T: DeserializeOwned>(self, _: &[u8]) -> Result<T, CodecError> {
        Err(CodecError::Malformed {
            codec: self,
            detail: NONE.to_owned(),
        })
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
