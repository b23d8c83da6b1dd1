use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use conclib_process::{Ending, Tail, WaitError};
use tokio::{sync::watch, task::JoinHandle};

use super::{
    run::Run,
    server::{GRACE, Ready, Server},
    snapshot::{RedisSnapshot, snapshot},
    state::{RedisEnd, RedisState},
    url::Urls,
    watch::watch,
};
use crate::meter::ServerMeter;

/// A running Redis server that has answered.
///
/// Returned by [`start_redis`](crate::start_redis). The server ends by [`shutdown`](Self::shutdown), at once when the daemon
/// is dropped, also by a panic, and when the owner is gone, also by `kill -9`.
///
/// A server that exits by itself is started again with the same URL, after a pause of 100 ms that doubles up to 5 s; after
/// five restarts in a minute it stays down, and [`exited`](Self::exited) resolves. Each second the server is asked for its
/// health, and one that has not answered for a minute is killed and started again. A task in the runtime in which
/// `start_redis` was called does this, and reports as events of `tracing` with the target `conclib::redis`.
///
/// # Examples
///
/// ```
/// use conclib_redis::{RedisConfig, WaitError, start_redis};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut redis = start_redis(&RedisConfig::new()).await?;
/// assert!(redis.url().starts_with("redis+unix://conclib:"));
/// assert!(redis.url_without_password().starts_with("redis+unix://conclib@localhost/"));
/// redis.shutdown().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping it kills the server"]
pub struct RedisDaemon {
    server: Arc<Server>,
    urls: Urls,
    state: watch::Sender<RedisState>,
    /// Task that watches the server; `None` once the server is known to have ended.
    watcher: Option<JoinHandle<()>>,
    // Dropped last: the server uses its directories.
    run: Run,
}

impl RedisDaemon {
    pub(crate) fn new(server: Arc<Server>, ready: Ready, urls: Urls, run: Run) -> Self {
        let state = watch::Sender::new(RedisState::from(&ready));
        let meter = ServerMeter::of(&urls.public);
        let watcher = tokio::spawn(watch(Arc::clone(&server), ready, state.clone(), meter));
        Self {
            server,
            urls,
            state,
            watcher: Some(watcher),
            run,
        }
    }

    /// Returns the URL of the server, with user and password: `redis+unix://user:password@localhost/path` or
    /// `redis://user:password@127.0.0.1:port`. It stays the same when the server is started again.
    ///
    /// The URL is a secret: do not log it.
    pub fn url(&self) -> &str {
        &self.urls.full
    }

    /// Returns the URL of the server without the password, for logs.
    pub fn url_without_password(&self) -> &str {
        &self.urls.public
    }

    /// Returns the path of the file `url` in the [`directory`](Self::directory): it holds the whole URL, for other processes of
    /// this user, who alone may read it.
    pub fn url_file(&self) -> PathBuf {
        self.run.url_file()
    }

    /// Returns the process id of the server, also after its end; after a restart it is another one.
    pub fn pid(&self) -> u32 {
        self.server.slot.pid()
    }

    /// Returns the directory of the data: that of [`RedisConfig::directory`](crate::RedisConfig::directory), or a private one
    /// that is removed when the daemon is dropped.
    pub fn directory(&self) -> &Path {
        self.run.directory()
    }

    /// Returns a receiver for the state of the server, which also tells every restart. A receiver that is read seldom sees
    /// only the newest state.
    pub fn state(&self) -> watch::Receiver<RedisState> {
        self.state.subscribe()
    }

    /// Asks the server for its figures, and counts the dead letters in it, for which it looks at all its keys.
    ///
    /// With the feature `metrics` the recorder of the crate `metrics` has the other figures, from each second.
    ///
    /// # Errors
    ///
    /// The server does not answer a command within three seconds: it hangs, is started again at that moment, or has ended.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is left if the future is dropped.
    pub async fn snapshot(&self) -> io::Result<RedisSnapshot> {
        snapshot(&self.server, self.run.password()).await
    }

    /// Waits until the server has ended for good, and returns the [`RedisEnd`]. Any number of tasks may wait, and the future
    /// does not borrow.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is lost if the future is dropped.
    pub fn exited(&self) -> impl Future<Output = RedisEnd> + Send + use<> {
        let mut state = self.state.subscribe();
        async move {
            let ended = state.wait_for(|state| matches!(state, RedisState::Ended(_)));
            match ended.await.as_deref() {
                Ok(RedisState::Ended(end)) => end.clone(),
                // A dropped daemon sends its end first, so a closed channel means a drop.
                _ => RedisEnd::Dropped,
            }
        }
    }

    /// Ends the server: SIGTERM, on which it writes out its data, and SIGKILL after 10 seconds. The server is not started
    /// again. Another call returns the same [`Ending`].
    ///
    /// The server is gone and its output read to the end when this returns, and a next server may use the data.
    ///
    /// # Errors
    ///
    /// [`WaitError`] if the server outlives SIGKILL, or if the system does not tell its status.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, SIGTERM may have been sent; the server stays owned, and a later call starts with a whole new
    /// grace.
    pub async fn shutdown(&mut self) -> Result<Ending, WaitError> {
        self.server.slot.close();
        if let Some(watcher) = &mut self.watcher {
            watcher.abort();
            // The task has put the child back into its slot now.
            let _ = watcher.await;
            self.watcher = None;
        }
        let ending = self.server.slot.end(GRACE).await?;
        self.run.unlock();
        self.ended(RedisEnd::ShutDown(ending));
        Ok(ending)
    }

    /// Returns the last lines of output of the current server process, at most 100 lines and 64 KiB.
    pub fn tail(&self) -> Tail {
        self.server.slot.tail()
    }

    /// The first end counts.
    fn ended(&self, end: RedisEnd) {
        self.state.send_if_modified(|state| {
            let first = !matches!(state, RedisState::Ended(_));
            if first {
                *state = RedisState::Ended(end);
            }
            first
        });
    }
}

impl Drop for RedisDaemon {
    fn drop(&mut self) {
        if let Some(watcher) = &self.watcher {
            watcher.abort();
        }
        self.server.slot.clear();
        self.ended(RedisEnd::Dropped);
    }
}

impl fmt::Debug for RedisDaemon {
    /// Hides the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisDaemon")
            .field("binary", &self.server.binary)
            .field("pid", &self.pid())
            .field("url", &self.url_without_password())
            .field("state", &*self.state.borrow())
            .finish_non_exhaustive()
    }
}
