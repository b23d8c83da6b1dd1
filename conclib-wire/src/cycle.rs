//! Circle of actors that would wait for each other.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::urn::{Urn, type_name};

/// Actors that would wait for each other in a cycle: the first is the last.
pub type Cycle = Box<[CycleStep]>;

/// Member of a cycle of actors that would wait for each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CycleStep {
    /// Path of the actor's type.
    pub type_name: Box<str>,
    /// Name of the actor.
    pub urn: Urn,
}

impl CycleStep {
    #[doc(hidden)]
    #[must_use]
    pub fn new(type_name: Box<str>, urn: Urn) -> Self {
        Self { type_name, urn }
    }
}

/// Writes type and name: `Greeter(greeter)`.
impl fmt::Display for CycleStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", type_name(&self.type_name), self.urn)
    }
}
