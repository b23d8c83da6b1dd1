//! The signals of the process.

use std::future::{Future, IntoFuture};
use std::time::Duration;
use std::{io, process, thread};

use tokio::runtime::{Builder, Handle};
use tokio::select;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::System;
use super::shutdown::ShutdownReport;

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

    async fn next(&mut self) -> Name {
        select! {
            _ = self.interrupt.recv() => Name("SIGINT", 2),
            _ = self.terminate.recv() => Name("SIGTERM", 15),
        }
    }
}

/// A signal, and its number.
struct Name(&'static str, i32);

/// Time that the end has after the second signal.
const LAST_RESORT: Duration = Duration::from_secs(3);

/// Ends the process after a second signal, until this is dropped: turns that
/// never await may hold every thread of the runtime, so that nothing else can.
struct LastResort {
    /// Ends the thread when it is dropped.
    _stop: oneshot::Sender<()>,
}

impl LastResort {
    fn install() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let mut signals = {
            let _inside = runtime.enter();
            Signals::install()?
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let exit = async move {
            signals.next().await;
            let Name(_, number) = signals.next().await;
            sleep(LAST_RESORT).await;
            process::exit(128 + number);
        };
        let run = async move {
            select! {
                biased;
                _ = stopped => {}
                () = exit => {}
            }
        };
        thread::Builder::new()
            .name("conclib-signals".to_owned())
            .spawn(move || runtime.block_on(run))?;
        Ok(Self { _stop: stop })
    }
}

/// Listens from the call on, not only once it is polled: a program may say that
/// it is ready between the two.
pub(super) fn run_until_signal(
    system: &System,
) -> impl Future<Output = io::Result<ShutdownReport>> {
    let installed = Signals::install().and_then(|signals| Ok((signals, LastResort::install()?)));
    async move {
        let (signals, _last_resort) = installed?;
        run(system, signals).await
    }
}

async fn run(system: &System, mut signals: Signals) -> io::Result<ShutdownReport> {
    let Name(name, _) = signals.next().await;
    tracing::info!(target: "conclib", system = system.name(), signal = name, "shutting down");
    let mut orderly = system.shutdown().into_future();
    select! {
        report = &mut orderly => return Ok(report),
        Name(name, _) = signals.next() => {
            tracing::warn!(target: "conclib", system = system.name(), signal = name, "ending at once");
        }
    }
    drop(orderly);
    Ok(system.shutdown().deadline(Duration::ZERO).await)
}
