use std::sync::Arc;

use conclib_process::SpawnError;
use tokio::runtime::Handle;

use crate::{
    command::{ApiCommand, Health},
    daemon::ApiDaemon,
    error::StartApiError,
    health::HealthUrl,
    server::Server,
};

/// Starts a web server, and returns once its health URL answers with status 200.
///
/// The URL is asked again and again, with pauses of 5 to 100 ms and at most
/// half a second for each answer. Only status 200 is healthy; redirects are not
/// followed. No other program may listen at the address of the URL before the
/// start: its answers would be taken for those of the server.
///
/// # Errors
///
/// Each variant of [`StartApiError`] says what happened, with the last lines of the server's output where there are any. An exit is
/// noticed at once. When an error is returned, the server is gone: one that did not become healthy was shut down, so that
/// error comes after the [`timeout`](ApiCommand::timeout) and, if the server ignores SIGTERM, the [`grace`](ApiCommand::grace).
///
/// # Panics
///
/// In a tokio runtime whose I/O or timers are not enabled.
///
/// # Cancel safety
///
/// If the future is dropped, the server is killed.
///
/// # Examples
///
/// ```
/// use conclib::prelude::*;
///
/// # mod conclib { pub use conclib_apid as prelude; }
/// # const SERVER: &str = r#"
/// #     use IO::Socket::INET;
/// #     my $s = IO::Socket::INET->new(LocalAddr => $ARGV[0], Listen => 8, ReuseAddr => 1) or die $!;
/// #     while (my $c = $s->accept) {
/// #         while (<$c>) { last if $_ eq "\r\n" }
/// #         print $c "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/// #     }
/// # "#;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Any program that serves HTTP in the foreground.
/// let server = ApiCommand::new("perl").args(["-e", SERVER, "127.0.0.74:8000"]);
/// let mut api = start_api(server.health("http://127.0.0.74:8000/healthz")).await?;
/// // … it serves until:
/// api.shutdown().await?;
/// # Ok(())
/// # }
/// ```
///
/// A server that does not become healthy is an error:
///
/// ```
/// use conclib::error::StartApiError;
/// use conclib::prelude::*;
///
/// # mod conclib { pub use conclib_apid as prelude; pub use conclib_apid as error; }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let result = start_api(ApiCommand::new("false").health("http://127.0.0.73:8000/healthz")).await;
/// assert!(matches!(result, Err(StartApiError::Exited { .. })));
/// # }
/// ```
pub async fn start_api(command: ApiCommand<Health>) -> Result<ApiDaemon, StartApiError> {
    let ApiCommand {
        child: command,
        health: Health { url },
        timeout,
        grace,
        restart,
    } = command;
    let program = command.program().to_string_lossy().into_owned();
    let health = match HealthUrl::parse(&url) {
        Ok(health) => health,
        Err(source) => return Err(StartApiError::HealthUrl { program, source }),
    };
    if Handle::try_current().is_err() {
        return Err(SpawnError::NoRuntime { program }.into());
    }
    let server = Arc::new(Server::new(command, program, url, health, timeout));
    let pid = server.start(grace).await?;
    Ok(ApiDaemon::new(server, pid, grace, restart))
}
