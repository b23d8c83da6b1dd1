//! Serde code that all messages share: the parts of a message are written and read one by one, and a
//! part whose type is no serde type is an error at run time, so that every message compiles.

mod enumerated;
mod named;
mod probe;
mod tuple;

pub use enumerated::{Variants, read_enum};
pub use named::{FieldSeeds, Record, read_fields, read_struct, write_struct, write_variant};
pub use probe::{
    Field, NoField, NoSeed, RefusedField, RefusedSeed, Seed, SerdeField, SerdeSeed, Whole,
};
pub use tuple::{
    Positions, read_newtype, read_positions, read_tuple, read_unit, write_tuple,
    write_tuple_variant,
};
