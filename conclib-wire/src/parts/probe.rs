//! Part of a message whose type may be no serde type.

use std::any::{Any, TypeId, type_name};
use std::fmt::{self, Display};
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed, Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Part to be written: `Field(&part).checked()` is a [`SerdeField`] if the type is serde, else, by
/// way of [`NoField`], a [`RefusedField`]. Rust prefers an inherent method to one of a trait.
#[derive(Debug)]
pub struct Field<'a, T>(pub &'a T);

impl<'a, T: Serialize + 'static> Field<'a, T> {
    /// Returns the part as it is written.
    #[inline]
    pub fn checked(self) -> SerdeField<'a, T> {
        SerdeField(self.0)
    }
}

/// Fallback of [`Field`].
pub trait NoField: Sized {
    /// Type of the part.
    type Part;

    /// Returns the error in place of the part.
    fn checked(self) -> RefusedField<Self::Part> {
        RefusedField(PhantomData)
    }
}

impl<T> NoField for Field<'_, T> {
    type Part = T;
}

/// Part of a serde type. A `Vec<u8>` is written at once, where serde would write it byte by byte;
/// the bytes on the wire are the same.
#[derive(Debug)]
pub struct SerdeField<'a, T>(&'a T);

impl<T: Serialize + 'static> Serialize for SerdeField<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let part: &dyn Any = self.0;
        match part.downcast_ref::<Vec<u8>>() {
            Some(bytes) if !serializer.is_human_readable() => serializer.serialize_bytes(bytes),
            _ => self.0.serialize(serializer),
        }
    }
}

/// Part that cannot be written.
#[derive(Debug)]
pub struct RefusedField<T>(PhantomData<fn() -> T>);

impl<T> Serialize for RefusedField<T> {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom(refused::<T>()))
    }
}

fn refused<T>() -> impl Display {
    format!("a `{}` in it is no serde type", type_name::<T>())
}

/// Part to be read, as [`Field`] is for one to be written.
#[derive(Debug)]
pub struct Seed<T>(PhantomData<fn() -> T>);

impl<T> Seed<T> {
    /// The only value.
    pub const NEW: Self = Self(PhantomData);
}

impl<T: DeserializeOwned + 'static> Seed<T> {
    /// Returns the reader of the part.
    pub const fn checked(self) -> SerdeSeed<T> {
        SerdeSeed(PhantomData)
    }
}

/// Fallback of [`Seed`].
pub trait NoSeed: Sized {
    /// Type of the part.
    type Part;

    /// Returns the error in place of a reader.
    fn checked(self) -> RefusedSeed<Self::Part> {
        RefusedSeed(PhantomData)
    }
}

impl<T> NoSeed for Seed<T> {
    type Part = T;
}

/// Reader of a part of a serde type.
#[derive(Debug)]
pub struct SerdeSeed<T>(PhantomData<fn() -> T>);

/// Reader of a part that cannot be read.
#[derive(Debug)]
pub struct RefusedSeed<T>(PhantomData<fn() -> T>);

impl<T> Clone for SerdeSeed<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for SerdeSeed<T> {}

impl<T> Clone for RefusedSeed<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for RefusedSeed<T> {}

impl<'de, T: DeserializeOwned + 'static> DeserializeSeed<'de> for SerdeSeed<T> {
    type Value = T;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        if TypeId::of::<T>() != TypeId::of::<Vec<u8>>() || deserializer.is_human_readable() {
            return T::deserialize(deserializer);
        }
        let mut bytes = Some(deserializer.deserialize_byte_buf(Bytes)?);
        let part: &mut dyn Any = &mut bytes;
        let part = part.downcast_mut().and_then(Option::take);
        part.ok_or_else(|| Error::custom("a `Vec<u8>` is not one"))
    }
}

/// Reader of a `Vec<u8>` at once.
struct Bytes;

impl Visitor<'_> for Bytes {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }
}

/// Value that is read as a part is.
#[derive(Debug)]
pub struct Whole<T>(pub T);

impl<'de, T: DeserializeOwned + 'static> Deserialize<'de> for Whole<T> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Seed::NEW.checked().deserialize(deserializer).map(Self)
    }
}

impl<'de, T> DeserializeSeed<'de> for RefusedSeed<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, _: D) -> Result<T, D::Error> {
        Err(Error::custom(refused::<T>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Codec, MAX_BODY};

    #[test]
    fn bytes_are_on_the_wire_as_serde_writes_them() {
        for codec in [Codec::Bincode, Codec::Json] {
            for len in [0, 1, 250, 251, 70_000] {
                let bytes: Vec<u8> = (0..len).map(|at: u32| at.to_le_bytes()[0]).collect();
                let (mut at_once, mut one_by_one) = (Vec::new(), Vec::new());
                codec
                    .encode(&Field(&bytes).checked(), &mut at_once)
                    .unwrap();
                codec.encode(&bytes, &mut one_by_one).unwrap();
                assert_eq!(at_once, one_by_one);
                let Whole(read) = codec.decode::<Whole<Vec<u8>>>(&at_once).unwrap();
                assert_eq!(read, bytes);
            }
        }
    }

    #[test]
    fn a_length_of_bytes_is_not_trusted() {
        let mut lying = vec![253];
        lying.extend(u64::try_from(MAX_BODY).unwrap().to_le_bytes());
        for body in [
            &lying[..],
            &[253, 255, 255, 255, 255, 255, 255, 255, 255],
            &[5, 1, 2],
        ] {
            Codec::Bincode.decode::<Whole<Vec<u8>>>(body).unwrap_err();
        }
        assert!(Codec::Json.decode::<Whole<Vec<u8>>>(b"\"text\"").is_err());
    }
}
