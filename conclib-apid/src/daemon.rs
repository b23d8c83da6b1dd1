use std::{process::ExitStatus, time::Duration};

use conclib_process::{Ending, OwnedChild, Tail, WaitError};

/// A running web server that answered its health check.
///
/// Got from [`start_api`](crate::start_api). The server ends by [`shutdown`](Self::shutdown), when this is dropped, also by a panic
/// (then at once), and when the owner is gone, also by `kill -9`; always with the processes that it started itself.
///
/// # Examples
///
/// ```
/// use conclib_apid::{ApiDaemon, WaitError};
///
/// /// Serves until somebody interrupts, or the server fails.
/// async fn serve(mut api: ApiDaemon, interrupted: impl Future<Output = ()>) -> Result<(), WaitError> {
///     tokio::select! {
///         () = interrupted => println!("stopping {}", api.health_url()),
///         status = api.wait() => println!("the server ended with {}: {}", status?, api.tail()),
///     }
///     api.shutdown().await?;
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[must_use = "dropping it kills the server"]
pub struct ApiDaemon {
    child: OwnedChild,
    health_url: String,
    grace: Duration,
}

impl ApiDaemon {
    pub(crate) fn new(child: OwnedChild, health_url: String, grace: Duration) -> Self {
        Self {
            child,
            health_url,
            grace,
        }
    }

    /// Returns the process id of the server, also after its end.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns the URL that answered with status 200, as it was given.
    pub fn health_url(&self) -> &str {
        &self.health_url
    }

    /// Waits until the server exits by itself, and returns its exit status; can be called again.
    ///
    /// # Errors
    ///
    /// [`WaitError::Lost`] if the system does not tell the status.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is lost if the future is dropped.
    pub async fn wait(&mut self) -> Result<ExitStatus, WaitError> {
        self.child.wait().await
    }

    /// Ends the server: SIGTERM, and SIGKILL when the [`grace`](crate::ApiCommand::grace) is over.
    ///
    /// When this returns, the server and all processes it started are gone, and its output has been read to the end. Calling it
    /// again returns the same [`Ending`].
    ///
    /// # Errors
    ///
    /// [`WaitError`] if the server outlives SIGKILL, or if the system does not tell its status.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, SIGTERM may have been sent; the server stays owned, and a later call starts with a whole new grace.
    pub async fn shutdown(&mut self) -> Result<Ending, WaitError> {
        self.child.shutdown(self.grace).await
    }

    /// Returns the last lines of the server's output, at most 100 and 64 KiB.
    pub fn tail(&self) -> Tail {
        self.child.tail()
    }
}
