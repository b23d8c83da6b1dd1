//! Parts with names: those of a struct or of a variant.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::ser::{SerializeStruct, SerializeStructVariant};
use serde::{Deserializer, Serialize, Serializer, forward_to_deserialize_any};

use super::tuple::Expected;

/// Writer of named parts, of a struct or of a variant.
pub struct Record<W>(W);

/// Begins to write a struct with that number of fields.
///
/// # Errors
/// The errors of the serializer.
pub fn write_struct<S: Serializer>(
    serializer: S,
    name: &'static str,
    fields: usize,
) -> Result<Record<S::SerializeStruct>, S::Error> {
    serializer.serialize_struct(name, fields).map(Record)
}

/// Begins to write a variant with named fields.
///
/// # Errors
/// The errors of the serializer.
pub fn write_variant<S: Serializer>(
    serializer: S,
    name: &'static str,
    index: u32,
    variant: &'static str,
    fields: usize,
) -> Result<Record<Variant<S::SerializeStructVariant>>, S::Error> {
    let writer = serializer.serialize_struct_variant(name, index, variant, fields);
    writer.map(|writer| Record(Variant(writer)))
}

/// Writer of the parts of a variant.
pub struct Variant<W>(pub(super) W);

impl<W: SerializeStruct> Record<W> {
    /// Writes a field.
    ///
    /// # Errors
    /// The errors of the serializer, and of a type that is no serde type.
    pub fn field(mut self, name: &'static str, part: &impl Serialize) -> Result<Self, W::Error> {
        self.0.serialize_field(name, part).map(|()| self)
    }

    /// Ends the struct.
    ///
    /// # Errors
    /// The errors of the serializer.
    pub fn end(self) -> Result<W::Ok, W::Error> {
        self.0.end()
    }
}

impl<W: SerializeStructVariant> SerializeStruct for Variant<W> {
    type Ok = W::Ok;
    type Error = W::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        part: &T,
    ) -> Result<(), W::Error> {
        self.0.serialize_field(name, part)
    }

    fn end(self) -> Result<W::Ok, W::Error> {
        self.0.end()
    }
}

/// Readers of named parts, as a list: `(first, (second, ()))`.
pub trait FieldSeeds<'de>: Sized {
    /// The parts, as the same list.
    type Parts;
    /// Places for parts that come in any order.
    type Slots: Default;

    /// Reads the parts in their order; `at` is the number of those before.
    #[doc(hidden)]
    fn in_order<A: SeqAccess<'de>>(
        self,
        seq: &mut A,
        at: usize,
        expected: &Expected,
    ) -> Result<Self::Parts, A::Error>;

    /// Reads the value of the field `at` of this list.
    #[doc(hidden)]
    fn fill<A: MapAccess<'de>>(
        &self,
        slots: &mut Self::Slots,
        at: usize,
        names: &'static [&'static str],
        map: &mut A,
    ) -> Result<(), A::Error>;

    /// Makes the parts of the slots. A part that may be missing is made without a value.
    #[doc(hidden)]
    fn finish<E: Error>(
        self,
        slots: Self::Slots,
        names: &'static [&'static str],
    ) -> Result<Self::Parts, E>;
}

impl<'de> FieldSeeds<'de> for () {
    type Parts = ();
    type Slots = ();

    fn in_order<A: SeqAccess<'de>>(
        self,
        _: &mut A,
        _: usize,
        _: &Expected,
    ) -> Result<(), A::Error> {
        Ok(())
    }

    fn fill<A: MapAccess<'de>>(
        &self,
        (): &mut (),
        _: usize,
        _: &'static [&'static str],
        map: &mut A,
    ) -> Result<(), A::Error> {
        map.next_value::<IgnoredAny>().map(drop)
    }

    fn finish<E: Error>(self, (): (), _: &'static [&'static str]) -> Result<(), E> {
        Ok(())
    }
}

