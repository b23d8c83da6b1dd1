//! Way to the actor of a process, which stays the same over all processes of that actor.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use conclib_core::wire::{
    Answerer, Envelope, Failure, Home, Outage, Outlet, RefScope, Remote, RequestId, Room,
    SendRefused,
};
use conclib_core::{Delivery, Urn};
use conclib_net::Session;
use tokio::sync::Notify;

use super::host::HOST;

/// Outlet over the session with a process. Messages wait while there is no process, and until the
/// actor of a new one has been made. An ask that the old one left undelivered is among them.
pub(super) struct ProcessOutlet {
    pub(super) session: Session,
    gate: Arc<Gate>,
    /// True if there may be one process after the other.
    restarts: bool,
}

#[derive(Default)]
struct Gate {
    state: AtomicU8,
    /// Number of processes whose actor was reached so far.
    opened: AtomicU64,
    changed: Notify,
}

/// The actor is not there yet.
const CLOSED: u8 = 0;
/// Messages reach the actor.
const OPEN: u8 = 1;
/// Messages reach the actor, which was told to end, and is the last one.
const LAST: u8 = 2;
/// The actor has ended for good.
const OVER: u8 = 3;

impl ProcessOutlet {
    pub(super) fn new(session: Session, restarts: bool) -> Arc<Self> {
        Arc::new(Self {
            session,
            gate: Arc::default(),
            restarts,
        })
    }

    /// Returns the actor of the library in the process.
    pub(super) fn host(&self) -> Remote {
        self.actor(Urn::reserved(HOST))
    }

    /// Returns the actor of that name in the process, past the gate.
    pub(super) fn actor(&self, urn: Urn) -> Remote {
        Remote::new(Arc::new(self.session.clone()), Ok(urn))
    }

    /// Lets messages pass from now on, to the actor of a new process.
    pub(super) fn open(&self) {
        self.gate.opened.fetch_add(1, Ordering::SeqCst);
        self.gate.set(OPEN);
    }

    /// Notes that no other actor follows the one that gets the messages.
    pub(super) fn is_last(&self) {
        self.gate.set(LAST);
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
                OPEN | LAST => return Ok(()),
                OVER => return Err(Failure::Stopped(Delivery::NotDelivered)),
                _ => changed.await,
            }
        }
    }

    /// Waits until messages can pass to a later actor than that of `this` process.
    async fn opened_after(&self, this: u64) -> Result<(), Failure> {
        loop {
            let changed = self.changed.notified();
            match self.state() {
                OPEN if self.opened.load(Ordering::SeqCst) > this => return Ok(()),
                LAST | OVER => return Err(Failure::Stopped(Delivery::NotDelivered)),
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
            OPEN | LAST => self.session.send(envelope, answerer),
            _ => Err((SendRefused::Away, answerer)),
        }
    }

    fn room(&self, to: &str) -> Room {
        let (gate, session, to) = (self.gate.clone(), self.session.clone(), to.to_owned());
        Box::pin(async move {
            gate.opened().await?;
            session.room(&to).await
        })
    }

    fn incarnation(&self) -> Option<u64> {
        let follows = self.restarts && matches!(self.gate.state(), CLOSED | OPEN);
        follows.then(|| self.gate.opened.load(Ordering::SeqCst))
    }

    fn later_incarnation(&self, this: u64) -> Room {
        let gate = self.gate.clone();
        Box::pin(async move { gate.opened_after(this).await })
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
