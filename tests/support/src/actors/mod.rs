//! Actors for tests.

pub mod animals;
pub mod family;
pub mod oracle;
mod places;
pub mod ranks;
mod scribe;

pub use places::At;
pub use scribe::*;
