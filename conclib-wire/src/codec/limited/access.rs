//! Limited accesses for visitors: to the elements of a sequence or a map, and to the fields of a
//! variant.

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::{Bounded, Limited, Limits};

/// Seed whose deserializer is limited.
struct LimitedSeed<'b, S> {
    inner: S,
    limits: Limits<'b>,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for LimitedSeed<'_, S> {
    type Value = S::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner
            .deserialize(Limited::new(deserializer, self.limits))
    }
}

/// Elements of a sequence, or entries of a map.
pub(super) struct Elements<'b, A> {
    inner: A,
    limits: Limits<'b>,
    /// True if each element is taken from the budget as it comes.
    counted: bool,
}

impl<'b, A> Elements<'b, A> {
    /// Takes a length that is known beforehand from the budget at once, so that a length of 2^64 is
    /// refused before the first element.
    #[inline]
    pub(super) fn new<E: Error>(
        inner: A,
        limits: Limits<'b>,
        counted: bool,
        length: Option<usize>,
    ) -> Result<Self, E> {
        if let (true, Some(length)) = (counted, length) {
            limits.take(length).map_err(E::custom)?;
        }
        Ok(Self {
            inner,
            limits,
            counted: counted && length.is_none(),
        })
    }

    #[inline]
    fn seed<S>(&self, inner: S) -> LimitedSeed<'b, S> {
        LimitedSeed {
            inner,
            limits: self.limits,
        }
    }

    #[inline]
    fn count<E: Error>(&self) -> Result<(), E> {
        if self.counted {
            self.limits.take(1).map_err(E::custom)?;
        }
        Ok(())
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Elements<'_, A> {
    type Error = A::Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.count()?;
        let seed = self.seed(seed);
        self.inner.next_element_seed(seed)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Elements<'_, A> {
    type Error = A::Error;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.count()?;
        let seed = self.seed(seed);
        self.inner.next_key_seed(seed)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.seed(seed);
        self.inner.next_value_seed(seed)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

/// Variants of an enum, and then the fields of the variant that was found.
pub(super) struct Variants<'b, A> {
    inner: A,
    limits: Limits<'b>,
}

impl<'b, A> Variants<'b, A> {
    #[inline]
    pub(super) const fn new(inner: A, limits: Limits<'b>) -> Self {
        Self { inner, limits }
    }

    #[inline]
    fn fields<V>(&self, visitor: V) -> Bounded<'b, V> {
        Bounded {
            visitor,
            limits: self.limits,
            counted: false,
        }
    }
}

impl<'de, 'b, A: EnumAccess<'de>> EnumAccess<'de> for Variants<'b, A> {
    type Error = A::Error;
    type Variant = Variants<'b, A::Variant>;

    #[inline]
    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let seed = LimitedSeed {
            inner: seed,
            limits: self.limits,
        };
        let (name, fields) = self.inner.variant_seed(seed)?;
        Ok((name, Variants::new(fields, self.limits)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Variants<'_, A> {
    type Error = A::Error;

    #[inline]
    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    #[inline]
    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let limits = self.limits.deeper().map_err(A::Error::custom)?;
        self.inner.newtype_variant_seed(LimitedSeed {
            inner: seed,
            limits,
        })
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        let visitor = self.fields(visitor);
        self.inner.tuple_variant(len, visitor)
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.fields(visitor);
        self.inner.struct_variant(fields, visitor)
    }
}
