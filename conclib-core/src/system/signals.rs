//! Shutdown on the signals SIGINT and SIGTERM.

use std::future::{Future, IntoFuture};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{io, process, thread};

use tokio::runtime::{Builder, Handle};
use tokio::select;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::System;
use super::shutdown::{DEADLINE, ShutdownReport};

/// Listener for SIGINT and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn install() -> io::Result<Self> {
        // tokio panics if no runtime is entered.
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

/// Name and number of a signal.
struct Name(&'static str, i32);

/// Time that the shutdown has after its deadline, or after the second signal, to have a turn on the
/// runtime.
const LAST_RESORT: Duration = Duration::from_secs(3);

/// Set by a second signal: nothing is waited for any more.
static HURRIED: AtomicBool = AtomicBool::new(false);

/// Returns true if a second signal has ended a system of this process at once.
#[cfg(feature = "main")]
pub(crate) fn is_hurried() -> bool {
    HURRIED.load(Ordering::Relaxed)
}

/// Guard of a thread that ends the process after a signal if nothing else can: turns that never
/// await may hold every thread of the runtime.
struct LastResort {
    /// Sender whose drop ends the thread.
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
        let held = held(Handle::try_current().map_err(io::Error::other)?);
        let exit = async move {
            let Name(_, mut number) = signals.next().await;
            select! {
                () = held => {}
                Name(_, second) = signals.next() => {
                    number = second;
                    sleep(LAST_RESORT).await;
                }
            }
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

/// Waits for the deadline of a shutdown that begins now, and from then on until every thread of a
/// runtime is held for [`LAST_RESORT`].
async fn held(runtime: Handle) {
    sleep(DEADLINE).await;
    while timeout(LAST_RESORT, runtime.spawn(async {})).await.is_ok() {
        sleep(LAST_RESORT).await;
    }
}

/// Waits for a signal and shuts the system down. Listens from the call on, not from the first poll:
/// a program may announce that it is ready between the two.
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
    HURRIED.store(true, Ordering::Relaxed);
    drop(orderly);
    Ok(system.shutdown().deadline(Duration::ZERO).await)
}
