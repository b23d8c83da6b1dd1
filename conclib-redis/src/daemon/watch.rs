use std::{process::ExitStatus, sync::Arc, time::Duration};

use conclib_core::{__private::History, Backoff, Restart};
use tokio::{sync::watch, time::sleep};

use super::{
    error::StartRedisError,
    health,
    server::{Ready, Server},
    state::{RedisEnd, RedisState},
};
use crate::meter::ServerMeter;

/// Policy for servers that exit: five restarts in a minute, after pauses of 100 ms to 5 s.
fn policy() -> Restart {
    let backoff = Backoff::from(Duration::from_millis(100)).up_to(Duration::from_secs(5));
    Restart::on_failure()
        .max(5, Duration::from_secs(60))
        .backoff(backoff)
}

/// Watches a server, and starts it again when it exits, until it does so too often.
pub(crate) async fn watch(
    server: Arc<Server>,
    mut ready: Ready,
    state: watch::Sender<RedisState>,
    meter: Option<ServerMeter>,
) {
    let mut history = History::new(policy());
    let error = loop {
        let restarted = match health::exit(&server, &ready, &state, meter.as_ref()).await {
            Ok(status) => {
                state.send_replace(RedisState::Restarting { status });
                restart(&server, &mut history, status).await
            }
            Err(error) => Err(error.into()),
        };
        match restarted {
            Ok(next) => ready = next,
            Err(error) => break error,
        }
        server.count_restart();
        if let Some(meter) = &meter {
            meter.restarted();
        }
        tracing::info!(target: "conclib::redis", pid = ready.pid, "redis-server was started again");
        state.send_replace(RedisState::from(&ready));
    };
    let end = RedisEnd::GaveUp(Arc::new(error));
    tracing::error!(target: "conclib::redis", "redis-server {end}");
    state.send_replace(RedisState::Ended(end));
}

/// Starts a server again that has exited, after a pause. Returns the last error when the policy forbids the next attempt.
async fn restart(
    server: &Server,
    history: &mut History,
    status: ExitStatus,
) -> Result<Ready, StartRedisError> {
    // A process that the server has left behind would still write to its files. The output is complete after that.
    server.slot.end(Duration::ZERO).await?;
    let mut error = server.exited(status);
    while let Some(delay) = history.after_failure() {
        tracing::warn!(target: "conclib::redis", ?delay, %error, "redis-server is started again");
        sleep(delay).await;
        history.begin_in(Duration::ZERO);
        match server.start().await {
            Ok(ready) => return Ok(ready),
            Err(next) => error = next,
        }
    }
    Err(error)
}
