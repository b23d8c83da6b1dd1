//! Suite of checks that each broker and each link has to pass: fates of messages, order, deadlines,
//! cancellation, back-pressure, streams, references, control, limits, shutdown and hostile peers.
//!
//! The author of a broker or a link writes a [`Rig`], and has all checks generated as tests by
//! [`conformance!`](crate::conformance!), each with the name of its check. The suite uses the
//! public traits alone, so it runs in any crate. It waits for events and never sleeps.
//!
//! | checks | of |
//! |---|---|
//! | `fates` | the end of each ask, in a reply, an error or a failure that says if the handler may have run |
//! | `answers` | the way of answers to their askers, and the order of messages |
//! | `deadlines` | deadlines, also in a mailbox, and cancellation |
//! | `pressure` | full mailboxes, actors that hang, large answers |
//! | `tells` | tells that are queued, handled or refused |
//! | `streams` | streams of replies, if [`Supports::streams`] |
//! | `references` | references inside messages, if [`Supports::references`], and those to named actors, if [`Supports::named_references`] |
//! | `control` | the life of far actors, if [`Supports::control`], and that of named ones, if [`Supports::named_control`] |
//! | `outages` | clients that connect again, if [`Supports::reconnect`] |
//! | `limits` | large bodies |
//! | `shutdown` | the end of a system and its broker |
//! | `hostile` | invalid frames, if the rig has a [raw peer](Rig::raw) |
//!
//! A check that needs an ability that the broker or link does not have passes without doing anything.
//! These are skipped for the brokers of conclib:
//!
//! | broker | skipped | reason |
//! |---|---|---|
//! | Redis | references to anonymous actors, and control by the holders of references | a reference is a name there: the server does not tell when its holder has gone, so it neither keeps its actor alive nor is a permission |
//! | Redis, durable | `streams`; in `fates`, `answers`, `deadlines`, `pressure`, `tells` and `shutdown` the checks of messages that are not stored | a stored message outlives its connection, its deadline and its actor; it is refused if its reply is a stream |
//! | Redis, durable | the cycle of named actors in `references` | a stored message takes no chain of waiting actors along; its cycle ends by a deadline |
//! | Redis, durable, a cluster, after a failover | `hostile` | a raw peer opens a pipe to one proxy, which is the same in each case; stored messages of hostile peers have tests of their own |
//!
//! After each check the suite ends the system, the broker and the clients, and counts the tasks that
//! are left: none may be.
//!
//! # Examples
//!
//! Tests of a session over pipes in memory:
//!
//! ```
#![doc = include_str!("../../tests/conformance.rs")]
//! # fn main() {}
//! ```

#[doc(hidden)]
#[allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a check fails by a panic"
)]
pub mod checks;
#[allow(unreachable_pub, reason = "the messages of an actor are public")]
mod hub;
mod list;
mod rig;
mod run;
mod stage;
#[allow(unreachable_pub, reason = "the messages of an actor are public")]
mod subject;

#[doc(hidden)]
pub use rig::Need;
pub use rig::{BoxFuture, Link, RawPeer, Rig, Supports};
#[doc(hidden)]
pub use run::{on_one_thread, on_threads};
#[doc(hidden)]
pub use stage::Stage;
