#![cfg_attr(docsrs, feature(doc_cfg))]
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
//! | `directory` | no | `directory`: a directory of services, which processes on several hosts find each other by |
//! | `tls` | no | `tls:` addresses of `Proxy` and `ProxyClient` |
//! | `held` | no | `held`: objects that actors hold for others: collections, queues, locks, results |
//! | `redis` | no | `Proxy`, `ProxyClient` through a Redis server, durable messages; `start_redis`: such a server as an owned child; the rest in `redis` |
//! | `process` | no | `.in_process()`: actors in processes of their own; `process`: owned child processes of any kind |
//! | `metrics` | no | depth, times and counts of each type of actor, and with `redis` the figures of its server and the dead letters, for the recorder of the crate `metrics` |
//! | `testing` | no | `testing`: one actor fed by hand, probes, spies, faults, seeded orders of turns; `#[conclib::test]` |

// For the macros, whose expansions name this crate.
#[cfg(feature = "directory")]
extern crate self as conclib;

#[doc(hidden)]
pub use conclib_core::__private;
#[cfg(not(feature = "process"))]
#[doc(hidden)]
pub use conclib_core::{__in_process, __process_entry};
#[cfg(feature = "process")]
#[doc(hidden)]
pub use conclib_process::{__in_process, __process_entry};

// Actors, and references to them.
#[doc(inline)]
pub use conclib_core::{
    Actor, ActorRef, AnyRef, Context, Held, PartRef, Place, Scoped, System, Urn, WeakRef,
};

// Messages: how they are sent, queued and handled.
#[doc(inline)]
pub use conclib_core::{Call, Handler, Inbox, Message, Overflow, Recipient, WeakRecipient};

// Replies.
#[doc(inline)]
pub use conclib_core::{Deferred, Items, Reply, ReplyGroup, ReplyTo, SharedReply, Stream};

// Supervision and the end of actors.
#[doc(inline)]
pub use conclib_core::{
    Backoff, ChildExit, Directive, Gone, Restart, State, StopReason, Stopping, Strategy,
};

// Sets of actors.
#[doc(inline)]
pub use conclib_core::{Lagged, Pool, Subscription, Topic};

// Timers and other inputs.
#[doc(inline)]
pub use conclib_core::{Attached, Ticker, TickerHandle};

// Errors that most code meets; all others are in `error`.
#[doc(inline)]
pub use conclib_core::{AskError, Error, HandlerError, Never, SpawnError, TellError};

/// Result of a `main`, a test or a handler that may fail with any error.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

// Attributes.
#[cfg(all(feature = "macros", feature = "testing"))]
#[cfg_attr(docsrs, doc(cfg(all(feature = "macros", feature = "testing"))))]
#[doc(inline)]
pub use conclib_macros::test;
#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
#[doc(inline)]
pub use conclib_macros::{actor, fallback, handler, main, message, on, part, protocol};

// Access from other processes.
#[cfg(feature = "net")]
#[cfg_attr(docsrs, doc(cfg(feature = "net")))]
#[doc(inline)]
pub use conclib_net::{AuthKey, Keyring, LinkLimits};
#[cfg(feature = "net")]
#[cfg_attr(docsrs, doc(cfg(feature = "net")))]
pub use proxy::{Proxy, ProxyClient};

// Web servers.
#[cfg(feature = "apid")]
#[cfg_attr(docsrs, doc(cfg(feature = "apid")))]
#[doc(inline)]
pub use conclib_apid::{ApiCommand, ApiDaemon, PrivateDir, start_api, status};

// Named by the expansion of the macros; those for bounds are in `traits`.
#[doc(hidden)]
pub use conclib_core::{
    ByParts, CallTarget, Create, Declared, Local, Messages, Part, Prioritised, ProtocolMessage,
    Request, Shape, TaskActor, TickSpec, Turn, Wire,
};

#[cfg(feature = "apid")]
#[cfg_attr(docsrs, doc(cfg(feature = "apid")))]
pub mod apid;
#[cfg(feature = "directory")]
#[cfg_attr(docsrs, doc(cfg(feature = "directory")))]
pub mod directory;
pub mod error;
pub mod event;
pub mod future;
#[cfg(feature = "net")]
mod listen;
pub mod pool;
pub mod prelude;
#[cfg(feature = "net")]
mod proxy;
pub mod spi;
pub mod system;
pub mod traits;
pub mod wire;

#[cfg(feature = "process")]
#[cfg_attr(docsrs, doc(cfg(feature = "process")))]
#[doc(inline)]
pub use conclib_process as process;

#[cfg(feature = "held")]
#[cfg_attr(docsrs, doc(cfg(feature = "held")))]
#[doc(inline)]
pub use conclib_held as held;

#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
#[doc(inline)]
pub use conclib_redis as redis;
#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
#[doc(inline)]
pub use conclib_redis::{RedisConfig, start_redis};

#[cfg(feature = "testing")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
#[doc(inline)]
pub use conclib_testing as testing;

/// Guides, whose examples are compiled and run as tests.
#[cfg(doctest)]
mod guides {
    #[cfg(all(feature = "macros", feature = "testing"))]
    #[doc = include_str!("../docs/guides/first-steps.md")]
    mod first_steps {}
    #[doc = include_str!("../docs/guides/from-tokio-tasks.md")]
    mod from_tokio_tasks {}
    #[doc = include_str!("../docs/guides/from-kameo-and-actix.md")]
    mod from_kameo_and_actix {}
    #[doc = include_str!("../docs/guides/from-python-conclib.md")]
    mod from_python_conclib {}
    #[cfg(all(feature = "macros", feature = "process"))]
    #[doc = include_str!("../docs/guides/choosing-a-place.md")]
    mod choosing_a_place {}
    #[cfg(feature = "directory")]
    #[doc = include_str!("../docs/guides/networking.md")]
    mod networking {}
    #[cfg(all(feature = "macros", feature = "process", feature = "held"))]
    #[doc = include_str!("../docs/guides/held-objects.md")]
    mod held_objects {}
    #[cfg(feature = "redis")]
    #[doc = include_str!("../docs/guides/from-other-processes.md")]
    mod from_other_processes {}
}

// The examples of the macros are tested here: that crate does not depend on this one.
#[cfg(all(doctest, feature = "macros", feature = "testing"))]
mod macros {
    #[doc = include_str!("../conclib-macros/docs/actor.md")]
    mod actor {}
    #[doc = include_str!("../conclib-macros/docs/message.md")]
    mod message {}
    #[doc = include_str!("../conclib-macros/docs/protocol.md")]
    mod protocol {}
    #[doc = include_str!("../conclib-macros/docs/part.md")]
    mod part {}
    #[doc = include_str!("../conclib-macros/docs/main.md")]
    mod main {}
    #[doc = include_str!("../conclib-macros/docs/test.md")]
    mod test {}
}
