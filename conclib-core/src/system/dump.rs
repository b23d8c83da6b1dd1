//! Dump of a system to the standard error on SIGUSR1.

use std::io::{self, Write};
use std::sync::{Arc, Weak};
use std::{fmt, thread};

use tokio::runtime::Builder;
use tokio::select;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::node::SystemInner;

/// Guard of a signal listener: while it lives, SIGUSR1 [dumps](super::System::dump) its system to
/// the standard error. Made by [`System::dump_on_sigusr1`](super::System::dump_on_sigusr1).
#[must_use = "dropped, it does nothing any more"]
pub struct DumpOnSignal {
    /// Sender whose drop ends the thread.
    _stop: oneshot::Sender<()>,
}

impl DumpOnSignal {
    pub(super) fn new(system: &Arc<SystemInner>) -> io::Result<Self> {
        // A runtime of its own, since the runtime of the actors may be the one that hangs.
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let mut signals = {
            let _inside = runtime.enter();
            signal(SignalKind::user_defined1())?
        };
        let (stop, mut stopped) = oneshot::channel();
        let system = Arc::downgrade(system);
        let run = async move {
            loop {
                select! {
                    // A guard that was dropped before a signal must not dump any more.
                    biased;
                    _ = &mut stopped => return,
                    signal = signals.recv() => if signal.is_none() || !print(&system) {
                        return;
                    },
                }
            }
        };
        thread::Builder::new()
            .name("conclib-dump".to_owned())
            .spawn(move || runtime.block_on(run))?;
        Ok(Self { _stop: stop })
    }
}

/// Prints the dump. Returns false if the system is gone.
fn print(system: &Weak<SystemInner>) -> bool {
    let Some(system) = system.upgrade() else {
        return false;
    };
    let dump = system.snapshot().to_string();
    // An error of writing to the standard error cannot be reported.
    let _ = io::stderr().write_all(dump.as_bytes());
    true
}

impl fmt::Debug for DumpOnSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DumpOnSignal").finish_non_exhaustive()
    }
}
