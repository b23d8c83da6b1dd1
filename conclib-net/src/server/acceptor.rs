//! Task that accepts clients, and owns their connections.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use conclib_core::wire::Inlet;
use nix::errno::Errno;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::context::{ConnectionSlot, Phase, ServerContext};
use super::counters::Counters;
use super::handshakes::{Candidate, Handshakes};
use super::limits::BrokerLimits;
use super::listener::{Accepted, Listener};
use super::serve;
use crate::AuthKey;
use crate::handshake::{Admission, AdmitError, Refusal};

/// Pause in accepting after an error of the system, and the time in which a
/// client is told that no file descriptor is left.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

pub(super) struct Acceptor {
    context: Arc<ServerContext>,
    handshakes: Handshakes,
    /// File descriptor that is closed for a moment when the process has no
    /// other left, to accept one client and tell it so.
    spare: Option<File>,
    /// Tasks of the connections, aborted with the acceptor.
    connections: JoinSet<()>,
}

impl Acceptor {
    pub(super) fn new(
        key: Option<AuthKey>,
        inlet: Inlet,
        url: Box<str>,
        limits: BrokerLimits,
        counters: Arc<Counters>,
    ) -> Self {
        let slots = Arc::new(Semaphore::new(limits.connections));
        Self {
            context: Arc::new(ServerContext {
                key,
                inlet,
                url,
                limits,
                counters,
                slots,
            }),
            handshakes: Handshakes::new(limits.handshakes),
            spare: spare(),
            connections: JoinSet::new(),
        }
    }

    pub(super) async fn run(mut self, listener: Listener, mut phases: watch::Receiver<Phase>) {
        while *phases.borrow_and_update() == Phase::Serving {
            tokio::select! {
                // The broker was dropped; this task is about to be aborted.
                changed = phases.changed() => if changed.is_err() { return },
                Some(_) = self.connections.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok(accepted) => self.take(accepted, phases.clone()),
                    Err(error) => self.cannot_accept(&listener, &error).await,
                },
            }
        }
        // A client that connects from now on finds no server, and tries again
        // later.
        drop(listener);
        // The connections watch the phase themselves, and end in time.
        while *phases.borrow_and_update() != Phase::Closing {
            tokio::select! {
                changed = phases.changed() => if changed.is_err() { return },
                Some(_) = self.connections.join_next() => {}
            }
        }
        while self.connections.join_next().await.is_some() {}
    }

    fn take(&mut self, accepted: Accepted, phases: watch::Receiver<Phase>) {
        let candidate = self.handshakes.begin(accepted.source);
        let context = self.context.clone();
        self.connections
            .spawn(context.welcome(accepted, phases, candidate));
    }
}

impl Acceptor {
    async fn cannot_accept(&mut self, listener: &Listener, error: &io::Error) {
        // The client left before it was accepted, which is no error of this
        // server.
        if error.kind() == ErrorKind::ConnectionAborted {
            return;
        }
        if let Some(so_far) = self.context.counters.not_accepted.up() {
            tracing::warn!(target: "conclib::net", %error, so_far, "cannot accept a connection");
        }
        let no_files = matches!(
            error.raw_os_error().map(Errno::from_raw),
            Some(Errno::EMFILE | Errno::ENFILE)
        );
        // Tells the client, which would otherwise wait until its own timeout.
        let refused = no_files && self.spare.take().is_some() && {
            let refusing = timeout(ACCEPT_BACKOFF, self.context.refuse_one(listener)).await;
            refusing.unwrap_or(true)
        };
        if self.spare.is_none() {
            self.spare = spare();
        }
        if !refused {
            sleep(ACCEPT_BACKOFF).await;
        }
    }
}

impl ServerContext {
    /// Accepts one more client and tells it that the server is full. False if
    /// there was none.
    async fn refuse_one(&self, listener: &Listener) -> bool {
        let Ok(accepted) = listener.accept().await else {
            return false;
        };
        let Accepted {
            mut stream,
            origin,
            signs,
            ..
        } = accepted;
        let admission = Admission {
            key: self.key.as_ref(),
            signs,
            refused: Some(Refusal::Full),
            spoke: &AtomicBool::new(false),
        };
        let no_slot = || Err::<ConnectionSlot, _>(Refusal::Full);
        if let Err(turned) = stream.admit(admission, no_slot).await {
            self.turned_away(&turned, &origin);
        }
        true
    }

    /// Runs a connection, from its first byte to its last.
    async fn welcome(
        self: Arc<Self>,
        accepted: Accepted,
        phases: watch::Receiver<Phase>,
        candidate: Candidate,
    ) {
        let Accepted {
            mut stream,
            origin,
            signs,
            refused,
            ..
        } = accepted;
        let Candidate { spoke, evicted } = candidate;
        let admission = Admission {
            key: self.key.as_ref(),
            signs,
            refused,
            spoke: &spoke,
        };
        let slot = || self.slot(&phases);
        let mut ending = phases.clone();
        let admitted = tokio::select! {
            biased;
            admitted = timeout(self.limits.handshake, stream.admit(admission, slot)) => admitted.unwrap_or_else(|_| Err(AdmitError::Io(ErrorKind::TimedOut.into()))),
            // Another handshake has taken its slot.
            _ = evicted => Err(AdmitError::Evicted),
            _ = ending.wait_for(|phase| *phase == Phase::Closing) => return,
        };
        let (_slot, keys) = match admitted {
            Ok(admitted) => admitted,
            Err(turned) => {
                if matches!(turned, AdmitError::Evicted) {
                    stream.say(&Refusal::Full.message());
                }
                return self.turned_away(&turned, &origin);
            }
        };
        tracing::debug!(target: "conclib::net", %origin, "connected");
        if let Some(link) = stream.into_halves(keys) {
            serve::serve(link, &self, origin, phases).await;
        }
    }
}

fn spare() -> Option<File> {
    File::open("/dev/null").ok()
}
