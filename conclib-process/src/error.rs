use std::{io, path::PathBuf, time::Duration};

use thiserror::Error;

/// Why a child could not be started; nothing of it is left behind.
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
    /// The call was made outside of a tokio runtime, so nobody could read the child's output.
    #[error("cannot start `{program}` outside of a tokio runtime: call this from async code")]
    NoRuntime {
        /// The program that was to be started.
        program: String,
    },
    /// There is no such program, or its first line names an interpreter that does not exist.
    #[error(
        "program `{program}` (or the interpreter in its first line) was not found, searched `{searched}`: \
         install it or give its full path"
    )]
    NotFound {
        /// The program that was to be started.
        program: String,
        /// Where it was looked for: the value of `PATH`, or the path itself if it was given as one.
        searched: String,
        /// What the system said.
        source: io::Error,
    },
    /// The program is there and may not be executed.
    #[error(
        "program `{program}` may not be executed: check its permissions and those of its directory"
    )]
    NotExecutable {
        /// The program that was to be started.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The directory in which the program was to run cannot be entered.
    #[error("cannot start `{program}` in `{}`: it is not a directory that can be entered", dir.display())]
    CurrentDir {
        /// The program that was to be started.
        program: String,
        /// The directory.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The guard, without which no child is started, could not be started.
    #[error("cannot start the guard of `{program}`: it needs `/bin/sh` and a free process")]
    Guard {
        /// The program that was to be started.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused for another reason, such as too many processes or open files.
    #[error("cannot start `{program}`")]
    Start {
        /// The program that was to be started.
        program: String,
        /// What the system said.
        source: io::Error,
    },
}

/// Why the end of a child could not be observed.
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
    /// The system does not tell the exit status, because somebody else in this process took it or SIGCHLD is ignored.
    #[error(
        "the exit status of process {pid} is lost: nobody else may wait for it, and SIGCHLD must not be ignored"
    )]
    Lost {
        /// The child's process id.
        pid: u32,
        /// What the system said.
        source: io::Error,
    },
    /// The child is still there long after SIGKILL.
    #[error(
        "process {pid} still lives {limit:?} after it was killed: it hangs in the kernel or belongs to another user"
    )]
    Survived {
        /// The child's process id.
        pid: u32,
        /// How long was waited after SIGKILL.
        limit: Duration,
    },
}

/// Why a private directory could not be made; nothing of it is left behind.
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
    /// No candidate is a directory where others cannot meddle, with a path short enough for unix sockets.
    #[error(
        "no safe place for a private directory, tried {tried:?}: set TMPDIR to a short path that only you may write to"
    )]
    NoPlace {
        /// The directories that were looked at.
        tried: Vec<PathBuf>,
    },
    /// The system gave no random bytes for the name.
    #[error("no random name for a private directory")]
    Random {
        /// What the system said.
        source: io::Error,
    },
    /// The guard that removes the directory could not be started.
    #[error("cannot start the guard of a private directory: it needs `/bin/sh` and a free process")]
    Guard {
        /// What the system said.
        source: io::Error,
    },
    /// The directory could not be created.
    #[error("cannot create the private directory `{}`", path.display())]
    Create {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
