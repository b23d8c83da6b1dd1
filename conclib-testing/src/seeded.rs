//! System with a reproducible order of turns.

use std::collections::hash_map::RandomState;
use std::env;
use std::fmt;
use std::hash::BuildHasher;
use std::ops::Deref;
use std::thread;

use conclib_core::__private::SystemUnderTest;
use conclib_core::System;
use tokio::runtime::{Handle, RuntimeFlavor};

use super::kit::Kit;
use super::run::system;
use super::turns::Turns;

/// Environment variable that sets the seed.
pub(super) const SEED: &str = "CONCLIB_SEED";

/// System whose actors run their turns one at a time, in an order that is drawn from a seed: the
/// same seed gives the same order. Dereferences to the [`System`].
///
/// Each draw chooses, among the actors that have a message, the one that begins its turn next; the
/// messages of one actor keep their order. A turn that awaits lets others begin meanwhile, as
/// always.
///
/// The seed is that of the environment variable `CONCLIB_SEED`, or a random one, and is printed if
/// the test panics. A seed replays the order as far as the rest of the test is deterministic: on
/// paused time, as with `#[conclib::test]`; with `biased` in a `select!`; without threads.
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
///         let _ = self.goal.tell(Ran(self.number)).await;
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
///             runner.spawn()?.tell(Go).await?;
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
    /// Makes a system with the seed in `CONCLIB_SEED`, or with a random one.
    ///
    /// # Panics
    /// Panics if `CONCLIB_SEED` is not a number, or as [`with_seed`](Self::with_seed) does.
    #[expect(
        clippy::new_without_default,
        reason = "it reads the environment, and needs a runtime"
    )]
    pub fn new() -> Self {
        Self::with_seed(given().unwrap_or_else(|| RandomState::new().hash_one(0_u8)))
    }

    /// Makes a system with this seed.
    ///
    /// # Panics
    /// Panics if no tokio runtime is entered, or if it has more than one thread: then the runtime
    /// decides the order.
    pub fn with_seed(seed: u64) -> Self {
        let system = seeded(seed);
        Self { system, seed }
    }

    /// Returns the seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

/// Returns the seed in `CONCLIB_SEED`, if it is set.
pub(super) fn given() -> Option<u64> {
    let text = env::var(SEED).ok()?;
    match text.parse() {
        Ok(seed) => Some(seed),
        Err(error) => panic!("`{SEED}={text}` is no seed: {error}"),
    }
}

/// Makes a system whose order of turns is drawn from `seed`.
pub(super) fn seeded(seed: u64) -> System {
    let runtime = match Handle::try_current() {
        Ok(runtime) => runtime,
        Err(error) => panic!("a seeded system needs a tokio runtime on this thread: {error}"),
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
