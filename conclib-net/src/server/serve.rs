//! Service for one client of a broker: a session with the system of the broker.

use std::pin::pin;

use conclib_core::wire::Origin;
use tokio::sync::watch;

use super::context::{Phase, ServerContext};
use crate::halves::Halves;
use crate::session::{AbandonOnDrop, Session};

/// Serves a client that was accepted, until either side ends the connection.
pub(super) async fn serve(
    link: Halves,
    context: &ServerContext,
    origin: Origin,
    mut phases: watch::Receiver<Phase>,
) {
    let session = match Session::new(origin.clone(), context.limits.link) {
        Ok(session) => session,
        Err(error) => {
            tracing::error!(target: "conclib::net", %origin, %error, "no session with a client");
            return;
        }
    };
    session.serve(&context.inlet, &context.url);
    // This connection is not made again from here: what is sent to actors of the
    // client later fails at once.
    let _guard = AbandonOnDrop(session.clone());
    let mut running = pin!(session.run(link.reader, link.writer));
    let end = loop {
        tokio::select! {
            biased;
            end = &mut running => break end,
            changed = phases.changed() => match changed.map(|()| *phases.borrow_and_update()) {
                Ok(Phase::Serving) => {}
                Ok(Phase::Refusing) => session.refuse_new(),
                // The broker closes, or it was dropped and this task is about to be aborted.
                Ok(Phase::Closing) | Err(_) => {
                    session.close();
                    break running.await;
                }
            },
        }
    };
    if end.is_protocol_error() {
        let so_far = context.counters.thrown_out.up();
        match so_far {
            Some(so_far) => {
                tracing::warn!(target: "conclib::net", %origin, so_far, "connection closed: {end}");
            }
            None => tracing::debug!(target: "conclib::net", %origin, "connection closed: {end}"),
        }
    } else {
        tracing::debug!(target: "conclib::net", %origin, "disconnected: {end}");
    }
}
