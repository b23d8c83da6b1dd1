//! Parts by position: those of a tuple struct or of a tuple variant.

use std::fmt;

use serde::de::{self, DeserializeSeed, SeqAccess, VariantAccess, Visitor};
use serde::ser::{SerializeTupleStruct, SerializeTupleVariant};
use serde::{Deserializer, Serialize, Serializer};

use super::named::{FieldSeeds, Variant};

/// Expectation of a reader, for its errors.
pub struct Expected {
    pub(super) kind: &'static str,
    pub(super) name: &'static str,
    pub(super) parts: usize,
}

impl de::Expected for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.parts == 1 { "" } else { "s" };
        let Self { kind, name, parts } = self;
        write!(f, "{kind} {name} with {parts} element{plural}")
    }
}

/// Writer of parts by position.
pub struct Positions<W>(W);

/// Begins to write a tuple struct with that number of fields.
///
/// # Errors
/// The errors of the serializer.
pub fn write_tuple<S: Serializer>(
    serializer: S,
    name: &'static str,
    fields: usize,
) -> Result<Positions<S::SerializeTupleStruct>, S::Error> {
    serializer
        .serialize_tuple_struct(name, fields)
        .map(Positions)
}

/// Begins to write a tuple variant with that number of fields.
///
/// # Errors
/// The errors of the serializer.
pub fn write_tuple_variant<S: Serializer>(
    serializer: S,
    name: &'static str,
    index: u32,
    variant: &'static str,
    fields: usize,
) -> Result<Positions<Variant<S::SerializeTupleVariant>>, S::Error> {
    let writer = serializer.serialize_tuple_variant(name, index, variant, fields);
    writer.map(|writer| Positions(Variant(writer)))
}

impl<W: SerializeTupleStruct> Positions<W> {
    /// Writes the next field.
    ///
    /// # Errors
    /// The errors of the serializer, and of a type that is no serde type.
    pub fn field(mut self, part: &impl Serialize) -> Result<Self, W::Error> {
        self.0.serialize_field(part).map(|()| self)
    }

    /// Ends the tuple.
    ///
    /// # Errors
    /// The errors of the serializer.
    pub fn end(self) -> Result<W::Ok, W::Error> {
        self.0.end()
    }
}

impl<W: SerializeTupleVariant> SerializeTupleStruct for Variant<W> {
    type Ok = W::Ok;
    type Error = W::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, part: &T) -> Result<(), W::Error> {
        self.0.serialize_field(part)
    }

    fn end(self) -> Result<W::Ok, W::Error> {
        self.0.end()
    }
}

/// Reads a unit struct.
///
/// # Errors
/// The errors of the deserializer.
pub fn read_unit<'de, D: Deserializer<'de>>(
    deserializer: D,
    name: &'static str,
) -> Result<(), D::Error> {
    deserializer.deserialize_unit_struct(name, Unit(name))
}

struct Unit(&'static str);

impl Visitor<'_> for Unit {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unit struct {}", self.0)
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Reads a tuple struct with one field.
///
/// # Errors
/// The errors of the deserializer, and of a type that is no serde type.
pub fn read_newtype<'de, D: Deserializer<'de>, P: DeserializeSeed<'de> + Copy>(
    deserializer: D,
    name: &'static str,
    seed: P,
) -> Result<P::Value, D::Error> {
    deserializer.deserialize_newtype_struct(name, Newtype(name, seed))
}

struct Newtype<P>(&'static str, P);

impl<'de, P: DeserializeSeed<'de> + Copy> Visitor<'de> for Newtype<P> {
    type Value = P::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tuple struct {}", self.0)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<P::Value, D::Error> {
        self.1.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<P::Value, A::Error> {
        let expected = Expected {
            kind: "tuple struct",
            name: self.0,
            parts: 1,
        };
        let (only, ()) = (self.1, ()).in_order(&mut seq, 0, &expected)?;
        Ok(only)
    }
}

/// Reads a tuple struct by the readers of its fields.
///
/// # Errors
/// The errors of the deserializer, and of a type that is no serde type.
pub fn read_tuple<'de, D: Deserializer<'de>, P: FieldSeeds<'de>>(
    deserializer: D,
    name: &'static str,
    parts: usize,
    seeds: P,
) -> Result<P::Parts, D::Error> {
    let expected = Expected {
        kind: "tuple struct",
        name,
        parts,
    };
    deserializer.deserialize_tuple_struct(name, parts, Parts { expected, seeds })
}

/// Reads the fields of a tuple variant.
///
/// # Errors
/// The errors of the deserializer, and of a type that is no serde type.
pub fn read_positions<'de, A: VariantAccess<'de>, P: FieldSeeds<'de>>(
    access: A,
    name: &'static str,
    parts: usize,
    seeds: P,
) -> Result<P::Parts, A::Error> {
    let expected = Expected {
        kind: "tuple variant",
        name,
        parts,
    };
    access.tuple_variant(parts, Parts { expected, seeds })
}

struct Parts<P> {
    expected: Expected,
    seeds: P,
}

impl<'de, P: FieldSeeds<'de>> Visitor<'de> for Parts<P> {
    type Value = P::Parts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.expected.kind, self.expected.name)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<P::Parts, A::Error> {
        self.seeds.in_order(&mut seq, 0, &self.expected)
    }
}
