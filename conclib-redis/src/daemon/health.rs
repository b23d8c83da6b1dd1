use std::{process::ExitStatus, time::Duration};

use conclib_process::WaitError;
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

use super::{
    control::{ControlError, Figures},
    server::{Ready, Server},
    state::RedisState,
};
use crate::meter::ServerMeter;

/// Pause between two health checks, and time for the answer.
const PAUSE: Duration = Duration::from_secs(1);
pub(crate) const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// Time without an answer after which a server is killed. A long script or a slow disk must not count as a hang: a kill
/// could cost data.
const SILENCE_LIMIT: Duration = Duration::from_secs(60);

/// Waits until a server exits, and kills a server that has stopped answering.
pub(crate) async fn exit(
    server: &Server,
    ready: &Ready,
    state: &watch::Sender<RedisState>,
    meter: Option<&ServerMeter>,
) -> Result<ExitStatus, WaitError> {
    tokio::select! {
        biased;
        status = server.slot.exit() => return status,
        () = hang(server, ready, state, meter) => {}
    }
    let pid = ready.pid;
    tracing::error!(target: "conclib::redis", pid, "redis-server has not answered for {SILENCE_LIMIT:?}, and is killed");
    let ending = server.slot.end(Duration::ZERO).await?;
    Ok(ending.status())
}

/// Asks a server for its health until it has not answered for too long.
async fn hang(
    server: &Server,
    ready: &Ready,
    state: &watch::Sender<RedisState>,
    meter: Option<&ServerMeter>,
) {
    let pid = ready.pid;
    let mut silent_since = None;
    loop {
        sleep(PAUSE).await;
        let asked = Instant::now();
        let mut answer = timeout(ANSWER_LIMIT, server.ping()).await;
        if let (Some(meter), Ok(Ok(control))) = (meter, &mut answer)
            && let Ok(Ok(figures)) = timeout(ANSWER_LIMIT, control.figures()).await
        {
            let Figures {
                used_memory,
                aof_delayed_fsync,
                blocked_clients,
            } = figures;
            meter.note(used_memory, aof_delayed_fsync, blocked_clients);
        }
        // A refusal is an answer too: there may be too many clients.
        if matches!(answer, Ok(Ok(_) | Err(ControlError::Refused(_)))) {
            if silent_since.take().is_some() {
                tracing::info!(target: "conclib::redis", pid, "redis-server answers again");
                state.send_replace(RedisState::from(ready));
            }
        } else if silent_since.is_none() {
            silent_since = Some(asked);
            tracing::warn!(target: "conclib::redis", pid, "redis-server does not answer");
            state.send_replace(RedisState::Unresponsive { pid });
        }
        if silent_since.is_some_and(|since| since.elapsed() >= SILENCE_LIMIT) {
            return;
        }
    }
}

impl From<&Ready> for RedisState {
    fn from(ready: &Ready) -> Self {
        Self::Ready {
            pid: ready.pid,
            run_id: ready.run_id.clone(),
        }
    }
}
