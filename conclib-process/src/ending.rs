use std::process::ExitStatus;

/// End of a child, as [`OwnedChild::shutdown`](crate::OwnedChild::shutdown)
/// returns it.
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
/// let mut child = ChildCommand::new("true").spawn()?;
/// child.wait().await?;
///
/// let ending = child.shutdown(Duration::from_secs(5)).await?;
/// assert!(matches!(ending, Ending::Earlier(status) if status.success()));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// The child had exited before the shutdown.
    Earlier(ExitStatus),
    /// The child exited within the grace after SIGTERM.
    InGrace(ExitStatus),
    /// The child was still running when the grace was over, and was killed.
    Killed(ExitStatus),
}

impl Ending {
    /// Returns the exit status.
    pub fn status(&self) -> ExitStatus {
        match self {
            Self::Earlier(status) | Self::InGrace(status) | Self::Killed(status) => *status,
        }
    }
}
