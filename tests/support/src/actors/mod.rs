//! Actors to test with.

pub mod animals;
pub mod family;
pub mod oracle;
pub mod ranks;
mod scribe;

pub use scribe::*;
