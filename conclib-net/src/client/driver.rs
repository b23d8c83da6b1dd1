//! Task of a client. It connects again when the connection is lost.

use std::mem;
use std::sync::Arc;

use tokio::time::{Instant, sleep};

use super::backoff::{Backoff, LONGEST};
use super::dial::Dial;
use crate::ConnectError;
use crate::halves::Halves;
use crate::session::{AbandonOnDrop, Session};

/// Keeps a client connected until it is closed.
pub(super) async fn run(guard: AbandonOnDrop, dial: Dial, first: Option<Halves>) {
    let session = &guard.0;
    let mut backoff = Backoff::new();
    let mut link = match first {
        Some(first) => first,
        None => match redial(session, &dial, &mut backoff).await {
            Some(first) => first,
            None => return,
        },
    };
    loop {
        let since = Instant::now();
        let end = session.run(link.reader, link.writer).await;
        if session.is_closed() {
            return;
        }
        tracing::warn!(target: "conclib::net", url = dial.url, "disconnected: {end}; connecting again");
        if since.elapsed() > LONGEST {
            backoff = Backoff::new();
        }
        match redial(session, &dial, &mut backoff).await {
            Some(again) => link = again,
            None => return,
        }
        tracing::info!(target: "conclib::net", url = dial.url, "connected again");
    }
}

/// Tries to connect until it succeeds; `None` if the client is closed first.
async fn redial(session: &Session, dial: &Dial, backoff: &mut Backoff) -> Option<Halves> {
    let mut told = Vec::new();
    loop {
        let attempt = async {
            sleep(backoff.next()).await;
            dial.dial().await
        };
        tokio::select! {
            () = session.closing() => return None,
            dialled = attempt => match dialled {
                Ok(link) => return Some(link),
                Err(error) => {
                    let (why, error) = (with_source(&error), Arc::new(error));
                    session.connect_failed(&why, error.clone());
                    // A server that is not up yet is expected to come, so
                    // nothing is logged. Other refusals need a change of
                    // configuration: each kind is logged once.
                    let kind = mem::discriminant(&*error);
                    if error.passes_by_itself() || told.contains(&kind) {
                        tracing::debug!(target: "conclib::net", error = why, "not connected yet");
                    } else {
                        told.push(kind);
                        tracing::warn!(target: "conclib::net", error = why, "cannot connect again, and keeps trying");
                    }
                }
            },
        }
    }
}

/// Text of an error and of its sources.
fn with_source(error: &ConnectError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
