use std::{mem, process::ExitStatus, time::Duration};

use crate::{
    child_group::ChildGroup, ending::Ending, error::WaitError, output::Output, tail::Tail,
};

/// Running program that ends when its owner does.
///
/// Runs a foreign program, such as a database or a web server, beside the own
/// process. [`ChildCommand::spawn`] starts one. The child ends by
/// [`shutdown`](Self::shutdown), when the value is dropped (also by a panic),
/// and when the owner is gone, also by `kill -9`. All processes that it started
/// end with it, unless they left its process group. The [crate docs](crate)
/// describe how, and the limits.
///
/// A child that exits by itself may leave processes of its own behind. They
/// live on until `shutdown` or the drop.
///
/// # Dropping
///
/// A drop kills at once, without SIGTERM, and blocks until the child is reaped: usually about a millisecond and at most
/// 250 ms, after which a thread goes on waiting. It needs no runtime.
///
/// # Examples
///
/// ```
/// use conclib_process::ChildCommand;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut child = ChildCommand::new("sh").args(["-c", "echo done; exit 3"]).spawn()?;
/// assert_eq!(child.wait().await?.code(), Some(3));
/// # Ok(())
/// # }
/// ```
///
/// [`ChildCommand::spawn`]: crate::ChildCommand::spawn
#[derive(Debug)]
#[must_use = "dropping it kills the child"]
pub struct OwnedChild {
    pid: u32,
    state: State,
    output: Output,
}

#[derive(Debug)]
enum State {
    /// The child runs, or has exited and its group is still there.
    Owned(Box<ChildGroup>),
    /// No process of the group is left.
    Ended(Ending),
}

impl OwnedChild {
    pub(crate) fn new(group: ChildGroup, output: Output) -> Self {
        Self {
            pid: group.pid,
            state: State::Owned(Box::new(group)),
            output,
        }
    }

    /// Returns the process id of the child, also after its end.
    ///
    /// After the end another process may get the number: signal a child by it
    /// only while it is known to run.
    pub fn id(&self) -> u32 {
        self.pid
    }

    /// Waits until the child exits by itself, and returns its exit status; can be called again.
    ///
    /// # Errors
    ///
    /// [`WaitError::Lost`] if the system does not tell the status.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is lost if the future is dropped, for example by `select!`.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut child = conclib_process::ChildCommand::new("true").spawn()?;
    /// assert!(child.wait().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait(&mut self) -> Result<ExitStatus, WaitError> {
        match &mut self.state {
            State::Owned(group) => group.wait().await,
            State::Ended(ending) => Ok(ending.status()),
        }
    }

    /// Returns the exit status if the child has exited, and `None` while it runs; never waits.
    ///
    /// # Errors
    ///
    /// [`WaitError::Lost`] if the system does not tell the status.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut child = conclib_process::ChildCommand::new("sleep").arg("60").spawn()?;
    /// assert_eq!(child.try_status()?, None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_status(&mut self) -> Result<Option<ExitStatus>, WaitError> {
        match &mut self.state {
            State::Owned(group) => group.try_status(),
            State::Ended(ending) => Ok(Some(ending.status())),
        }
    }

    /// Ends the child: sends SIGTERM to its whole process group, and SIGKILL
    /// when `grace` is over. All processes of the group are gone and reaped
    /// when this returns.
    ///
    /// The grace ends early when the child itself has exited: the rest of its
    /// group is then killed. A grace of zero kills at once; five seconds are
    /// usual. All output has been read when this returns (see
    /// [`tail`](Self::tail)), except from a process that left the group: its
    /// output is read for one more second. Another call returns the same
    /// [`Ending`].
    ///
    /// # Errors
    ///
    /// [`WaitError::Survived`] if the child is still there five seconds after
    /// SIGKILL, and [`WaitError::Lost`] if the system does not tell its status.
    /// The child stays owned, and the call may be repeated.
    ///
    /// # Panics
    ///
    /// In a tokio runtime whose timers are not enabled.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, SIGTERM may have been sent; the child stays owned. A later call starts with a whole new grace.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use conclib_process::{ChildCommand, Ending};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut child = ChildCommand::new("sleep").arg("60").spawn()?;
    /// let ending = child.shutdown(Duration::from_secs(5)).await?;
    /// assert!(matches!(ending, Ending::InGrace(_)));
    /// assert_eq!(child.shutdown(Duration::from_secs(5)).await?, ending);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn shutdown(&mut self, grace: Duration) -> Result<Ending, WaitError> {
        let ending = match &mut self.state {
            State::Owned(group) => {
                let ending = group.end(grace).await?;
                tracing::debug!(target: "conclib::process", pid = self.pid, ?ending, "child ended");
                // Drops the group, and its guard kills all processes that the
                // child left behind.
                self.state = State::Ended(ending);
                ending
            }
            State::Ended(ending) => *ending,
        };
        self.output.finish().await;
        Ok(ending)
    }

    /// Returns the last lines of the child's output, as far as they have been read.
    ///
    /// Meant for error reports. Holds at most 100 lines and 64 KiB, of both
    /// streams together. The tail is complete after
    /// [`shutdown`](Self::shutdown).
    pub fn tail(&self) -> Tail {
        self.output.tail()
    }
}

impl Drop for OwnedChild {
    fn drop(&mut self) {
        // Placeholder that is never read.
        let nothing = State::Ended(Ending::Killed(ExitStatus::default()));
        if let State::Owned(group) = mem::replace(&mut self.state, nothing) {
            group.kill_and_reap();
        }
    }
}
