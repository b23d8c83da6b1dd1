//! Serializer that enforces the limits: the counterpart of `limited`.
//!
//! A program's own value exceeds the limits by mistake, not by malice. Finding out here costs the
//! sender an error; finding out on the other side costs a round trip, and a value deep enough to
//! overflow the stack costs the process.

use std::fmt;

use serde::ser::{
    Error, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::limits::{Broken, Limits};

/// Representation of structs and enums in a format.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Fields by position: no field can be left out, and a variant is one level.
    Positional,
    /// Fields by name: fields can be left out, and a variant with fields is two levels, one for its
    /// name and one for its fields.
    Named,
}

/// Limited value, serializer, or compound serializer.
pub(super) struct Measured<'b, T> {
    inner: T,
    limits: Limits<'b>,
    format: Format,
    /// True if each element is taken from the budget as it comes.
    counted: bool,
}

impl<'b, T> Measured<'b, T> {
    #[inline]
    pub(super) const fn new(inner: T, limits: Limits<'b>, format: Format) -> Self {
        Self {
            inner,
            limits,
            format,
            counted: false,
        }
    }

    /// Wraps another value with the same limits.
    #[inline]
    fn with<U>(&self, inner: U) -> Measured<'b, U> {
        Measured::new(inner, self.limits, self.format)
    }

    #[inline]
    fn deeper<E: Error>(mut self) -> Result<Self, E> {
        self.limits = self.limits.deeper().map_err(E::custom)?;
        Ok(self)
    }

    #[inline]
    fn variant<E: Error>(self) -> Result<Self, E> {
        match self.format {
            Format::Positional => self.deeper(),
            Format::Named => self.deeper()?.deeper(),
        }
    }

    /// Takes a length from the budget at once if it is known.
    #[inline]
    fn elements<E: Error>(mut self, length: Option<usize>) -> Result<Self, E> {
        self.counted = length.is_none();
        self.limits.take(length.unwrap_or(0)).map_err(E::custom)?;
        self.deeper()
    }

    #[inline]
    fn count<E: Error>(&self) -> Result<(), E> {
        if self.counted {
            self.limits.take(1).map_err(E::custom)?;
        }
        Ok(())
    }

    /// Fails for a format by position: there the next field would be read in place of the one left
    /// out.
    fn skip<E: Error>(&self) -> Result<(), E> {
        match self.format {
            Format::Positional => Err(E::custom(self.limits.broken(Broken::Skipped))),
            Format::Named => Ok(()),
        }
    }
}

impl<T: Serialize + ?Sized> Serialize for Measured<'_, &T> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.inner.serialize(self.with(serializer))
    }
}

/// Forwards the methods for values without parts.
macro_rules! pass_values {
    ($($method:ident($value:ty))*) => {$(
        #[inline]
        fn $method(self, value: $value) -> Result<S::Ok, S::Error> {
            self.inner.$method(value)
        }
    )*};
}

impl<'b, S: Serializer> Serializer for Measured<'b, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Measured<'b, S::SerializeSeq>;
    type SerializeTuple = Measured<'b, S::SerializeTuple>;
    type SerializeTupleStruct = Measured<'b, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Measured<'b, S::SerializeTupleVariant>;
    type SerializeMap = Measured<'b, S::SerializeMap>;
    type SerializeStruct = Measured<'b, S::SerializeStruct>;
    type SerializeStructVariant = Measured<'b, S::SerializeStructVariant>;

    pass_values! {
        serialize_bool(bool)
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64)
        serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64)
        serialize_u128(u128)
        serialize_f32(f32) serialize_f64(f64) serialize_char(char)
        serialize_str(&str) serialize_bytes(&[u8]) serialize_unit_struct(&'static str)
    }

    #[inline]
    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit()
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit_variant(name, index, variant)
    }

    #[inline]
    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_none()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        let this = self.deeper()?;
        let value = this.with(value);
        this.inner.serialize_some(&value)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let this = self.deeper()?;
        let value = this.with(value);
        this.inner.serialize_newtype_struct(name, &value)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let this = self.variant()?;
        let value = this.with(value);
        this.inner
            .serialize_newtype_variant(name, index, variant, &value)
    }

    #[inline]
    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        self.elements(length)?.open(|s| s.serialize_seq(length))
    }

    #[inline]
    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        self.elements(length)?.open(|s| s.serialize_map(length))
    }

    #[inline]
    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, S::Error> {
        self.deeper()?.open(|s| s.serialize_tuple(length))
    }

    #[inline]
    fn serialize_tuple_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        self.deeper()?
            .open(|s| s.serialize_tuple_struct(name, length))
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        self.variant()?
            .open(|s| s.serialize_tuple_variant(name, index, variant, length))
    }

    #[inline]
    fn serialize_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        self.deeper()?.open(|s| s.serialize_struct(name, length))
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        self.variant()?
            .open(|s| s.serialize_struct_variant(name, index, variant, length))
    }

    #[inline]
    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.collect_str(value)
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

impl<'b, S> Measured<'b, S> {
    /// Wraps the compound serializer of a serializer with the same limits.
    #[inline]
    fn open<C, E>(self, open: impl FnOnce(S) -> Result<C, E>) -> Result<Measured<'b, C>, E> {
        Ok(Measured {
            inner: open(self.inner)?,
            limits: self.limits,
            format: self.format,
            counted: self.counted,
        })
    }
}

/// Implements the traits for compound values, which differ in little but their names.
macro_rules! compound {
    ($($trait:ident {
        $($method:ident($($key:ident)?) $(, $count:ident)?;)*
        $(| $skip:ident)?
    })*) => {$(
        impl<S: $trait> $trait for Measured<'_, S> {
            type Ok = S::Ok;
            type Error = S::Error;

            $(
                #[inline]
                fn $method<T: Serialize + ?Sized>(
                    &mut self,
                    $($key: &'static str,)?
                    value: &T,
                ) -> Result<(), S::Error> {
                    $(self.$count()?;)?
                    let value = self.with(value);
                    self.inner.$method($($key,)? &value)
                }
            )*

            $(
                fn $skip(&mut self, key: &'static str) -> Result<(), S::Error> {
                    self.skip()?;
                    self.inner.$skip(key)
                }
            )?

            #[inline]
            fn end(self) -> Result<S::Ok, S::Error> {
                self.inner.end()
            }
        }
    )*};
}

compound! {
    SerializeSeq { serialize_element(), count; }
    SerializeMap { serialize_key(), count; serialize_value(); }
    SerializeTuple { serialize_element(); }
    SerializeTupleStruct { serialize_field(); }
    SerializeTupleVariant { serialize_field(); }
    SerializeStruct { serialize_field(key); | skip_field }
    SerializeStructVariant { serialize_field(key); | skip_field }
}
