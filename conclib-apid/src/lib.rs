//! For programs that start a web server of their own: a server as an owned child process, waited
//! for by its health URL.
//!
//! [`start_api`] starts a server program, asks its health URL until that answers with status 200, and returns an [`ApiDaemon`].
//! The server ends when the daemon is shut down or dropped and when its owner is gone, also by `kill -9`. If it does not
//! become healthy, the error says why, with the last lines of its output, and nothing is left running.
//!
//! ```
//! use conclib::prelude::*;
//!
//! # mod conclib { pub use conclib_apid as prelude; }
//! # const SERVER: &str = r#"
//! #     use IO::Socket::INET;
//! #     my $s = IO::Socket::INET->new(LocalAddr => $ARGV[0], Listen => 8, ReuseAddr => 1) or die $!;
//! #     while (my $c = $s->accept) {
//! #         while (<$c>) { last if $_ eq "\r\n" }
//! #         print $c "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
//! #     }
//! # "#;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Any program that serves HTTP in the foreground.
//! let server = ApiCommand::new("perl").args(["-e", SERVER, "127.0.0.71:8000"]);
//! let mut api = start_api(server.health("http://127.0.0.71:8000/healthz")).await?;
//! // … it serves until:
//! api.shutdown().await?;
//! # Ok(())
//! # }
//! ```
//!
//! A command without a health URL cannot be started:
//!
//! ```compile_fail,E0308
//! # mod conclib { pub use conclib_apid as prelude; }
//! use conclib::prelude::*;
//!
//! # async fn start() {
//!
//! start_api(ApiCommand::new("my-web-server")).await;     // error: expected `Health`, found `NoHealth`
//! # }
//! ```
//!
//! and what was not started cannot be waited for or shut down:
//!
//! ```compile_fail,E0599
//! # mod conclib { pub use conclib_apid as prelude; }
//! use conclib::prelude::*;
//!
//! # async fn wait() {
//!
//! ApiCommand::new("my-web-server").health("http://127.0.0.1:8000/healthz").wait().await;
//! # }
//! ```
//!
//! The server's output goes to `tracing`, as [`conclib_process`] describes. While `start_api` waits, it says so once a second with
//! target `conclib::apid`. A later exit of the server is an event with this target, [`ApiDaemon::exited`] tells it, and
//! [`ApiCommand::restart`] says whether it is started again.
//!
//! # Floors
//!
//! A module imports only from modules of lower floors.
//!
//! 1. `command`, `error`, `status`
//! 2. `health`, `state`
//! 3. `probe`
//! 4. `server`
//! 5. `watch`
//! 6. `daemon`
//! 7. `start`

mod command;
mod daemon;
mod error;
mod health;
mod probe;
mod server;
mod start;
mod state;
mod status;
mod watch;

pub use command::{ApiCommand, Health, NoHealth};
pub use conclib_process::{Ending, PrivateDir, PrivateDirError, SpawnError, Tail, WaitError};
pub use daemon::ApiDaemon;
pub use error::{HealthUrlError, StartApiError, Unhealthy};
pub use start::start_api;
pub use state::{ApiEnd, ApiState};
pub use status::status;
