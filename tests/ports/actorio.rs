//! Tests of actorio, with their names, in terms of this library.
//! docs/ported-tests.md has a line about each.

mod actor;
mod identified;
mod input;
mod message;
mod reference;
mod spawning;
