//! For programs that start other programs: child processes that conclib owns, of which none
//! outlives its owner.
//!
//! Rust's own [`Child`](std::process::Child) goes on living when its handle is dropped, when its owner panics, and when its
//! owner is killed; and killing it leaves its own children behind. An [`OwnedChild`] ends in all of these cases, together
//! with everything it started.
//!
//! ```
//! use std::time::Duration;
//!
//! use conclib_process::ChildCommand;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut server = ChildCommand::new("sleep").arg("60").spawn()?;
//! // … dropping `server` here would kill it. This is the orderly way:
//! let ending = server.shutdown(Duration::from_secs(5)).await?;
//! assert!(!ending.status().success());
//! # Ok(())
//! # }
//! ```
//!
//! # End of a child with its owner
//!
//! Beside every child runs a *guard*: a shell that sleeps on a pipe whose write end only the owner holds. However the owner
//! goes, also by `kill -9`, the kernel closes that end; the guard then kills its process group with SIGKILL. The guard is started
//! first, as the leader of a new group, and the child is started in that group, so no child ever
//! runs without a guard. While the owner lives it keeps the guard unreaped, so the kernel cannot give the number of the
//! group to another one.
//!
//! A [`PrivateDir`] has a guard of the same kind, which removes the directory.
//!
//! # Limits
//!
//! - A process that leaves its group on purpose (`setsid`, a daemon that puts itself in the background, a shell with job
//!   control) is out of reach. Start servers in the foreground.
//! - If a user kills or stops the guard (SIGKILL, SIGSTOP) and later kills the owner with SIGKILL, the child stays.
//! - A copy of the owner made by `fork` without `exec` holds the pipe too, and counts as the owner.
//! - The owner must not ignore SIGCHLD: the kernel would then throw exit statuses away.
//! - Unix only. The guard needs `/bin/sh`, and the one of a directory `rm` and `sleep`.
//!
//! # Output
//!
//! Both output streams of a child are read to their end, so it never blocks on a full pipe. Each line becomes a `tracing`
//! event of level INFO and target `conclib::process`, with the fields `program`, `pid` and `stream`; the last ones can be
//! looked at with [`OwnedChild::tail`]. [`ChildCommand::log`] replaces the event.
//!
//! # Floors
//!
//! A module imports only from modules of lower floors.
//!
//! 1. `ending`, `error`, `guard`, `lines`, `tail`
//! 2. `child_group`, `output`, `private_dir`
//! 3. `child`
//! 4. `command`
//! 5. `slot`
//! 6. `actors`

#[cfg(feature = "actors")]
mod actors;
mod child;
mod child_group;
mod command;
mod ending;
mod error;
mod guard;
mod lines;
mod output;
mod private_dir;
mod slot;
mod tail;

#[cfg(feature = "actors")]
#[cfg_attr(docsrs, doc(cfg(feature = "actors")))]
pub use actors::{InProcess, InProcessError, PoolInProcess, ProcessBuilder, Single, init};
pub use child::OwnedChild;
pub use command::ChildCommand;
pub use ending::Ending;
pub use error::{PrivateDirError, SpawnError, WaitError};
pub use private_dir::PrivateDir;
pub use tail::Tail;

/// Parts for the other crates of conclib.
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "actors")]
    pub use crate::actors::{Entry, NoStart, Probe, TestEntrance, enter};
    pub use crate::slot::Slot;
    #[cfg(feature = "actors")]
    pub use inventory;
}
