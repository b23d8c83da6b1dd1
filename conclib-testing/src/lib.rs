//! What a test of actors needs: probes and spies, a clock that stands still,
//! faults on order, and an order of turns that can be had again. Users enable
//! the feature `testing` of the crate `conclib`, which re-exports this.
//!
//! A test runs by `#[conclib::test]`, or by [`run`], which that expands to: on
//! one thread, on paused time. Nothing in here sleeps or polls.
//!
//! | for | there is |
//! |---|---|
//! | one actor, message by message, without a task | [`solo`] |
//! | a stand-in that records what it gets | [`probe`] |
//! | listening in on somebody | [`spy`] |
//! | one record of several of them | [`journal`] |
//! | nothing more to come | [`quiet`] |
//! | a handler that fails, is late, or never sees its message | [`faults`] |
//! | a child that is gone | [`kill_child`] |
//! | turns in an order that can be replayed | [`Seeded`], [`explore`] |
//!
//! ```
//! use conclib::prelude::*;
//! use conclib::testing;
//!
//! #[message]
//! #[derive(Debug, PartialEq)]
//! struct Greeting(String);
//!
//! #[actor]
//! struct Greeter { guest: Recipient<Greeting> }
//!
//! #[actor]
//! impl Greeter {
//!     #[message]
//!     async fn greet(&mut self, name: String) {
//!         let _ = self.guest.ask(Greeting(format!("Hello, {name}!"))).tell().await;
//!     }
//! }
//!
//! # fn main() -> conclib::Result {
//! testing::run(async {
//!     let system = testing::system();
//!     let mut guest = testing::probe::<Greeting>(&system);
//!     let greeter = system.spawn(Greeter { guest: guest.recipient() })?;
//!     greeter.greet("Ada".into()).await?;
//!     guest.expect_eq(Greeting("Hello, Ada!".into())).await;
//!     guest.expect_none().await;
//!     assert_eq!(greeter.stop().await, StopReason::Stopped);
//!     Ok(())
//! })
//! # }
//! ```

mod explore;
mod faults;
mod journal;
mod kit;
mod probe;
mod quiet;
mod run;
mod seeded;
mod solo;
mod spy;
mod turns;

pub use explore::{Outcome, explore};
pub use faults::{Faults, faults, kill_child};
pub use journal::{Journal, journal};
pub use probe::{Probe, Probed, probe};
pub use quiet::quiet;
pub use run::{run, system};
pub use seeded::Seeded;
pub use solo::{Solo, solo};
pub use spy::{Spy, spy};

use std::time::Duration;

use kit::{Kit, Planned};

/// How long a test waits for what does not come. On paused time that is no
/// time at all.
const PATIENCE: Duration = Duration::from_secs(10);
