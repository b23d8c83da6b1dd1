//! Tests of pykka, with their names, in terms of this library.
//! docs/ported-tests.md has a line about each.

mod at;
mod clerk;

mod actor;
mod attributes;
mod calls;
mod future;
mod logging;
mod messages;
mod nested;
mod proxy;
mod reference;
mod registry;
mod threading;
