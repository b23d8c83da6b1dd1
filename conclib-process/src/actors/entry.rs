//! Entry of a process: recognised before any code of the user has run.

use std::sync::OnceLock;

use super::host;
use super::spec::Spec;

/// Function of the program that calls [`init`], or a test that does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entrance {
    /// Main function: the program is started without arguments of the user.
    Main,
    /// Test of this path, which begins with the name of its crate.
    Test(&'static str),
}

/// Test that is an entrance, by its path.
pub struct TestEntrance(pub &'static str);

inventory::collect!(TestEntrance);

static MAIN: OnceLock<()> = OnceLock::new();

/// Set in the process of an actor, once it has got to its entry.
static ENTERED: OnceLock<()> = OnceLock::new();

/// Makes the program one that can run actors in processes of their own. To be called first in a
/// `main` without `#[conclib::main]`, which calls it.
///
/// Such a process is the same program, started anew. In that process this function runs the actor,
/// and never returns; in all others it returns at once.
///
/// ```
/// use conclib::prelude::*;
///
/// fn main() -> conclib::Result {
///     conclib::process::init();
///     let runtime = tokio::runtime::Runtime::new()?;
///     runtime.block_on(async {
///         // … `system.actor(…).in_process().spawn().await?`
///         Ok(())
///     })
/// }
/// ```
pub fn init() {
    let _ = MAIN.set(());
    enter();
}

/// Runs the actor of this process, if it is one of an actor.
#[doc(hidden)]
pub fn enter() {
    match Spec::of_this_process() {
        None => {}
        Some(Ok(spec)) => {
            let _ = ENTERED.set(());
            host::run(spec)
        }
        Some(Err(error)) => host::refuse(&error.into()),
    }
}

/// Returns the entrance for new processes. `None` if the program has none: also in a process that
/// was to run an actor and did not come by the entrance, since it would start processes without end.
pub(super) fn entrance() -> Option<Entrance> {
    if Spec::of_this_process().is_some() && ENTERED.get().is_none() {
        return None;
    }
    // A test may call the main function, but the program does not begin there.
    let test = inventory::iter::<TestEntrance>.into_iter().next();
    let main = || MAIN.get().map(|()| Entrance::Main);
    test.map(|test| Entrance::Test(test.0)).or_else(main)
}

impl Entrance {
    /// Returns the line that the program writes before it gets to the entrance.
    pub(super) fn banner(self) -> &'static str {
        match self {
            Self::Main => "",
            Self::Test(_) => "running 1 test",
        }
    }

    /// Returns the arguments that lead to the entrance.
    pub(super) fn args(self) -> Vec<String> {
        match self {
            Self::Main => Vec::new(),
            Self::Test(path) => {
                let test = path.split_once("::").map_or(path, |(_, test)| test);
                // Also a test with `#[ignore]` is an entrance.
                let options = ["--exact", "--include-ignored", "--nocapture", "--quiet"];
                let options = options.into_iter().chain(["--test-threads=1", test]);
                options.map(str::to_owned).collect()
            }
        }
    }
}

/// Makes a test program without a `#[conclib::test]` one that can run actors in processes of their
/// own. To be written once in it, in any module.
///
/// Adds a test that does nothing when it is run as one, and is the way into the new processes: the
/// test program is started anew with this test alone.
///
/// ```standalone_crate
/// conclib::process::entry_test!();
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! entry_test {
    () => {
        #[test]
        fn conclib_process_entry() {
            $crate::__process_entry!(conclib_process_entry);
        }
    };
}
