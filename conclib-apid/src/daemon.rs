use std::{fmt, sync::Arc, time::Duration};

use conclib_core::Restart;
use conclib_process::{Ending, Tail, WaitError};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    health::without_query,
    server::Server,
    state::{ApiEnd, ApiState},
    watch::watch,
};

/// A running web server that answered its health check.
///
/// Returned by [`start_api`](crate::start_api). The server ends by
/// [`shutdown`](Self::shutdown), at once when the daemon is dropped, also by a
/// panic, and when the owner is gone, also by `kill -9`; always together with
/// the processes that it started itself.
///
/// A server that exits by itself is reaped at once, and an event of `tracing`
/// with the target `conclib::apid` says so. If its command has a
/// [`restart`](crate::ApiCommand::restart) policy that allows it, the server is
/// started again; otherwise [`exited`](Self::exited) resolves. A task in the
/// runtime in which `start_api` was called does this.
///
/// # Examples
///
/// ```
/// use conclib::error::WaitError;
/// use conclib::prelude::*;
/// # mod conclib { pub use conclib_apid as prelude; pub use conclib_apid as error; }
///
/// /// Serves until somebody interrupts, or the server fails.
/// async fn serve(mut api: ApiDaemon, interrupted: impl Future<Output = ()>) -> Result<(), WaitError> {
///     tokio::select! {
///         () = interrupted => println!("stopping {}", api.health_url()),
///         end = api.exited() => println!("the server {end}; its last output: {}", api.tail()),
///     }
///     api.shutdown().await?;
///     Ok(())
/// }
/// ```
#[must_use = "dropping it kills the server"]
pub struct ApiDaemon {
    server: Arc<Server>,
    grace: Duration,
    state: watch::Sender<ApiState>,
    /// Task that watches the server; `None` once the server is known to have
    /// ended.
    watcher: Option<JoinHandle<()>>,
}

impl ApiDaemon {
    pub(crate) fn new(server: Arc<Server>, pid: u32, grace: Duration, restart: Restart) -> Self {
        let state = watch::Sender::new(ApiState::Healthy { pid });
        let watcher = tokio::spawn(watch(Arc::clone(&server), state.clone(), restart));
        Self {
            server,
            grace,
            state,
            watcher: Some(watcher),
        }
    }

    /// Returns the process id of the server, also after its end; after a restart it is another one.
    pub fn id(&self) -> u32 {
        self.server.slot.pid()
    }

    /// Returns the URL that answered with status 200, as it was given.
    pub fn health_url(&self) -> &str {
        &self.server.url
    }

    /// Waits until the server has ended for good, and returns the [`ApiEnd`](crate::ApiEnd): the server exited and is not
    /// started again, was shut down, or the daemon was dropped. Any number of tasks may wait, and the future does not borrow.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is lost if the future is dropped.
    pub fn exited(&self) -> impl Future<Output = ApiEnd> + Send + use<> {
        let mut state = self.state.subscribe();
        async move {
            let ended = state.wait_for(|state| matches!(state, ApiState::Ended(_)));
            match ended.await.as_deref() {
                Ok(ApiState::Ended(end)) => end.clone(),
                // A dropped daemon sends its end first, so a closed channel
                // means a drop.
                _ => ApiEnd::Dropped,
            }
        }
    }

    /// Returns a receiver for the state of the server: healthy, restarting, or
    /// ended. A receiver that is read seldom sees only the newest state.
    pub fn state(&self) -> watch::Receiver<ApiState> {
        self.state.subscribe()
    }

    /// Ends the server: SIGTERM, and SIGKILL when the [`grace`](crate::ApiCommand::grace) is over. The server is not started again.
    ///
    /// The server and all processes it started are gone when this returns, and
    /// their output has been read to the end. Another call returns the same
    /// [`Ending`].
    ///
    /// # Errors
    ///
    /// [`WaitError`] if the server outlives SIGKILL, or if the system does not tell its status.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, SIGTERM may have been sent; the server stays owned, and a later call starts with a whole new grace.
    pub async fn shutdown(&mut self) -> Result<Ending, WaitError> {
        self.server.slot.close();
        if let Some(watcher) = &mut self.watcher {
            watcher.abort();
            // The task has put the child back into its slot now.
            let _ = watcher.await;
            self.watcher = None;
        }
        let ending = self.server.slot.end(self.grace).await?;
        self.ended(ApiEnd::ShutDown(ending));
        Ok(ending)
    }

    /// Returns the last lines of output of the current server process, at most
    /// 100 lines and 64 KiB.
    pub fn tail(&self) -> Tail {
        self.server.slot.tail()
    }

    /// The first end counts.
    fn ended(&self, end: ApiEnd) {
        self.state.send_if_modified(|state| {
            let first = !matches!(state, ApiState::Ended(_));
            if first {
                *state = ApiState::Ended(end);
            }
            first
        });
    }
}

impl Drop for ApiDaemon {
    fn drop(&mut self) {
        if let Some(watcher) = &self.watcher {
            watcher.abort();
        }
        self.server.slot.clear();
        self.ended(ApiEnd::Dropped);
    }
}

impl fmt::Debug for ApiDaemon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiDaemon")
            .field("program", &self.server.program)
            .field("id", &self.id())
            .field("health_url", &without_query(self.health_url()))
            .field("state", &*self.state.borrow())
            .finish_non_exhaustive()
    }
}
