//! Bincode: the codec between peers that share their types.

use std::fmt;
use std::marker::PhantomData;

use bincode::config::{self, Config};
use bincode::error::{DecodeError, EncodeError};
use bincode::serde::{
    DecodeError as SerdeDecodeError, EncodeError as SerdeEncodeError, encode_into_writer,
    seed_decode_from_slice,
};
use serde::de::{DeserializeOwned, DeserializeSeed};
use serde::{Deserializer, Serialize};

use super::capped::Capped;
use super::limited::Limited;
use super::limits::{Budget, Limits};
use super::measured::{Format, Measured};
use super::{Codec, CodecError, MAX_BODY, MAX_DEPTH, WireCodec};

/// Bincode 2 in its standard configuration: little endian, variable-length integers.
///
/// Codec between conclib peers. Encodes neither the names of fields nor their types, so both sides
/// need the same Rust type; a type that serde reads by its field names (`tag`, `untagged`,
/// `flatten`) needs [`Json`] instead.
///
/// [`Json`]: super::Json
///
/// # Examples
///
/// ```
/// use conclib_wire::{Bincode, WireCodec};
///
/// let mut body = Vec::new();
/// Bincode::encode(&(7_u64, "seven"), &mut body)?;
/// assert_eq!(Bincode::decode::<(u64, String)>(&body)?, (7, "seven".to_owned()));
/// # Ok::<(), conclib_wire::CodecError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Bincode;

/// Limit of the decoder. Bincode counts an integer at its full width, not at the bytes it takes up:
/// a limit of [`MAX_BODY`] would refuse a list of 200,000 small `u64`, which is 200 KB. A byte
/// stands for at most 16 (`u128`). The length of the body is checked separately, and no length in
/// the body is trusted for an allocation.
const READ_LIMIT: usize = MAX_BODY * 16;

fn reading() -> impl Config {
    config::standard().with_limit::<READ_LIMIT>()
}

impl WireCodec for Bincode {
    const ID: u8 = 1;
    const NAME: &'static str = "bincode";

    fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
        let budget = Budget::of_writer();
        let limits = Limits::new(&budget, MAX_DEPTH);
        let measured = Measured::new(value, limits, Format::Positional);
        let mut capped = Capped::new(out);
        let written = encode_into_writer(measured, &mut capped, config::standard());
        capped.finish(written, &budget, unencodable)
    }

    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
        if bytes.len() > MAX_BODY {
            return Err(CodecError::TooLarge { limit: MAX_BODY });
        }
        let budget = Budget::of_body(bytes.len());
        let seed = BincodeSeed {
            limits: Limits::new(&budget, MAX_DEPTH),
            value: PhantomData,
        };
        match seed_decode_from_slice(seed, bytes, reading()) {
            Ok((value, read)) => match bytes.len() - read {
                0 => Ok(value),
                left => Err(CodecError::TrailingBytes { left }),
            },
            Err(error) => Err(unread(&budget, &error)),
        }
    }
}

/// Seed that carries the limits into bincode, which does not expose its deserializer.
struct BincodeSeed<'b, T> {
    limits: Limits<'b>,
    value: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for BincodeSeed<'_, T> {
    type Value = T;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::deserialize(Limited::new(deserializer, self.limits))
    }
}

#[cold]
fn unencodable(error: &EncodeError) -> CodecError {
    let detail: &dyn fmt::Display = match error {
        // `UnexpectedEnd` only comes from a full writer.
        EncodeError::UnexpectedEnd => return CodecError::TooLarge { limit: MAX_BODY },
        EncodeError::Serde(SerdeEncodeError::SequenceMustHaveLength) => {
            return CodecError::NotSelfDescribing;
        }
        EncodeError::OtherString(text) => text,
        other => other,
    };
    CodecError::unencodable(Codec::Bincode, detail)
}

#[cold]
fn unread(budget: &Budget, error: &DecodeError) -> CodecError {
    budget.broken().unwrap_or_else(|| malformed(error))
}

#[cold]
fn malformed(error: &DecodeError) -> CodecError {
    let detail: &dyn fmt::Display = match error {
        DecodeError::Serde(
            SerdeDecodeError::AnyNotSupported
            | SerdeDecodeError::IdentifierNotSupported
            | SerdeDecodeError::IgnoredAnyNotSupported,
        ) => return CodecError::NotSelfDescribing,
        DecodeError::UnexpectedEnd { .. } => &"the body ends in the middle of the value",
        DecodeError::LimitExceeded => &"a length in the body is longer than the body",
        DecodeError::Utf8 { inner } => inner,
        DecodeError::OtherString(text) => text,
        other => other,
    };
    CodecError::malformed(Codec::Bincode, detail)
}
