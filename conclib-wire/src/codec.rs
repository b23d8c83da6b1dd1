//! How values become the body of an envelope, and how they come back.
//!
//! A body comes from whoever can reach the link or the broker, so reading one
//! is bounded in size, depth and number of elements, whatever the type. Writing
//! keeps to the same bounds: what is sent can be read. A field of JSON that the
//! type does not have is skipped without recursion: only the size of the body
//! bounds what is in it.

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

/// The longest body, in bytes: 1 MiB.
///
/// Whoever frames bodies adds room for the envelope to this.
///
/// # Examples
///
/// ```
/// use conclib_wire::{Codec, CodecError, MAX_BODY};
///
/// let error = Codec::Json.decode::<String>(&vec![b' '; MAX_BODY + 1]).unwrap_err();
/// assert_eq!(error, CodecError::TooLarge { limit: MAX_BODY });
/// ```
pub const MAX_BODY: usize = 1024 * 1024;

/// How deep the value in a body may be nested, in levels.
///
/// Each struct, tuple, sequence, map, `Some`, newtype and enum variant with
/// fields is one level. Bincode allows all of them. JSON spends two levels on
/// a variant with fields, and allows one level less. A field of JSON that the
/// type does not have may be nested deeper: it is skipped, and makes no value.
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

/// How many elements all sequences and maps of one body may have together; an
/// entry of a map is one element.
///
/// As many as [`MAX_BODY`] has bytes: elements that take up room on the wire
/// reach that limit first, and the ones that take up none, as in `Vec<()>`,
/// are stopped here.
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
pub const MAX_ELEMENTS: usize = MAX_BODY;

/// A way to write values as bytes, and to read them back from bytes that
/// nobody vouches for.
///
/// Use [`Codec`] where the codec is known only when the program runs, and one
/// of [`Bincode`] and [`Json`] where it is known before.
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
    /// The byte that names this codec in a frame; never 0.
    const ID: u8;

    /// The name of this codec, for people.
    const NAME: &'static str;

    /// Appends the encoded `value` to `out`.
    ///
    /// # Errors
    ///
    /// [`CodecError`] when the value is over a limit, or when this codec cannot
    /// express it. Then `out` is as long as it was before.
    fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError>;

    /// Reads a value from `bytes`, which are one whole body.
    ///
    /// Any bytes are safe to give: reading ends, and neither panics nor
    /// overflows the stack, as long as `T` itself does not.
    ///
    /// # Errors
    ///
    /// [`CodecError`] when the bytes are over a limit, are not a `T`, or go on
    /// after it.
    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError>;
}

/// One of the codecs of the wire; the id in a frame picks it.
///
/// Bincode, the default, is for peers that share the Rust types. JSON is for
/// everybody else, and for types that do not fit bincode.
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
    /// Small and fast, for peers with the same types: [`Bincode`].
    #[default]
    Bincode,
    /// Readable by everybody: [`Json`].
    Json,
}

impl Codec {
    /// The byte that names this codec in a frame.
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

    /// The codec that a byte in a frame names, or `None`: the frame is from a
    /// newer peer, or no frame at all.
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

    /// The name of this codec, for people; also what it is displayed as.
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

    /// Appends the encoded `value` to `out`, as [`WireCodec::encode`] does.
    ///
    /// # Errors
    ///
    /// [`CodecError`] when the value is over a limit, or when this codec cannot
    /// express it. Then `out` is as long as it was before.
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

    /// Reads a value from `bytes`, which are one whole body, as
    /// [`WireCodec::decode`] does.
    ///
    /// # Errors
    ///
    /// [`CodecError`] when the bytes are over a limit, are not a `T`, or go on
    /// after it.
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
