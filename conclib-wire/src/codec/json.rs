//! JSON: the codec for peers in other languages.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Deserializer, Error, Serializer};

use super::capped::Capped;
use super::limited::Limited;
use super::limits::{Budget, Limits};
use super::measured::{Format, Measured};
use super::{Codec, CodecError, MAX_BODY, MAX_DEPTH, WireCodec};

/// JSON, without whitespace when written.
///
/// Codec for peers in other languages, for tools such as `curl`, and for types that bincode cannot
/// carry. The keys of a map must be strings, numbers, booleans, or enums without fields. A float
/// that is infinite or not a number is written as `null`, and a `Some` of a value that is written
/// as `null` is read as `None`. A body that is an empty object is also read as a value without
/// content, which is written as `null`: other languages know objects only.
///
/// # Examples
///
/// ```
/// use conclib_wire::{Json, WireCodec};
///
/// let mut body = Vec::new();
/// Json::encode(&Some("Ada"), &mut body)?;
/// assert_eq!(body, br#""Ada""#);
/// assert_eq!(Json::decode::<Option<String>>(b" null ")?, None);
/// assert_eq!(Json::decode::<()>(b"{}")?, ());
/// # Ok::<(), conclib_wire::CodecError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Json;

/// Maximum depth of a written value: `serde_json` fails to read a 128th level.
const WRITE_DEPTH: usize = MAX_DEPTH - 1;

impl WireCodec for Json {
    const ID: u8 = 2;
    const NAME: &'static str = "json";

    fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
        let budget = Budget::of_writer();
        let limits = Limits::new(&budget, WRITE_DEPTH);
        let measured = Measured::new(value, limits, Format::Named);
        let mut capped = Capped::new(out);
        let written = measured.serialize(&mut Serializer::new(&mut capped));
        capped.finish(written, &budget, unencodable)
    }

    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
        if bytes.len() > MAX_BODY {
            return Err(CodecError::TooLarge { limit: MAX_BODY });
        }
        match read(bytes) {
            Err(error) if bytes == b"{}" => match read(b"null") {
                Ok(value) => Ok(value),
                Err(_) => Err(error),
            },
            value => value,
        }
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    // serde_json counts the depth of brackets. A type can nest without any, as `struct
    // Chain(Option<Box<Chain>>)` does.
    let budget = Budget::of_body(bytes.len());
    let mut json = Deserializer::from_slice(bytes);
    let limited = Limited::new(&mut json, Limits::new(&budget, MAX_DEPTH));
    match T::deserialize(limited) {
        Ok(value) => match json.end() {
            Ok(()) => Ok(value),
            Err(error) => Err(unread(&budget, &error)),
        },
        Err(error) => Err(unread(&budget, &error)),
    }
}

#[cold]
fn unread(budget: &Budget, error: &Error) -> CodecError {
    budget.broken().unwrap_or_else(|| malformed(error))
}

#[cold]
fn unencodable(error: &Error) -> CodecError {
    if error.is_io() {
        // An io error only comes from a full writer.
        return CodecError::TooLarge { limit: MAX_BODY };
    }
    CodecError::unencodable(Codec::Json, error)
}

#[cold]
fn malformed(error: &Error) -> CodecError {
    // serde_json identifies this error by its text alone.
    if error.is_syntax() && error.to_string().starts_with("recursion limit exceeded") {
        return CodecError::TooDeep { limit: MAX_DEPTH };
    }
    CodecError::malformed(Codec::Json, error)
}
