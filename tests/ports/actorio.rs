//! actorio's own tests, by their names, in the words of this library.
//! docs/ported-tests.md says what became of each.

mod actor;
mod identified;
mod input;
mod message;
mod reference;
mod spawning;
