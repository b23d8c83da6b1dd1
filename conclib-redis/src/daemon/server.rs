use std::{
    path::{Path, PathBuf},
    process::ExitStatus,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use conclib_process::{__private::Slot, ChildCommand, WaitError};
use tokio::time::{Instant, sleep, timeout_at};

use super::{
    control::{Control, ControlError, SUPERVISOR},
    error::StartRedisError,
    secret::Secret,
};

/// Time in which a server has to be ready. Loading data takes longer: each answer meanwhile starts the time anew, as a server
/// that loads answers only between two pieces of the data.
const READY_LIMIT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(10);

/// Time that a server has to end after SIGTERM: it writes out the rest of its data.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

/// Interval at which a waiting user is told the reason of the wait.
const REPORT: Duration = Duration::from_secs(1);

/// Redis server that is started, once or again, and the slot of its process.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) binary: PathBuf,
    command: ChildCommand,
    socket: PathBuf,
    port: Option<u16>,
    password: Secret,
    restarts: AtomicU64,
    pub(crate) slot: Slot,
}

/// Server process that has answered.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    pub(crate) pid: u32,
    pub(crate) run_id: String,
}

impl Server {
    /// Names the socket and the password by which the supervisor reaches the server that the command starts.
    pub(crate) fn new(
        command: ChildCommand,
        socket: &Path,
        port: Option<u16>,
        password: Secret,
    ) -> Self {
        Self {
            binary: command.program().into(),
            command,
            socket: socket.into(),
            port,
            password,
            restarts: AtomicU64::new(0),
            slot: Slot::default(),
        }
    }

    /// Counts a start after the first.
    pub(crate) fn count_restart(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Starts the server, and returns once it answers. A server that does not get there is ended.
    pub(crate) async fn start(&self) -> Result<Ready, StartRedisError> {
        let Some(pid) = self.slot.start(&self.command)? else {
            // The daemon has closed the slot, and aborts this task too.
            return std::future::pending().await;
        };
        let failure = match self.ready(pid).await {
            Ok(run_id) => return Ok(Ready { pid, run_id }),
            Err(failure) => failure,
        };
        // The output is complete after that.
        self.slot.end(GRACE).await?;
        Err(match failure {
            StartFailure::Exited(status) => self.exited(status),
            StartFailure::Late(last) => StartRedisError::NotReady {
                binary: self.binary.clone(),
                limit: READY_LIMIT,
                last,
                tail: self.slot.tail(),
            },
            StartFailure::Wait(error) => error.into(),
        })
    }

    /// Returns the error for a server that has exited.
    pub(crate) fn exited(&self, status: ExitStatus) -> StartRedisError {
        let tail = self.slot.tail();
        let is_taken = tail
            .lines()
            .any(|line| line.contains("Address already in use"));
        match self.port {
            Some(port) if is_taken => StartRedisError::PortInUse { port },
            _ => StartRedisError::Exited {
                binary: self.binary.clone(),
                status,
                tail,
            },
        }
    }

    /// Asks until the server answers, and returns its run id.
    async fn ready(&self, pid: u32) -> Result<String, StartFailure> {
        let mut reported = Instant::now();
        let mut deadline = Instant::now() + READY_LIMIT;
        let mut last = String::from("none");
        // A refused connection ends a step at once, before its own limit.
        while Instant::now() < deadline {
            let step = timeout_at(deadline, self.run_id());
            match self.unless_exited(step).await? {
                Ok(Ok(run_id)) => return Ok(run_id),
                Ok(Err(error)) => {
                    last = error.to_string();
                    if matches!(error, ControlError::Refused(text) if text.starts_with("LOADING")) {
                        deadline = Instant::now() + READY_LIMIT;
                    }
                }
                Err(_) => break,
            }
            if reported.elapsed() >= REPORT {
                reported = Instant::now();
                tracing::info!(target: "conclib::redis", pid, last, "redis-server is not ready yet");
            }
            self.unless_exited(sleep(PAUSE)).await?;
        }
        Err(StartFailure::Late(last))
    }

    async fn run_id(&self) -> Result<String, ControlError> {
        self.ping().await?.run_id().await
    }

    /// Asks the server over a new connection, as a client would, and returns the connection.
    pub(crate) async fn ping(&self) -> Result<Control, ControlError> {
        let mut control = Control::connect(&self.socket, SUPERVISOR, &self.password).await?;
        control.ask("PING").await?;
        Ok(control)
    }

    async fn unless_exited<T>(&self, step: impl Future<Output = T>) -> Result<T, StartFailure> {
        tokio::select! {
            biased;
            status = self.slot.exit() => Err(status.map_or_else(StartFailure::Wait, StartFailure::Exited)),
            done = step => Ok(done),
        }
    }
}

/// Reason why the wait for a server failed.
enum StartFailure {
    Exited(ExitStatus),
    Late(String),
    Wait(WaitError),
}
