use std::{io, path::PathBuf, time::Duration};

use thiserror::Error;

/// Reason why a child could not be started; nothing of it is left behind.
///
/// # Examples
///
/// ```
/// use conclib_process::{ChildCommand, SpawnError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let error = ChildCommand::new("no-such-server").spawn().unwrap_err();
/// assert!(matches!(&error, SpawnError::NotFound { program, .. } if program == "no-such-server"));
/// # }
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// The call was made outside of a tokio runtime, so no task could read the
    /// output of the child.
    #[error("cannot start `{program}` outside of a tokio runtime: call this from async code")]
    NoRuntime {
        /// The program that was to be started.
        program: String,
    },
    /// The program does not exist, or its first line names an interpreter that
    /// does not exist.
    #[error(
        "program `{program}` (or the interpreter in its first line) was not found, searched `{searched}`: \
         install it or give its full path"
    )]
    NotFound {
        /// The program that was to be started.
        program: String,
        /// Searched path: the value of `PATH`, or the path itself if the
        /// program was given as one.
        searched: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The program exists and may not be executed.
    #[error(
        "program `{program}` may not be executed: check its permissions and those of its directory"
    )]
    NotExecutable {
        /// The program that was to be started.
        program: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The directory in which the program was to run cannot be entered.
    #[error("cannot start `{program}` in `{}`: it is not a directory that can be entered", dir.display())]
    CurrentDir {
        /// The program that was to be started.
        program: String,
        /// The directory.
        dir: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The guard of the child could not be started. No child is started without
    /// one.
    #[error("cannot start the guard of `{program}`: it needs `/bin/sh` and a free process")]
    Guard {
        /// The program that was to be started.
        program: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The system refused for another reason, such as too many processes or open files.
    #[error("cannot start `{program}`")]
    Start {
        /// The program that was to be started.
        program: String,
        /// Error of the operating system.
        source: io::Error,
    },
}

/// Reason why the end of a child could not be observed.
///
/// # Examples
///
/// ```
/// use conclib_process::{OwnedChild, WaitError};
///
/// async fn run_to_its_end(mut child: OwnedChild) -> Result<bool, WaitError> {
///     Ok(child.wait().await?.success())
/// }
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The system does not tell the exit status, because other code in this
    /// process took it or SIGCHLD is ignored.
    #[error(
        "the exit status of process {pid} is lost: no other code may wait for it, and SIGCHLD must not be ignored"
    )]
    Lost {
        /// The child's process id.
        pid: u32,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The child still exists long after SIGKILL.
    #[error(
        "process {pid} still lives {limit:?} after it was killed: it hangs in the kernel or belongs to another user"
    )]
    Survived {
        /// The child's process id.
        pid: u32,
        /// Time waited after SIGKILL.
        limit: Duration,
    },
}

/// Reason why a private directory could not be made; nothing of it is left
/// behind.
///
/// # Examples
///
/// ```
/// use conclib_process::{PrivateDir, PrivateDirError};
///
/// match PrivateDir::new() {
///     Ok(dir) => assert!(dir.path().is_dir()),
///     Err(PrivateDirError::NoPlace { tried }) => eprintln!("none of {tried:?} is safe"),
///     Err(error) => eprintln!("{error}"),
/// }
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PrivateDirError {
    /// No candidate is a directory that other users cannot modify and whose
    /// path is short enough for unix sockets.
    #[error(
        "no safe place for a private directory, tried {tried:?}: set TMPDIR to a short path that only you may write to"
    )]
    NoPlace {
        /// Directories that were tried.
        tried: Vec<PathBuf>,
    },
    /// The system gave no random bytes for the name.
    #[error("no random name for a private directory")]
    Random {
        /// Error of the operating system.
        source: io::Error,
    },
    /// The guard that removes the directory could not be started.
    #[error("cannot start the guard of a private directory: it needs `/bin/sh` and a free process")]
    Guard {
        /// Error of the operating system.
        source: io::Error,
    },
    /// The directory could not be created.
    #[error("cannot create the private directory `{}`", path.display())]
    Create {
        /// The directory.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
}
