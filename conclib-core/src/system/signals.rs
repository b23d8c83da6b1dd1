//! The signals of the process.

use std::io;

use tokio::select;
use tokio::signal::unix::{Signal, SignalKind, signal};

use std::future::IntoFuture;

use super::{ShutdownReport, System};

/// SIGINT and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn install() -> io::Result<Self> {
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

pub(super) async fn run_until_signal(system: &System) -> io::Result<ShutdownReport> {
    let mut signals = Signals::install()?;
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
