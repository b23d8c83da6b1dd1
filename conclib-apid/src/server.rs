use std::{
    process::ExitStatus,
    time::{Duration, Instant},
};

use conclib_process::{__private::Slot, ChildCommand, WaitError};
use tokio::time::{sleep, timeout};

use crate::{
    error::{StartApiError, Unhealthy},
    health::{HealthUrl, without_query},
};

/// Shortest and longest pause between two health checks. The first is short,
/// because many servers are up at once.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Interval at which a waiting user is told the reason of the wait.
const REPORT: Duration = Duration::from_secs(1);

/// Web server that is started, once or again, and the slot of its process.
#[derive(Debug)]
pub(crate) struct Server {
    command: ChildCommand,
    pub(crate) program: String,
    pub(crate) url: String,
    health: HealthUrl,
    timeout: Duration,
    pub(crate) slot: Slot,
}

impl Server {
    pub(crate) fn new(
        command: ChildCommand,
        program: String,
        url: String,
        health: HealthUrl,
        timeout: Duration,
    ) -> Self {
        Self {
            command,
            program,
            url,
            health,
            timeout,
            slot: Slot::default(),
        }
    }

    /// Starts the server, and returns its process id once it is healthy. A server that does not get there is ended within `grace`.
    pub(crate) async fn start(&self, grace: Duration) -> Result<u32, StartApiError> {
        let program = self.program.clone();
        if self.health.is_taken().await {
            return Err(StartApiError::AddressTaken {
                program,
                address: format!("{}:{}", self.health.host, self.health.port),
            });
        }
        let Some(pid) = self.slot.start(&self.command)? else {
            // The daemon has closed the slot, and aborts this task too.
            return std::future::pending().await;
        };
        let Err(failure) = self.healthy_in_time(pid).await else {
            return Ok(pid);
        };
        // A child that has exited may have left processes of its own behind.
        // They are ended too, and then the output is complete.
        self.slot.end(grace).await?;
        let tail = self.slot.tail();
        Err(match failure {
            StartFailure::Exited(status) => StartApiError::Exited {
                program,
                status,
                tail,
            },
            StartFailure::Late(last) => StartApiError::NotHealthy {
                program,
                url: without_query(&self.url).to_owned(),
                timeout: self.timeout,
                last,
                tail,
            },
            StartFailure::Wait(error) => error.into(),
        })
    }

    async fn healthy_in_time(&self, pid: u32) -> Result<(), StartFailure> {
        let mut last = None;
        match timeout(self.timeout, self.healthy(pid, &mut last)).await {
            Ok(result) => result,
            Err(_) => Err(StartFailure::Late(
                last.unwrap_or(Unhealthy::Silent(self.timeout)),
            )),
        }
    }

    /// Asks until the answer has status 200, and leaves every other answer in
    /// `last`.
    async fn healthy(&self, pid: u32, last: &mut Option<Unhealthy>) -> Result<(), StartFailure> {
        let mut pause = FIRST_PAUSE;
        let mut reported = Instant::now();
        loop {
            let unhealthy = match self.unless_exited(self.health.probe()).await? {
                // Another process may listen at the address since then, and
                // have answered in place of a child that failed.
                Ok(()) => match self.slot.try_status().map_err(StartFailure::Wait)? {
                    None => return Ok(()),
                    Some(status) => return Err(StartFailure::Exited(status)),
                },
                Err(unhealthy) => last.insert(unhealthy),
            };
            if reported.elapsed() >= REPORT {
                reported = Instant::now();
                let (program, address) = (&self.program, &self.health.authority);
                tracing::info!(target: "conclib::apid", program, pid, address, last = %unhealthy, "not healthy yet");
            }
            self.unless_exited(sleep(pause)).await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn unless_exited<T>(&self, step: impl Future<Output = T>) -> Result<T, StartFailure> {
        tokio::select! {
            biased;
            status = self.slot.exit() => Err(status.map_or_else(StartFailure::Wait, StartFailure::Exited)),
            done = step => Ok(done),
        }
    }
}

/// Reason why the wait for a healthy server failed.
enum StartFailure {
    Exited(ExitStatus),
    Late(Unhealthy),
    Wait(WaitError),
}
