use std::{
    process::ExitStatus,
    time::{Duration, Instant},
};

use conclib_process::{OwnedChild, SpawnError, WaitError};
use tokio::{
    runtime::Handle,
    time::{sleep, timeout},
};

use crate::{
    command::{ApiCommand, Health},
    daemon::ApiDaemon,
    error::{StartApiError, Unhealthy},
    health::HealthUrl,
};

/// The pauses between two questions: short at first, because many servers are up at once.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// How often a waiting user is told what is being waited for.
const REPORT: Duration = Duration::from_secs(1);

/// Starts a web server, and returns once its health URL answers with status 200.
///
/// The URL is asked again and again, with pauses of 5 to 100 ms and at most half a second for each answer. Only status 200 is
/// healthy; redirects are not followed. Where the URL points to nobody may listen before the start, or that one would be
/// taken for the server.
///
/// # Errors
///
/// Each variant of [`StartApiError`] says what happened, with the last lines of the server's output where there are any. An exit is
/// noticed at once. When an error is returned, the server is gone: one that did not become healthy was shut down, so that
/// error comes after the [`timeout`](ApiCommand::timeout) and, if the server ignores SIGTERM, the [`grace`](ApiCommand::grace).
///
/// # Panics
///
/// In a tokio runtime whose I/O or timers are not enabled.
///
/// # Cancel safety
///
/// If the future is dropped, the server is killed.
///
/// # Examples
///
/// ```
/// use conclib_apid::{ApiCommand, StartApiError, start_api};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let result = start_api(ApiCommand::new("false").health("http://127.0.0.73:8000/healthz")).await;
/// assert!(matches!(result, Err(StartApiError::Exited { .. })));
/// # }
/// ```
///
/// The [crate docs](crate) have one that works.
pub async fn start_api(command: ApiCommand<Health>) -> Result<ApiDaemon, StartApiError> {
    let ApiCommand {
        child: command,
        health: Health { url },
        timeout: limit,
        grace,
    } = command;
    let program = command.program().to_string_lossy().into_owned();
    let health = match HealthUrl::parse(&url) {
        Ok(health) => health,
        Err(source) => return Err(StartApiError::HealthUrl { program, source }),
    };
    if Handle::try_current().is_err() {
        return Err(SpawnError::NoRuntime { program }.into());
    }
    if health.is_taken().await {
        return Err(StartApiError::AddressTaken {
            program,
            address: format!("{}:{}", health.host, health.port),
        });
    }

    let mut child = command.spawn()?;
    let Err(failure) = healthy_within(limit, &mut child, &health, &program).await else {
        return Ok(ApiDaemon::new(child, url, grace));
    };
    // A child that has exited may have left others behind. They go too, and the output is complete afterwards.
    child.shutdown(grace).await?;
    let tail = child.tail();
    Err(match failure {
        Failure::Exited(status) => StartApiError::Exited {
            program,
            status,
            tail,
        },
        Failure::Late(last) => StartApiError::NotHealthy {
            program,
            url,
            timeout: limit,
            last,
            tail,
        },
        Failure::Wait(error) => error.into(),
    })
}

/// Why the waiting ended without success.
enum Failure {
    Exited(ExitStatus),
    Late(Unhealthy),
    Wait(WaitError),
}

async fn healthy_within(
    limit: Duration,
    child: &mut OwnedChild,
    health: &HealthUrl,
    program: &str,
) -> Result<(), Failure> {
    let mut last = None;
    match timeout(limit, healthy(child, health, program, &mut last)).await {
        Ok(result) => result,
        Err(_) => Err(Failure::Late(last.unwrap_or(Unhealthy::Silent(limit)))),
    }
}

/// Asks until the answer is 200, and leaves every other answer in `last`.
async fn healthy(
    child: &mut OwnedChild,
    health: &HealthUrl,
    program: &str,
    last: &mut Option<Unhealthy>,
) -> Result<(), Failure> {
    let mut pause = FIRST_PAUSE;
    let mut reported = Instant::now();
    loop {
        let unhealthy = match unless_exited(child, health.probe()).await? {
            // Somebody else may have been faster to listen there, and have answered in the place of a child that failed.
            Ok(()) => match child.try_status().map_err(Failure::Wait)? {
                None => return Ok(()),
                Some(status) => return Err(Failure::Exited(status)),
            },
            Err(unhealthy) => last.insert(unhealthy),
        };
        if reported.elapsed() >= REPORT {
            reported = Instant::now();
            let address = &health.authority;
            tracing::info!(target: "conclib::apid", program, pid = child.id(), address, last = %unhealthy, "not healthy yet");
        }
        unless_exited(child, sleep(pause)).await?;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn unless_exited<T>(
    child: &mut OwnedChild,
    step: impl Future<Output = T>,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        status = child.wait() => Err(status.map_or_else(Failure::Wait, Failure::Exited)),
        done = step => Ok(done),
    }
}
