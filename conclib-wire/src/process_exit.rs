//! End of the process of an actor.

use std::fmt;

use serde::{Deserialize, Serialize};

/// End of a process that its owner had not asked for.
///
/// ```
/// use conclib_wire::{ProcessExit, ProcessStatus};
///
/// let output = "thread 'main' panicked\nout of luck".to_owned();
/// let exit = ProcessExit::new(7, ProcessStatus::Code(101), output);
/// assert_eq!(
///     exit.to_string(),
///     "process 7 exited with code 101, after the output: thread 'main' panicked / out of luck"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProcessExit {
    /// Id of the process.
    pub pid: u32,
    /// Exit code or signal.
    pub status: ProcessStatus,
    /// Last lines of its output; empty if it wrote none.
    pub output: String,
}

/// Way in which a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ProcessStatus {
    /// The process exited, with this code.
    Code(i32),
    /// A signal of this number ended the process.
    Signal(i32),
    /// The operating system did not tell.
    Unknown,
}

impl ProcessExit {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(pid: u32, status: ProcessStatus, output: String) -> Self {
        Self {
            pid,
            status,
            output,
        }
    }
}

impl fmt::Display for ProcessExit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} ", self.pid)?;
        match self.status {
            ProcessStatus::Code(code) => write!(f, "exited with code {code}")?,
            ProcessStatus::Signal(signal) => write!(f, "was ended by signal {signal}")?,
            ProcessStatus::Unknown => f.write_str("ended")?,
        }
        let mut before = ", after the output: ";
        for line in self.output.lines() {
            write!(f, "{before}{line}")?;
            before = " / ";
        }
        Ok(())
    }
}