impl<'de, P, R> FieldSeeds<'de> for (P, R)
where
    P: DeserializeSeed<'de> + Copy,
    R: FieldSeeds<'de>,
{
    type Parts = (P::Value, R::Parts);
    type Slots = Slots<P::Value, R::Slots>;

    fn in_order<A: SeqAccess<'de>>(
        self,
        seq: &mut A,
        at: usize,
        expected: &Expected,
    ) -> Result<Self::Parts, A::Error> {
        let Some(first) = seq.next_element_seed(self.0)? else {
            return Err(A::Error::invalid_length(at, expected));
        };
        Ok((first, self.1.in_order(seq, at + 1, expected)?))
    }

    fn fill<A: MapAccess<'de>>(
        &self,
        slots: &mut Self::Slots,
        at: usize,
        names: &'static [&'static str],
        map: &mut A,
    ) -> Result<(), A::Error> {
        let [name, rest @ ..] = names else {
            return Ok(());
        };
        if at > 0 {
            return self.1.fill(&mut slots.rest, at - 1, rest, map);
        }
        if slots.first.is_some() {
            return Err(A::Error::duplicate_field(name));
        }
        slots.first = Some(map.next_value_seed(self.0)?);
        Ok(())
    }

    fn finish<E: Error>(
        self,
        slots: Self::Slots,
        names: &'static [&'static str],
    ) -> Result<Self::Parts, E> {
        let (name, rest) = names.split_first().unwrap_or((&"", &[]));
        let first = match slots.first {
            Some(first) => first,
            None => self.0.deserialize(Missing(name, PhantomData))?,
        };
        Ok((first, self.1.finish(slots.rest, rest)?))
    }
}

/// Places for the parts of a list.
pub struct Slots<T, R> {
    first: Option<T>,
    rest: R,
}

impl<T, R: Default> Default for Slots<T, R> {
    fn default() -> Self {
        Self {
            first: None,
            rest: R::default(),
        }
    }
}

/// Value of a field that is missing: nothing for an `Option`, an error for all other types.
struct Missing<E>(&'static str, PhantomData<E>);

impl<'de, E: Error> Deserializer<'de> for Missing<E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, E> {
        Err(E::missing_field(self.0))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Reads a struct by the readers of its fields.
///
/// # Errors
/// The errors of the deserializer, and of a type that is no serde type.
pub fn read_struct<'de, D: Deserializer<'de>, P: FieldSeeds<'de>>(
    deserializer: D,
    name: &'static str,
    names: &'static [&'static str],
    seeds: P,
) -> Result<P::Parts, D::Error> {
    deserializer.deserialize_struct(
        name,
        names,
        NamedParts {
            kind: "struct",
            name,
            names,
            seeds,
        },
    )
}

/// Reads the named fields of a variant.
///
/// # Errors
/// The errors of the deserializer, and of a type that is no serde type.
pub fn read_fields<'de, A: VariantAccess<'de>, P: FieldSeeds<'de>>(
    access: A,
    name: &'static str,
    names: &'static [&'static str],
    seeds: P,
) -> Result<P::Parts, A::Error> {
    access.struct_variant(
        names,
        NamedParts {
            kind: "struct variant",
            name,
            names,
            seeds,
        },
    )
}

struct NamedParts<P> {
    kind: &'static str,
    name: &'static str,
    names: &'static [&'static str],
    seeds: P,
}

impl<'de, P: FieldSeeds<'de>> Visitor<'de> for NamedParts<P> {
    type Value = P::Parts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<P::Parts, A::Error> {
        let expected = Expected {
            kind: self.kind,
            name: self.name,
            parts: self.names.len(),
        };
        self.seeds.in_order(&mut seq, 0, &expected)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<P::Parts, A::Error> {
        let mut slots = P::Slots::default();
        while let Some(at) = map.next_key_seed(Name(self.names))? {
            match at {
                Some(at) => self.seeds.fill(&mut slots, at, self.names, &mut map)?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        self.seeds.finish(slots, self.names)
    }
}

/// Reader of a name, as its index; `None` for an unknown one.
#[derive(Clone, Copy)]
pub(super) struct Name(pub(super) &'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field identifier")
    }

    fn visit_u64<E: Error>(self, index: u64) -> Result<Option<usize>, E> {
        let index = usize::try_from(index).ok();
        Ok(index.filter(|index| *index < self.0.len()))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Option<usize>, E> {
        Ok(self.0.iter().position(|known| *known == name))
    }

    fn visit_bytes<E: Error>(self, name: &[u8]) -> Result<Option<usize>, E> {
        Ok(self.0.iter().position(|known| known.as_bytes() == name))
    }
}
