//! pykka's own tests, by their names, in the words of this library.
//! docs/ported-tests.md says what became of each.
#![cfg(all(feature = "macros", feature = "net", feature = "apid"))]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test"
)]

#[path = "common/capture.rs"]
mod capture;
mod common;
#[path = "common/oracle.rs"]
mod oracle;

#[path = "pykka/at.rs"]
mod at;
#[path = "pykka/clerk.rs"]
mod clerk;

#[path = "pykka/actor.rs"]
mod actor;
#[path = "pykka/attributes.rs"]
mod attributes;
#[path = "pykka/calls.rs"]
mod calls;
#[path = "pykka/future.rs"]
mod future;
#[path = "pykka/logging.rs"]
mod logging;
#[path = "pykka/messages.rs"]
mod messages;
#[path = "pykka/nested.rs"]
mod nested;
#[path = "pykka/proxy.rs"]
mod proxy;
#[path = "pykka/reference.rs"]
mod reference;
#[path = "pykka/registry.rs"]
mod registry;
#[path = "pykka/threading.rs"]
mod threading;
