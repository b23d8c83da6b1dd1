// The example of the test kit in the README needs the feature `testing`.
#![cfg_attr(
    any(not(doctest), feature = "testing"),
    doc = include_str!("../README.md")
)]
//!
//! # Features
//!
//! Every feature only adds items, and changes nothing else.
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `macros` | yes | `#[actor]`, `#[message]`, `#[conclib::main]` |
//! | `net` | yes | `Proxy`, `ProxyClient` over unix sockets and TCP |
//! | `apid` | yes | `start_api`, `status`, `PrivateDir` |
//! | `process` | no | `process`: owned child processes of any kind |
//! | `metrics` | no | depth, times and counts of each type of actor, for the recorder of the crate `metrics` |
//! | `testing` | no | `testing`: one actor fed by hand, probes, spies, faults, seeded orders of turns; `#[conclib::test]` |

pub use conclib_core::*;
#[cfg(all(feature = "macros", feature = "testing"))]
pub use conclib_macros::test;
#[cfg(feature = "macros")]
pub use conclib_macros::{actor, fallback, handler, main, message, on, part, protocol};
mod error;
#[cfg(feature = "net")]
mod proxy;

#[cfg(feature = "net")]
pub use conclib_net::{AddressError, AuthKey, ConnectError as LinkError, KeyError, OpenError};
pub use error::Error;
#[cfg(feature = "net")]
pub use proxy::{Connect, ConnectError, Proxy, ProxyClient, Serve, ServeError};

/// Child processes that die with their owner.
#[cfg(feature = "process")]
pub use conclib_process as process;

#[cfg(feature = "testing")]
pub use conclib_testing as testing;

#[cfg(feature = "apid")]
pub use conclib_apid::{
    ApiCommand, ApiDaemon, ApiEnd, ApiState, HealthUrlError, PrivateDir, StartApiError, Unhealthy,
    start_api, status,
};

/// Result of a `main` or a test that may fail with any error.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// All that user code needs, for `use conclib::prelude::*`.
pub mod prelude {
    #[cfg(feature = "net")]
    #[doc(no_inline)]
    pub use crate::proxy::{Proxy, ProxyClient};
    #[cfg(feature = "apid")]
    #[doc(no_inline)]
    pub use conclib_apid::{ApiCommand, ApiDaemon, PrivateDir, start_api};
    #[doc(no_inline)]
    pub use conclib_core::wire::RequestEnvelope;
    #[doc(no_inline)]
    pub use conclib_core::{
        Actor, ActorRef, AskError, Attached, Backoff, Call, ChildExit, Context, DeadLetter,
        DeadLetterCause, Deferred, Delivery, Directive, Event, Fault, Gone, Handler, HandlerError,
        Inbox, Items, Lagged, LookupError, Message, Never, Overflow, Pool, Recipient, Reply,
        ReplyGroup, ReplyTo, Restart, SharedReply, SpawnError, StartError, State, StopReason,
        Stopping, Strategy, Stream, Subscription, System, TellError, Ticker, Topic, Urn, WeakRef,
    };
    #[cfg(feature = "macros")]
    #[doc(no_inline)]
    pub use conclib_macros::{actor, fallback, handler, message, on, part, protocol};
    #[cfg(feature = "net")]
    #[doc(no_inline)]
    pub use conclib_net::AuthKey;
}

/// Guides, whose examples are compiled and run as tests.
#[cfg(doctest)]
mod guides {
    #[doc = include_str!("../docs/guides/from-tokio-tasks.md")]
    mod from_tokio_tasks {}
    #[doc = include_str!("../docs/guides/from-kameo-and-actix.md")]
    mod from_kameo_and_actix {}
    #[doc = include_str!("../docs/guides/from-python-conclib.md")]
    mod from_python_conclib {}
}
