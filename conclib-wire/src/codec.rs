//! Codecs: encoding and decoding of the body of an envelope.
//!
//! A body may come from an untrusted peer, so decoding is bounded in size, depth and number of
//! elements, for every type. Encoding keeps the same bounds, so that a body that was sent can be
//! read. A JSON field that the type does not have is skipped without recursion: only the size of
//! the body bounds its content.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

mod bincode;
mod capped;
mod error;
mod json;
mod limited;
mod limits;
mod measured;

pub use self::bincode::Bincode;
pub use self::error::CodecError;
pub use self::json::Json;

/// Maximum length of a body, in bytes: 8 MiB.
///
/// A frame has additional room for the envelope.
///
/// # Examples
///
/// ```
/// use conclib_wire::{Codec, CodecError, MAX_BODY};
///
/// let error = Codec::Json.decode::<String>(&vec![b' '; MAX_BODY + 1]).unwrap_err();
/// assert_eq!(error, CodecError::TooLarge { limit: MAX_BODY });
/// ```
pub const MAX_BODY: usize = 8 * 1024 * 1024;

/// Maximum nesting of the value in a body, in levels.
///
/// Each struct, tuple, sequence, map, `Some`, newtype and enum variant with fields is one level.
/// Bincode allows all of them. JSON takes two levels for a variant with fields, and allows one
/// level less. A JSON field that the type does not have may be nested deeper: it is skipped, and
/// makes no value.
///
/// # Examples
///
/// ```
/// use conclib_wire::{Codec, CodecError, MAX_DEPTH};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Serialize, Deserialize)]
/// enum Nested {
///     Leaf,
///     Node(Box<Nested>),
/// }
///
/// let bomb = vec![1; 16_384];
/// let error = Codec::Bincode.decode::<Nested>(&bomb).unwrap_err();
/// assert_eq!(error, CodecError::TooDeep { limit: MAX_DEPTH });
/// ```
pub const MAX_DEPTH: usize = 128;

/// Maximum number of elements of all sequences and maps of one body together, if these are more
/// than the bytes of the body: 1,048,576; an entry of a map is one element.
///
/// Elements that take up room on the wire are bounded by [`MAX_BODY`], and elements that take up
/// none, as in `Vec<()>`, by this.
///
/// # Examples
///
/// ```
/// use conclib_wire::{Codec, CodecError, MAX_ELEMENTS};
///
/// let bomb = [253, 255, 255, 255, 255, 255, 255, 255, 255]; // 2^64 - 1 of nothing
/// let error = Codec::Bincode.decode::<Vec<()>>(&bomb).unwrap_err();
/// assert_eq!(error, CodecError::TooManyElements { limit: MAX_ELEMENTS });
/// ```
pub const MAX_ELEMENTS: usize = 1024 * 1024;

/// Codec that writes values as bytes, and reads them back from untrusted bytes.
///
/// Use [`Codec`] where the codec is known only at run time, and [`Bincode`] or [`Json`] where it is
/// known at compile time.
///
/// # Examples
///
/// ```
/// use conclib_wire::{Bincode, CodecError, Json, WireCodec};
///
/// fn length<C: WireCodec>(value: &[u32]) -> Result<usize, CodecError> {
///     let mut body = Vec::new();
///     C::encode(value, &mut body)?;
///     Ok(body.len())
/// }
///
/// assert_eq!(length::<Bincode>(&[1, 2, 3])?, 4);
/// assert_eq!(length::<Json>(&[1, 2, 3])?, 7);
/// # Ok::<(), CodecError>(())
/// ```
pub trait WireCodec {
    /// Byte that identifies this codec in a frame; never 0.
    const ID: u8;

    /// Name of this codec, for people.
    const NAME: &'static str;

    /// Appends the encoded `value` to `out`.
    ///
    /// # Errors
    ///
    /// [`CodecError`] if the value exceeds a limit, or if this codec cannot express it. Then `out`
    /// is as long as before.
    fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError>;

    /// Reads a value from `bytes`, which are one whole body.
    ///
    /// Safe for any bytes: decoding ends, and neither panics nor overflows the stack, as long as
    /// `T` itself does not.
    ///
    /// # Errors
    ///
    /// [`CodecError`] if the bytes exceed a limit, are not a `T`, or go on after it.
    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError>;
}

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
