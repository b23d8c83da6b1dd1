use std::{process::ExitStatus, sync::Arc, time::Duration};

use conclib_core::{__private::History, Restart};
use tokio::{sync::watch, time::sleep};

use crate::{
    server::Server,
    state::{ApiEnd, ApiState},
};

/// Reaps the server when it exits, and starts it again as long as its policy
/// allows. Ends with the server.
pub(crate) async fn watch(server: Arc<Server>, state: watch::Sender<ApiState>, restart: Restart) {
    let mut history = History::new(restart);
    loop {
        let end = match server.slot.exit().await {
            Ok(status) => start_again(&server, &state, &mut history, status).await,
            Err(error) => Some(ApiEnd::Lost(Arc::new(error))),
        };
        if let Some(end) = end {
            tracing::error!(target: "conclib::apid", program = server.program, "the web server {end}");
            state.send_replace(ApiState::Ended(end));
            return;
        }
    }
}

/// Starts a server again that has exited. Returns its end, if the policy
/// forbids the start or the start fails.
async fn start_again(
    server: &Server,
    state: &watch::Sender<ApiState>,
    history: &mut History,
    status: ExitStatus,
) -> Option<ApiEnd> {
    let program = &server.program;
    let delay = match status.success() {
        true => None,
        false => history.after_failure(),
    };
    let Some(mut delay) = delay else {
        return Some(ApiEnd::Exited(status));
    };
    tracing::warn!(target: "conclib::apid", program, ?delay, "the web server exited with {status}, and is started again");
    state.send_replace(ApiState::Restarting { status });
    // Processes left behind by the server could still hold the address that the
    // next one needs.
    if let Err(error) = server.slot.end(Duration::ZERO).await {
        return Some(ApiEnd::Lost(Arc::new(error)));
    }
    loop {
        sleep(delay).await;
        history.begin_in(Duration::ZERO);
        match server.start(Duration::ZERO).await {
            Ok(pid) => {
                tracing::info!(target: "conclib::apid", program, pid, "the web server is healthy again");
                state.send_replace(ApiState::Healthy { pid });
                return None;
            }
            Err(error) => match history.after_failure() {
                Some(next) => {
                    delay = next;
                    tracing::warn!(target: "conclib::apid", program, ?delay, %error, "the web server is tried again");
                }
                None => return Some(ApiEnd::NotRestarted(Arc::new(error))),
            },
        }
    }
}
