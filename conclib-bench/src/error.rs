//! Errors of the bench program.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Reason why there is no figure.
#[derive(Debug)]
pub(crate) enum Error {
    /// The command line is invalid.
    Usage(String),
    /// A program cannot be started at all.
    Start {
        /// Name of the program.
        program: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// A program was started and failed.
    Failed {
        /// Name of the program.
        program: String,
        /// Exit status of the program.
        status: ExitStatus,
        /// Error output of the program.
        said: String,
    },
    /// A program ended well, but its output lacks an expected line.
    Silent {
        /// Name of the program.
        program: String,
        /// Text that is missing in its output.
        missing: &'static str,
    },
    /// A file cannot be written or read.
    File {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// No library could be built.
    Nothing,
    /// The output cannot be written.
    Output(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(problem) => write!(f, "{problem}\n\n{}", crate::args::USAGE),
            Self::Start { program, source } => write!(f, "`{program}` cannot start: {source}"),
            Self::Failed {
                program,
                status,
                said,
            } => {
                write!(f, "`{program}` failed ({status})")?;
                match said.trim() {
                    "" => Ok(()),
                    said => write!(f, ": {said}"),
                }
            }
            Self::Silent { program, missing } => write!(f, "`{program}` printed no {missing}"),
            Self::File { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Nothing => f.write_str("no library is left to measure"),
            Self::Output(problem) => write!(f, "the output cannot be written: {problem}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Start { source, .. } | Self::File { source, .. } | Self::Output(source) => {
                Some(source)
            }
            _ => None,
        }
    }
}
