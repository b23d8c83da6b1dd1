//! The signals of the process.

use std::io;

use tokio::runtime::Handle;
use tokio::select;
use tokio::signal::unix::{Signal, SignalKind, signal};

use std::future::{Future, IntoFuture};

use super::{ShutdownReport, System};

/// SIGINT and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn install() -> io::Result<Self> {
        // tokio panics where there is no runtime.
        Handle::try_current().map_err(io::Error::other)?;
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

/// Listens from the call on, not only once it is polled: a program may say that
/// it is ready between the two.
pub(super) fn run_until_signal(
    system: &System,
) -> impl Future<Output = io::Result<ShutdownReport>> {
    let signals = Signals::install();
    async move { run(system, signals?).await }
}

async fn run(system: &System, mut signals: Signals) -> io::Result<ShutdownReport> {
    let name = signals.next().await;
    tracing::info!(target: "conclib", system = system.name(), signal = name, "shutting down");
    let mut orderly = system.shutdown().into_future();
    select! {
        report = &mut orderly => return Ok(report),
        name = signals.next() => {
            tracing::warn!(target: "conclib", system = system.name(), signal = name, "ending at once");
        }
    }
    drop(orderly);
    Ok(system.shutdown().deadline(std::time::Duration::ZERO).await)
}
