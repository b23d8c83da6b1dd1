//! Codecs: encoding and decoding of the body of an envelope.
//!
//! A body may come from an untrusted peer, so decoding is bounded in size, depth and number of
//! elements, for every type. Encoding keeps the same bounds, so that a body that was sent can be
//! read. A JSON field that the type does not have is skipped without recursion: only the size of
//! the body bounds its content.

use serde::Serialize;
use serde::de::DeserializeOwned;

#[cfg(feature = "codecs")]
mod bincode;
#[cfg(feature = "codecs")]
mod capped;
#[cfg(feature = "codecs")]
mod detail;
mod error;
#[cfg(feature = "codecs")]
mod json;
#[cfg(feature = "codecs")]
mod known;
#[cfg(feature = "codecs")]
mod limited;
#[cfg(feature = "codecs")]
mod limits;
#[cfg(feature = "codecs")]
mod measured;
#[cfg(not(feature = "codecs"))]
pub(crate) mod none;

#[cfg(feature = "codecs")]
pub use self::bincode::Bincode;
pub use self::error::CodecError;
#[cfg(feature = "codecs")]
pub use self::json::Json;
#[cfg(feature = "codecs")]
pub use self::known::Codec;
#[cfg(not(feature = "codecs"))]
pub use self::none::Codec;

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
