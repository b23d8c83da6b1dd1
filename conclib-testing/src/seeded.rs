//! A system whose order of turns can be had again.

use std::collections::hash_map::RandomState;
use std::env;
use std::fmt;
use std::hash::BuildHasher;
use std::ops::Deref;
use std::thread;

use conclib_core::__private::SystemUnderTest;
use conclib_core::System;
use tokio::runtime::{Handle, RuntimeFlavor};

use super::Kit;
use super::run::system;
use super::turns::Turns;

/// Where a seed is read from.
pub(super) const SEED: &str = "CONCLIB_SEED";

/// A system whose actors have their turns one at a time, in an order that is
/// drawn from a seed: the same seed is the same order, another seed perhaps
/// another. It is used like the [`System`] it is.
///
/// What is drawn is which of the actors that have a message begins its turn
/// next; the messages of one actor keep their order. A turn that awaits lets
/// others begin meanwhile, as it always does.
///
/// The seed is that of the environment variable `CONCLIB_SEED`, or a random
/// one. If the test panics, it is printed. It replays the order as far as the
/// rest of the test is the same each time: on paused time, as
/// `#[conclib::test]` gives; with `biased` in a `select!`; without threads.
///
/// ```
/// use conclib::prelude::*;
/// use conclib::testing::{self, Seeded};
///
/// #[message]
/// struct Go;
/// #[message]
/// #[derive(Debug)]
/// struct Ran(u32);
///
/// #[actor]
/// struct Runner { number: u32, goal: Recipient<Ran> }
///
/// #[actor]
/// impl Runner {
///     #[handler]
///     async fn go(&mut self, _: Go) {
///         let _ = self.goal.ask(Ran(self.number)).tell().await;
///     }
/// }
///
/// /// Who is first, by this seed.
/// fn winner(seed: u64) -> conclib::Result<u32> {
///     testing::run(async {
///         let system = Seeded::with_seed(seed);
///         let mut goal = testing::probe::<Ran>(&system);
///         for number in 0..3 {
///             let goal = goal.recipient();
///             let runner = system.actor(Runner { number, goal }).urn(format!("{number}"));
///             runner.spawn()?.ask(Go).tell().await?;
///         }
///         let Ran(number) = goal.recv().await;
///         Ok(number)
///     })
/// }
///
/// # fn main() -> conclib::Result {
/// let winners: Vec<_> = (0..20).map(winner).collect::<Result<_, _>>()?;
/// assert!((0..3).all(|number| winners.contains(&number)));
/// assert_eq!(winner(17)?, winners[17]);
/// # Ok(())
/// # }
/// ```
pub struct Seeded {
    system: System,
    seed: u64,
}

impl Seeded {
    /// One of the seed in `CONCLIB_SEED`, or of a random one.
    ///
    /// # Panics
    /// `CONCLIB_SEED` is no number, or as [`with_seed`](Self::with_seed).
    #[expect(
        clippy::new_without_default,
        reason = "it reads the environment, and needs a runtime"
    )]
    pub fn new() -> Self {
        Self::with_seed(given().unwrap_or_else(|| RandomState::new().hash_one(0_u8)))
    }

    /// One of this seed.
    ///
    /// # Panics
    /// There is no tokio runtime here, or it has more than one thread: then
    /// the order is not ours to say.
    pub fn with_seed(seed: u64) -> Self {
        let system = seeded(seed);
        Self { system, seed }
    }

    /// Its seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

/// The seed that is to be replayed, if one is.
pub(super) fn given() -> Option<u64> {
    let text = env::var(SEED).ok()?;
    match text.parse() {
        Ok(seed) => Some(seed),
        Err(error) => panic!("`{SEED}={text}` is no seed: {error}"),
    }
}

/// A system whose order of turns is drawn from `seed`.
pub(super) fn seeded(seed: u64) -> System {
    let runtime = match Handle::try_current() {
        Ok(runtime) => runtime,
        Err(error) => panic!("a seeded system runs its turns here: {error}"),
    };
    assert!(
        runtime.runtime_flavor() == RuntimeFlavor::CurrentThread,
        "a seeded system needs a runtime of one thread, as `#[conclib::test]` gives"
    );
    let system = system();
    SystemUnderTest::of(&system).hook_or_install(|| Kit::seeded(Turns::new(runtime, seed)));
    system
}

impl Deref for Seeded {
    type Target = System;

    fn deref(&self) -> &System {
        &self.system
    }
}

impl Drop for Seeded {
    fn drop(&mut self) {
        if thread::panicking() {
            #[expect(clippy::print_stderr, reason = "part of what a failed test says")]
            {
                eprintln!("the seed was {0}: {SEED}={0} runs it again", self.seed);
            }
        }
    }
}

impl fmt::Debug for Seeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seeded")
            .field("system", &self.system)
            .field("seed", &self.seed)
            .finish()
    }
}
