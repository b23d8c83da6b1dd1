//! A table of a system, when the process gets SIGUSR1.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Weak};
use std::thread;

use tokio::runtime::Builder;
use tokio::select;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::registry::Shared;

/// While this lives, SIGUSR1 has its system [dumped](super::System::dump) to
/// the standard error: [`System::dump_on_sigusr1`](super::System::dump_on_sigusr1).
#[must_use = "dropped, it does nothing any more"]
pub struct DumpOnSignal {
    /// Its end is the end of the thread.
    _stop: oneshot::Sender<()>,
}

impl DumpOnSignal {
    pub(super) fn new(system: &Arc<Shared>) -> io::Result<Self> {
        // A runtime of its own: that of the actors may be what hangs.
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
                    // What was dropped before a signal says nothing to it.
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

/// False if there is no system any more.
fn print(system: &Weak<Shared>) -> bool {
    let Some(system) = system.upgrade() else {
        return false;
    };
    let dump = system.snapshot().to_string();
    // Nobody hears of it if there is no standard error to tell it.
    let _ = io::stderr().write_all(dump.as_bytes());
    true
}

impl fmt::Debug for DumpOnSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DumpOnSignal").finish_non_exhaustive()
    }
}
