//! Codecs, of which one is chosen at run time.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Bincode, CodecError, Json, WireCodec};

/// Codec of a body; the id in a frame selects it.
///
/// Bincode, the default, is for peers that share the Rust types. JSON is for all other peers, and
/// for types that do not fit bincode.
///
/// # Examples
///
/// ```
/// use conclib_wire::Codec;
///
/// let mut body = Vec::new();
/// Codec::Json.encode(&("Ada", 36), &mut body)?;
/// assert_eq!(body, br#"["Ada",36]"#);
///
/// let codec = Codec::from_id(Codec::Json.id()).unwrap_or_default();
/// let (name, age): (String, u32) = codec.decode(&body)?;
/// assert_eq!((name.as_str(), age), ("Ada", 36));
/// # Ok::<(), conclib_wire::CodecError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Codec {
    /// Compact and fast, for peers with the same types: [`Bincode`].
    #[default]
    Bincode,
    /// Readable in every language: [`Json`].
    Json,
}

impl Codec {
    /// Returns the byte that identifies this codec in a frame.
    ///
    /// # Examples
    ///
    /// ```
    /// use conclib_wire::Codec;
    ///
    /// assert_eq!(Codec::Bincode.id(), 1);
    /// assert_eq!(Codec::Json.id(), 2);
    /// ```
    #[must_use]
    pub const fn id(self) -> u8 {
        match self {
            Self::Bincode => Bincode::ID,
            Self::Json => Json::ID,
        }
    }

    /// Returns the codec of an id in a frame; `None` for an unknown one: the frame comes from a
    /// newer peer, or is no frame at all.
    ///
    /// # Examples
    ///
    /// ```
    /// use conclib_wire::Codec;
    ///
    /// assert_eq!(Codec::from_id(2), Some(Codec::Json));
    /// assert_eq!(Codec::from_id(0), None);
    /// ```
    #[must_use]
    pub const fn from_id(id: u8) -> Option<Self> {
        match id {
            Bincode::ID => Some(Self::Bincode),
            Json::ID => Some(Self::Json),
            _ => None,
        }
    }

    /// Returns the name of this codec, which `Display` prints.
    ///
    /// # Examples
    ///
    /// ```
    /// use conclib_wire::Codec;
    ///
    /// assert_eq!(Codec::default().name(), "bincode");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bincode => Bincode::NAME,
            Self::Json => Json::NAME,
        }
    }

    /// Returns true if bodies carry the names of fields: a reader needs the same fields then, and
    /// not the same order.
    ///
    /// # Examples
    ///
    /// ```
    /// use conclib_wire::Codec;
    ///
    /// assert!(Codec::Json.names_fields());
    /// assert!(!Codec::Bincode.names_fields());
    /// ```
    #[must_use]
    pub const fn names_fields(self) -> bool {
        matches!(self, Self::Json)
    }

    /// Appends the encoded `value` to `out`, like [`WireCodec::encode`].
    ///
    /// # Errors
    ///
    /// [`CodecError`] if the value exceeds a limit, or if this codec cannot express it. Then `out`
    /// is as long as before.
    ///
    /// # Examples
    ///
    /// ```
    /// use conclib_wire::Codec;
    ///
    /// let mut body = Vec::new();
    /// Codec::Bincode.encode("Ada", &mut body)?;
    /// assert_eq!(body, b"\x03Ada");
    /// # Ok::<(), conclib_wire::CodecError>(())
    /// ```
    #[inline]
    pub fn encode<T: Serialize + ?Sized>(
        self,
        value: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        match self {
            Self::Bincode => Bincode::encode(value, out),
            Self::Json => Json::encode(value, out),
        }
    }

    /// Reads a value from `bytes`, which are one whole body, like [`WireCodec::decode`].
    ///
    /// # Errors
    ///
    /// [`CodecError`] if the bytes exceed a limit, are not a `T`, or go on after it.
    ///
    /// # Examples
    ///
    /// ```
    /// use conclib_wire::{Codec, CodecError};
    ///
    /// assert_eq!(Codec::Bincode.decode::<String>(b"\x03Ada")?, "Ada");
    /// let error = Codec::Bincode.decode::<String>(b"\x03Ada!").unwrap_err();
    /// assert_eq!(error, CodecError::TrailingBytes { left: 1 });
    /// # Ok::<(), CodecError>(())
    /// ```
    #[inline]
    pub fn decode<T: DeserializeOwned>(self, bytes: &[u8]) -> Result<T, CodecError> {
        match self {
            Self::Bincode => Bincode::decode(bytes),
            Self::Json => Json::decode(bytes),
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
