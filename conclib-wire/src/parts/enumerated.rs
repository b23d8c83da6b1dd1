//! Variants of an enum.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{DeserializeSeed, EnumAccess, Error, Unexpected, VariantAccess, Visitor};

use super::named::Name;

/// Enum that is read by the index of its variant.
pub trait Variants: Sized {
    /// Names of the variants, in their order.
    const NAMES: &'static [&'static str];

    /// Reads the content of the variant with that index.
    ///
    /// # Errors
    /// The errors of the deserializer, and of a type that is no serde type.
    fn read<'de, A: VariantAccess<'de>>(index: usize, access: A) -> Result<Self, A::Error>;
}

/// Reads an enum.
///
/// # Errors
/// The errors of the deserializer, and of a type that is no serde type.
pub fn read_enum<'de, D: Deserializer<'de>, T: Variants>(
    deserializer: D,
    name: &'static str,
) -> Result<T, D::Error> {
    deserializer.deserialize_enum(name, T::NAMES, Enum(name, PhantomData))
}

struct Enum<T>(&'static str, PhantomData<fn() -> T>);

impl<'de, T: Variants> Visitor<'de> for Enum<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "enum {}", self.0)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<T, A::Error> {
        let (index, access) = access.variant_seed(Variant(T::NAMES))?;
        T::read(index, access)
    }
}

/// Reader of the name of a variant, as its index.
struct Variant(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Variant {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Variant {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("variant identifier")
    }

    fn visit_u64<E: Error>(self, index: u64) -> Result<usize, E> {
        let unknown = || {
            let expected = format!("variant index 0 <= i < {}", self.0.len());
            E::invalid_value(Unexpected::Unsigned(index), &expected.as_str())
        };
        Name(self.0).visit_u64(index)?.ok_or_else(unknown)
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        let unknown = || E::unknown_variant(name, self.0);
        Name(self.0).visit_str(name)?.ok_or_else(unknown)
    }

    fn visit_bytes<E: Error>(self, name: &[u8]) -> Result<usize, E> {
        let unknown = || E::unknown_variant(&String::from_utf8_lossy(name), self.0);
        Name(self.0).visit_bytes(name)?.ok_or_else(unknown)
    }
}
