//! For tests of actors: probes and spies, paused time, fault injection, and a reproducible order of
//! turns.
//!
//! A test runs by `#[conclib::test]`, which expands to [`run`]: on one thread, on paused time.
//! Nothing in the kit sleeps or polls.
//!
//! | to | use |
//! |---|---|
//! | run one actor message by message, without a task | [`solo`] |
//! | stand in for a collaborator and record its messages | [`probe`] |
//! | record the messages to an existing actor | [`spy`] |
//! | keep one record for several of them | [`journal`] |
//! | wait until no actor has anything to do | [`quiet`] |
//! | make a handler fail, delay it, or lose its message | [`faults`] |
//! | kill a child | [`kill_child`] |
//! | replay an order of turns, or try many | [`Seeded`], [`explore`] |
//! | check a broker or a link | `conformance`, with that feature |
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
//!         let _ = self.guest.tell(Greeting(format!("Hello, {name}!"))).await;
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

#[cfg(feature = "conformance")]
#[cfg_attr(docsrs, doc(cfg(feature = "conformance")))]
pub mod conformance;
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

/// Time that a test waits for something that does not come. On paused time the wait ends at once.
const PATIENCE: Duration = Duration::from_secs(10);
