use std::{ffi::OsStr, fmt, path::Path, time::Duration};

use conclib_core::Restart;
use conclib_process::ChildCommand;

/// Default time for a server to become healthy, and to end.
const TIMEOUT: Duration = Duration::from_secs(10);
const GRACE: Duration = Duration::from_secs(5);

/// A web server program, how to start it, and how to tell that it is up.
///
/// Only a command that was given a [`health`](Self::health) URL can be passed to [`start_api`](crate::start_api). The program runs
/// without a shell and must stay in the foreground: one that puts itself in the background counts as exited.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use conclib::prelude::*;
/// # mod conclib { pub use conclib_apid as prelude; }
///
/// let command = ApiCommand::new("my-web-server")
///     .args(["--port", "8000"])
///     .env("DATABASE", "sqlite::memory:")
///     .current_dir("/")
///     .timeout(Duration::from_secs(30))
///     .grace(Duration::from_secs(10))
///     .health("http://127.0.0.1:8000/healthz");
/// ```
#[derive(Debug, Clone)]
#[must_use = "a command does nothing until it is given to `start_api`"]
pub struct ApiCommand<H = NoHealth> {
    pub(crate) child: ChildCommand,
    pub(crate) health: H,
    pub(crate) timeout: Duration,
    pub(crate) grace: Duration,
    pub(crate) restart: Restart,
}

/// State of an [`ApiCommand`] that has no health URL yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoHealth;

/// State of an [`ApiCommand`] that can be started.
#[derive(Clone, PartialEq, Eq)]
pub struct Health {
    pub(crate) url: String,
}

impl fmt::Debug for Health {
    /// Hides the URL: it is not checked yet, and may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").finish_non_exhaustive()
    }
}

impl ApiCommand {
    /// Names the program: a path, or a name that is looked up in `PATH`.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            child: ChildCommand::new(program),
            health: NoHealth,
            timeout: TIMEOUT,
            grace: GRACE,
            restart: Restart::never(),
        }
    }

    /// Sets the URL that answers with status 200 once the server is up:
    /// `http://host[:port][/path]`.
    ///
    /// [`start_api`](crate::start_api) reports an invalid URL before it starts
    /// anything.
    pub fn health(self, url: impl Into<String>) -> ApiCommand<Health> {
        let Self {
            child,
            health: NoHealth,
            timeout,
            grace,
            restart,
        } = self;
        ApiCommand {
            child,
            health: Health { url: url.into() },
            timeout,
            grace,
            restart,
        }
    }
}

impl<H> ApiCommand<H> {
    /// Adds one argument. The program gets it unchanged: there is no shell, so
    /// nothing needs quoting.
    pub fn arg(self, arg: impl AsRef<OsStr>) -> Self {
        Self {
            child: self.child.arg(arg),
            ..self
        }
    }

    /// Adds several arguments.
    pub fn args(self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        Self {
            child: self.child.args(args),
            ..self
        }
    }

    /// Sets an environment variable, in addition to those of the owner. `CONCLIB_AUTHKEY` is not inherited: a server that asks a
    /// proxy over TCP is given it here.
    pub fn env(self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        Self {
            child: self.child.env(key, value),
            ..self
        }
    }

    /// Removes an environment variable: one of the owner is not inherited, and
    /// one set by [`env`](Self::env) is dropped.
    pub fn env_remove(self, key: impl AsRef<OsStr>) -> Self {
        Self {
            child: self.child.env_remove(key),
            ..self
        }
    }

    /// Removes all environment variables: those of the owner are not inherited,
    /// and those set by [`env`](Self::env) so far are dropped.
    pub fn env_clear(self) -> Self {
        Self {
            child: self.child.env_clear(),
            ..self
        }
    }

    /// Sets the directory in which the program runs; by default that of its owner.
    pub fn current_dir(self, dir: impl AsRef<Path>) -> Self {
        Self {
            child: self.child.current_dir(dir),
            ..self
        }
    }

    /// Sets how long the server may take to become healthy; by default 10 seconds.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Sets how long the server may take to end after SIGTERM before it is killed; by default 5 seconds.
    pub fn grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// Sets the policy for starting a server again that was healthy and has
    /// exited. By default it is never started again.
    ///
    /// With [`Restart::on_failure`] it is started again when it exits with
    /// another status than success, or by a signal: with the same settings,
    /// after the pause that the policy says, and asked for its health as at the
    /// first start. A server that does not become healthy is killed, and counts
    /// as a failure too. After more failures than the policy allows the server
    /// is not started any more, and
    /// [`ApiDaemon::exited`](crate::ApiDaemon::exited) resolves.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use conclib::prelude::*;
    /// # mod conclib { pub mod prelude { pub use {conclib_apid::*, conclib_core::*}; } }
    ///
    /// let backoff = Backoff::from(Duration::from_millis(100)).up_to(Duration::from_secs(10));
    /// let command = ApiCommand::new("my-web-server")
    ///     .restart(Restart::on_failure().max(5, Duration::from_secs(60)).backoff(backoff))
    ///     .health("http://127.0.0.1:8000/healthz");
    /// ```
    pub fn restart(self, restart: Restart) -> Self {
        Self { restart, ..self }
    }
}
