//! Actors for tests.

pub mod animals;
mod echo;
pub mod family;
pub mod oracle;
mod places;
pub mod ranks;
mod scribe;

pub use echo::*;
pub use places::At;
pub use scribe::*;
