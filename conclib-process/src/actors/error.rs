use conclib_core::{SpawnError, StartError};
use thiserror::Error;

/// Reason for which an actor could not be started in a process of its own; nothing of it is left
/// behind.
///
/// # Examples
///
/// ```
/// use conclib::prelude::*;
/// use conclib::process::InProcessError;
///
/// #[actor]
/// struct Careful;
///
/// #[actor]
/// impl Careful {
///     #[on(create)]
///     fn create(limit: u32) -> conclib::Result<Self> {
///         if limit == 0 { Err("a limit of zero")?; }
///         Ok(Self)
///     }
/// }
///
/// #[conclib::main]
/// async fn main(system: System) -> conclib::Result {
///     let refused = system.create::<Careful>(0).in_process().spawn().await;
///     let error = refused.unwrap_err();
///     assert!(matches!(error, InProcessError::Start(_)));
///     assert!(error.to_string().ends_with("did not start: failed to start: a limit of zero"));
///     Ok(())
/// }
/// ```
/// A program without an entry starts no process, which would run its main function:
///
/// ```standalone_crate
/// use conclib::prelude::*;
/// use conclib::process::InProcessError;
/// use serde::{Deserialize, Serialize};
///
/// #[actor]
/// #[derive(Serialize, Deserialize)]
/// struct Hello;
///
/// #[actor]
/// impl Hello {}
///
/// fn main() -> conclib::Result {
///     // Without `conclib::process::init();`.
///     tokio::runtime::Runtime::new()?.block_on(async {
///         let system = System::new("docs");
///         let refused = system.actor(Hello).in_process().spawn().await;
///         assert!(matches!(refused, Err(InProcessError::NoEntry)));
///         Ok(())
///     })
/// }
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InProcessError {
    /// The program cannot be started anew as the process of an actor.
    #[error(
        "this program has no entry for processes of actors: write `#[conclib::main]` above its main \
         function, or call `conclib::process::init()` first in it; in a test program, write \
         `#[conclib::test]` above a test, or `conclib::process::entry_test!();` once"
    )]
    NoEntry,
    /// The actor is not in the program's table of actors that can run in a process of their own.
    #[error(
        "the actor `{actor}` is not registered for processes of its own: a generic one needs \
         `conclib::process::register!({actor});`, and an `#[actor(thread)]` cannot be"
    )]
    NotRegistered {
        /// Type of the actor.
        actor: &'static str,
    },
    /// The actor could not be entered in its system.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// The actor did not start, or its process did not.
    #[error(transparent)]
    Start(#[from] StartError),
}
