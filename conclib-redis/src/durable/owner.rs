//! Task of one mailbox, which a system owns at times.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::sleep;

use super::end::End;
use super::host::{Host, Wake};
use super::known::Known;
use super::owned::AGAIN;
use super::serving::{RENEW, serve};
use super::take::{Taken, take};
use crate::endpoint::Phase;

/// Owns a mailbox while it has messages and its name has an actor.
pub(super) async fn run(
    host: &Host,
    urn: &str,
    wake: Arc<Wake>,
    mut phases: watch::Receiver<Phase>,
) {
    let known = Known::nothing(host, urn);
    let is_served = |phase: Phase| phase == Phase::Serving && host.inlet.find(urn).is_some();
    while is_served(*phases.borrow()) {
        let pause = match take(host, urn, &known, phases.clone()).await {
            Ok(Taken::Owned(owned)) => {
                let end = serve(&owned, &wake, phases.clone()).await;
                match end {
                    End::Fenced => {
                        tracing::warn!(target: "conclib::redis", urn, "the mailbox is not owned any more");
                        continue;
                    }
                    // Without a connection, the ownership ends by itself.
                    End::Left(_)
                        if *phases.borrow() == Phase::Closing
                            && host.endpoint.outage().is_some() =>
                    {
                        return;
                    }
                    End::Left(begun) => match owned.release(begun).await {
                        Ok(0) => return,
                        Ok(_) if !is_served(*phases.borrow()) => return host.tell(urn).await,
                        Ok(_) | Err(_) => AGAIN,
                    },
                }
            }
            Ok(Taken::Empty) => return,
            Ok(Taken::Held(rest)) => rest.min(RENEW),
            Err(error) => {
                tracing::debug!(target: "conclib::redis", %error, urn, "the mailbox is not owned yet");
                tokio::select! {
                    up = host.endpoint.up() => if up.is_none() {
                        return;
                    },
                    _ = phases.changed() => {}
                }
                AGAIN
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            // The owner has let the mailbox go, or a message has come.
            () = wake.0.notified() => {}
            _ = phases.changed() => {}
        }
    }
}
