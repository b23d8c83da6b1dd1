//! Runner of one test in many orders of turns.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use conclib_core::{Fault, System};

use super::run::run;
use super::seeded::{SEED, given, seeded};

/// Return type of a test's body: `()` or a `Result`.
pub trait Outcome {
    /// Returns the error text, if the test failed.
    #[doc(hidden)]
    fn wrong(self) -> Option<String>;
}

impl Outcome for () {
    fn wrong(self) -> Option<String> {
        None
    }
}

impl<E: Debug> Outcome for Result<(), E> {
    fn wrong(self) -> Option<String> {
        self.err().map(|error| format!("{error:?}"))
    }
}

/// Runs the body of a test once for each seed below `seeds`. Each run is one of [`run`](super::run)
/// with a new system, whose order of turns depends on the seed; see [`Seeded`](super::seeded::Seeded). With
/// `CONCLIB_SEED` set, runs that seed alone.
///
/// The seeds are the same each time, so a test that passed keeps passing.
///
/// ```
/// use conclib::prelude::*;
/// use conclib::testing;
///
/// #[actor]
/// #[derive(Default)]
/// struct Account { cents: u64 }
///
/// #[actor]
/// impl Account {
///     #[message]
///     fn add(&mut self, cents: u64) -> u64 { self.cents += cents; self.cents }
/// }
///
/// #[actor]
/// struct Payer { account: ActorRef<Account> }
///
/// #[actor]
/// impl Payer {
///     #[message]
///     async fn pay(&mut self) { let _ = self.account.add(5).await; }
/// }
///
/// testing::explore(20, async |system| -> conclib::Result {
///     let account = system.spawn(Account::default())?;
///     let payers = [account.clone(), account.clone()].map(|account| {
///         system.spawn(Payer { account })
///     });
///     for payer in payers {
///         payer?.pay().tell().await?;
///     }
///     testing::quiet(&system).await;
///     assert_eq!(account.add(0).await?, 10);
///     Ok(())
/// });
/// ```
///
/// # Panics
/// Panics if the body panics or returns an error for some seed: the message names the first such
/// seed, and the way to run it alone. Panics also as [`run`](super::run) does.
#[track_caller]
pub fn explore<F, T>(seeds: u64, body: F)
where
    F: AsyncFn(System) -> T,
    T: Outcome,
{
    let given = given();
    let all = given.map_or(0..seeds, |seed| seed..seed.saturating_add(1));
    for seed in all {
        let once = || run(async { body(seeded(seed)).await.wrong() });
        let wrong = catch_unwind(AssertUnwindSafe(once))
            .unwrap_or_else(|panic| Some(Fault::panic(&*panic).message));
        if let Some(wrong) = wrong {
            panic!("with seed {seed}: {wrong}\n{SEED}={seed} runs it alone");
        }
    }
}
