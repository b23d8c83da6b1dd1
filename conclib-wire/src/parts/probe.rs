//! Part of a message whose type may be no serde type.

use std::any::type_name;
use std::fmt::Display;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed};
use serde::{Deserializer, Serialize, Serializer};

/// Part to be written: `Field(&part).checked()` is a [`SerdeField`] if the type is serde, else, by
/// way of [`NoField`], a [`RefusedField`]. Rust prefers an inherent method to one of a trait.
#[derive(Debug)]
pub struct Field<'a, T>(pub &'a T);

impl<'a, T: Serialize> Field<'a, T> {
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

/// Part of a serde type.
#[derive(Debug)]
pub struct SerdeField<'a, T>(&'a T);

impl<T: Serialize> Serialize for SerdeField<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
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

impl<T: DeserializeOwned> Seed<T> {
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

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for SerdeSeed<T> {
    type Value = T;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::deserialize(deserializer)
    }
}

impl<'de, T> DeserializeSeed<'de> for RefusedSeed<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, _: D) -> Result<T, D::Error> {
        Err(serde::de::Error::custom(refused::<T>()))
    }
}
