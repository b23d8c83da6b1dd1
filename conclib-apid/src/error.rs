use std::{io, process::ExitStatus, time::Duration};

use conclib_process::{SpawnError, Tail, WaitError};
use thiserror::Error;

/// Number of the last lines of output that an error text shows; the error itself has all of the tail.
const SHOWN_LINES: usize = 10;

/// Reason why a web server could not be started; nothing of it is left running.
///
/// # Examples
///
/// ```
/// use conclib::error::StartApiError;
/// use conclib::prelude::*;
///
/// # mod conclib { pub use conclib_apid as prelude; pub use conclib_apid as error; }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let command = ApiCommand::new("sh").args(["-c", "echo no such table; exit 3"]);
/// let error = start_api(command.health("http://127.0.0.72:8000/healthz")).await.unwrap_err();
///
/// assert!(matches!(&error, StartApiError::Exited { status, .. } if status.code() == Some(3)));
/// assert!(error.to_string().ends_with("its last output:\nno such table"));
/// # }
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartApiError {
    /// The health URL is invalid. Nothing was started. The URL itself is not
    /// shown: it may hold a password.
    #[error(
        "the health URL of `{program}` cannot be asked: {source}; give one like http://127.0.0.1:8000/healthz"
    )]
    HealthUrl {
        /// The program that was to be started.
        program: String,
        /// Mistake in the URL.
        source: HealthUrlError,
    },
    /// Another program listens at the address of the server, and its answers
    /// would be taken for those of the server. Nothing was started.
    #[error(
        "something else already listens at `{address}`, where `{program}` is to listen: stop it or choose another port"
    )]
    AddressTaken {
        /// The program that was to be started.
        program: String,
        /// Host and port of the health URL.
        address: String,
    },
    /// The program could not be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// The program exited before it was healthy.
    #[error(
        "`{program}` exited before it was healthy, with {status}{}",
        shown(tail)
    )]
    Exited {
        /// The program that was started.
        program: String,
        /// The exit status of the server.
        status: ExitStatus,
        /// The last lines of its output.
        tail: Tail,
    },
    /// The program ran and was not healthy in time. It was shut down.
    #[error(
        "`{program}` was not healthy after {timeout:?} and was ended; the last thing `{url}` gave was: {last}{}",
        shown(tail)
    )]
    NotHealthy {
        /// The program that was started.
        program: String,
        /// The health URL, without its query.
        url: String,
        /// The time that the server was given.
        timeout: Duration,
        /// The result of the last health check.
        #[source]
        last: Unhealthy,
        /// The last lines of its output.
        tail: Tail,
    },
    /// The program was started, and its end could not be observed.
    #[error(transparent)]
    Wait(#[from] WaitError),
}

/// Mistake in a health URL.
///
/// # Examples
///
/// ```
/// use conclib::error::{HealthUrlError, StartApiError};
/// use conclib::prelude::*;
///
/// # mod conclib { pub use conclib_apid as prelude; pub use conclib_apid as error; }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let error = start_api(ApiCommand::new("my-web-server").health("https://localhost/healthz")).await.unwrap_err();
/// assert!(matches!(error, StartApiError::HealthUrl { source: HealthUrlError::NotHttp, .. }));
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HealthUrlError {
    /// The text is not a URL.
    #[error("it is not a URL: {0}")]
    Malformed(String),
    /// The scheme is not `http`.
    #[error("only http:// is supported")]
    NotHttp,
    /// The URL has no host.
    #[error("it names no host")]
    NoHost,
    /// The URL has a user name or password, which would not be sent.
    #[error("it has a user name or password, which health checks do not send")]
    Credentials,
    /// The port is no number from 1 to 65535.
    #[error("its port is no number from 1 to 65535")]
    Port,
}

/// Reason why a server does not count as healthy.
///
/// # Examples
///
/// ```
/// # mod conclib { pub use conclib_apid as error; }
/// use conclib::error::Unhealthy;
///
/// assert_eq!(Unhealthy::Status(503).to_string(), "status 503");
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Unhealthy {
    /// No connection could be made, as is usual while a server starts.
    #[error("no connection: {0}")]
    Unreachable(#[source] io::Error),
    /// The server answered with a status that is not 200.
    #[error("status {0}")]
    Status(u16),
    /// The server did not answer in time.
    #[error("no answer within {0:?}")]
    Silent(Duration),
    /// The server answered with something else than HTTP, or closed the connection without an answer.
    #[error("no valid HTTP answer: {0}")]
    Garbled(#[source] Box<dyn std::error::Error + Send + Sync>),
}

fn shown(tail: &Tail) -> String {
    let skipped = tail.lines().len().saturating_sub(SHOWN_LINES);
    let lines: Vec<_> = tail.lines().skip(skipped).collect();
    if lines.is_empty() {
        ", without any output".into()
    } else {
        format!("; its last output:\n{}", lines.join("\n"))
    }
}
