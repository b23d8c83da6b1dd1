use std::{
    io,
    process::ExitStatus,
    thread,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use tokio::{
    io::AsyncReadExt as _,
    process::{Child, ChildStdout},
    time::timeout,
};

use crate::{ending::Ending, error::WaitError, guard::Guard};

/// Time for a killed child to vanish, before its owner gets an error, and
/// before a drop stops blocking.
const KILL_LIMIT: Duration = Duration::from_secs(5);
const DROP_LIMIT: Duration = Duration::from_millis(250);

/// Child and its guard: one process group.
#[derive(Debug)]
pub(crate) struct ChildGroup {
    pub(crate) pid: u32,
    /// Only this field reaps the child, so that nothing waits for a process id
    /// that belongs to another process by then.
    pub(crate) child: Child,
    /// Pipe from the guard: until it yields a byte or ends, SIGTERM could still
    /// end the guard.
    pub(crate) guard_ready: ChildStdout,
    pub(crate) guard: Guard,
}

impl ChildGroup {
    pub(crate) async fn wait(&mut self) -> Result<ExitStatus, WaitError> {
        self.child.wait().await.map_err(|source| self.lost(source))
    }

    pub(crate) fn try_status(&mut self) -> Result<Option<ExitStatus>, WaitError> {
        self.child.try_wait().map_err(|source| self.lost(source))
    }

    /// Asks the child to end, and kills it when the grace is over. Others of
    /// its group may still be there.
    pub(crate) async fn end(&mut self, grace: Duration) -> Result<Ending, WaitError> {
        if let Some(status) = self.try_status()? {
            return Ok(Ending::Earlier(status));
        }
        if let Ok(status) = timeout(grace, self.terminate(grace)).await {
            return Ok(Ending::InGrace(status?));
        }
        self.guard.signal(Signal::SIGKILL);
        match timeout(KILL_LIMIT, self.wait()).await {
            Ok(status) => Ok(Ending::Killed(status?)),
            Err(_) => Err(WaitError::Survived {
                pid: self.pid,
                limit: KILL_LIMIT,
            }),
        }
    }

    async fn terminate(&mut self, grace: Duration) -> Result<ExitStatus, WaitError> {
        if !grace.is_zero() {
            let _ = self.guard_ready.read_u8().await;
            self.guard.signal(Signal::SIGTERM);
        }
        self.wait().await
    }

    /// Kills the whole group and reaps the child, without a runtime. Blocks for
    /// the usual time of a kill; a thread takes over if the kernel needs
    /// longer.
    pub(crate) fn kill_and_reap(mut self) {
        self.guard.signal(Signal::SIGKILL);
        if self.reaped_within(DROP_LIMIT) {
            return;
        }
        let reaper = thread::Builder::new().name("conclib-reaper".into());
        if reaper
            .spawn(move || self.reaped_within(Duration::MAX))
            .is_err()
        {
            tracing::warn!(target: "conclib::process", "a killed child could not be waited for: no thread");
        }
    }

    /// Polls, because the child of tokio has no blocking wait and nothing else
    /// may reap it.
    fn reaped_within(&mut self, limit: Duration) -> bool {
        let start = Instant::now();
        let mut pause = Duration::from_micros(100);
        while let Ok(None) = self.child.try_wait() {
            if start.elapsed() >= limit {
                return false;
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
        true
    }

    fn lost(&self, source: io::Error) -> WaitError {
        WaitError::Lost {
            pid: self.pid,
            source,
        }
    }
}
