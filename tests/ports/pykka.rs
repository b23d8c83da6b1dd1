//! pykka's own tests, by their names, in the words of this library.
//! docs/ported-tests.md says what became of each.

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
