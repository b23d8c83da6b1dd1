//! Way to the actor of a process, which stays the same over all processes of that actor.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use conclib_core::wire::{
    Answerer, Envelope, Failure, Home, Outage, Outlet, RefScope, Remote, RequestId, Room,
    SendRefused,
};
use conclib_core::{Delivery, Urn};
use conclib_net::Session;
use tokio::sync::Notify;

use super::host::HOST;

/// Outlet over the session with a process. Messages wait while there is no process, and until the
/// actor of a new one has been made.
pub(super) struct ProcessOutlet {
    pub(super) session: Session,
    gate: Arc<Gate>,
}

#[derive(Default)]
struct Gate {
    state: AtomicU8,
    changed: Notify,
}

/// The actor is not there yet.
const CLOSED: u8 = 0;
/// Messages reach the actor.
const OPEN: u8 = 1;
/// The actor has ended for good.
const OVER: u8 = 2;

impl ProcessOutlet {
    pub(super) fn new(session: Session) -> Arc<Self> {
        let gate = Arc::default();
        Arc::new(Self { session, gate })
    }

    /// Returns the actor of the library in the process.
    pub(super) fn host(&self) -> Remote {
        self.actor(Urn::reserved(HOST))
    }

    /// Returns the actor of that name in the process, past the gate.
    pub(super) fn actor(&self, urn: Urn) -> Remote {
        Remote::new(Arc::new(self.session.clone()), Ok(urn))
    }

    /// Lets messages pass from now on.
    pub(super) fn open(&self) {
        self.gate.set(OPEN);
    }

    /// Makes messages wait from now on.
    pub(super) fn close(&self) {
        self.gate.set(CLOSED);
    }

    /// Refuses all messages from now on.
    pub(super) fn end(&self) {
        self.gate.set(OVER);
        self.session.end();
    }
}

impl Gate {
    fn set(&self, state: u8) {
        self.state.store(state, Ordering::SeqCst);
        self.changed.notify_waiters();
    }

    fn state(&self) -> u8 {
        self.state.load(Ordering::SeqCst)
    }

    /// Waits until messages can pass. The error says that they never will.
    async fn opened(&self) -> Result<(), Failure> {
        loop {
            let changed = self.changed.notified();
            match self.state() {
                OPEN => return Ok(()),
                OVER => return Err(Failure::Stopped(Delivery::NotDelivered)),
                _ => changed.await,
            }
        }
    }
}

impl Outlet for ProcessOutlet {
    fn send(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
    ) -> Result<(), (SendRefused, Answerer)> {
        match self.gate.state() {
            OPEN => self.session.send(envelope, answerer),
            // The waiting room has the reason for an end.
            _ => Err((SendRefused::Busy, answerer)),
        }
    }

    fn room(&self, to: &str) -> Room {
        let (gate, session, to) = (self.gate.clone(), self.session.clone(), to.to_owned());
        Box::pin(async move {
            gate.opened().await?;
            session.room(&to).await
        })
    }

    fn cancel(&self, id: RequestId) {
        self.session.cancel(id);
    }

    fn waits(&self, id: RequestId, chain: &[u8]) {
        self.session.waits(id, chain);
    }

    fn outage(&self) -> Option<Outage> {
        self.session.outage()
    }

    fn in_flight(&self, to: &str) -> usize {
        self.session.in_flight(to)
    }

    fn next_id(&self) -> RequestId {
        self.session.next_id()
    }

    fn scope(&self) -> Option<Arc<dyn RefScope>> {
        self.session.scope()
    }

    fn peer(&self) -> Option<Home> {
        self.session.peer()
    }
}
