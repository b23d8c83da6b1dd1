//! What can go wrong.

use std::fmt;
use std::io;
use std::process::ExitStatus;

/// Why there is no figure.
#[derive(Debug)]
pub(crate) enum Error {
    /// The command line makes no sense.
    Usage(String),
    /// A program cannot be started at all.
    Start {
        /// What was to be started.
        program: String,
        /// Why it cannot.
        source: io::Error,
    },
    /// A program was started and failed.
    Failed {
        /// What was started.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// What it said about it.
        said: String,
    },
    /// A program ended well but did not say what it should.
    Silent {
        /// What was started.
        program: String,
        /// What was looked for in its output.
        missing: &'static str,
    },
    /// Not one library could be built.
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
            Self::Nothing => f.write_str("no library is left to measure"),
            Self::Output(problem) => write!(f, "the output cannot be written: {problem}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Start { source, .. } | Self::Output(source) => Some(source),
            _ => None,
        }
    }
}
