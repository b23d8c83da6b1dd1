//! Way to an actor of another process: through the owner of both, or past it once they know each
//! other.

use std::future::ready;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use conclib_core::Urn;
use conclib_core::wire::{
    self, Answerer, Envelope, Home, NodeId, Outage, Outlet, RefScope, RequestId, Room, SendRefused,
    Wants,
};
use conclib_net::Session;
use tokio::sync::Notify;

/// Pause after which another introduction is asked for.
const PAUSE: Duration = Duration::from_secs(1);

/// Source of connections to other processes.
pub(super) trait Introduce: Send + Sync {
    /// Calls `found` with the session to the process that runs an actor of the system `node`, or
    /// with nothing if there is none.
    fn introduce(&self, node: NodeId, urn: &Urn, found: Box<dyn FnOnce(Option<Session>) + Send>);
}

/// Outlet of the references to one actor.
///
/// The order of messages is kept: the direct way is used from the moment on at which no request is
/// under way through the owner. Asks wait for the first introduction, so that this moment comes.
/// An ask that the direct way has not delivered is sent again through the owner, which knows of the
/// end of the actor, and of its next process.
pub(super) struct Shortcut(Arc<Inner>);

struct Inner {
    urn: Urn,
    node: NodeId,
    relay: Arc<dyn Outlet>,
    introducer: Weak<dyn Introduce>,
    /// Number of sessions that were found so far.
    sessions: AtomicU64,
    way: Mutex<Way>,
    changed: Notify,
}

enum Way {
    /// The first introduction is under way.
    Unknown,
    /// Through the owner; the time of the last introduction that was asked for.
    Relayed(Instant),
    Direct {
        session: Session,
        outlet: Arc<dyn Outlet>,
        /// Number of the session, among those that were found.
        number: u64,
        /// True once a request went this way.
        is_used: bool,
    },
}

impl Shortcut {
    pub(super) fn new(
        urn: Urn,
        node: NodeId,
        relay: Arc<dyn Outlet>,
        introducer: Weak<dyn Introduce>,
    ) -> Self {
        let inner = Arc::new(Inner {
            urn,
            node,
            relay,
            introducer,
            sessions: AtomicU64::new(0),
            way: Mutex::new(Way::Unknown),
            changed: Notify::new(),
        });
        inner.look();
        Self(inner)
    }

    /// Returns the direct way, if requests may take it.
    fn direct(&self) -> Option<Arc<dyn Outlet>> {
        match &*self.0.way() {
            Way::Direct {
                outlet,
                is_used: true,
                ..
            } => Some(outlet.clone()),
            _ => None,
        }
    }
}

impl Inner {
    fn way(&self) -> MutexGuard<'_, Way> {
        self.way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for an introduction, in the background.
    fn look(self: &Arc<Self>) {
        let this = self.clone();
        let found = Box::new(move |session: Option<Session>| {
            *this.way() = match session {
                Some(session) => Way::Direct {
                    outlet: Arc::new(session.clone()),
                    session,
                    number: this.sessions.fetch_add(1, Ordering::Relaxed),
                    is_used: false,
                },
                None => Way::Relayed(Instant::now()),
            };
            this.changed.notify_waiters();
        });
        match self.introducer.upgrade() {
            Some(introducer) => introducer.introduce(self.node, &self.urn, found),
            None => found(None),
        }
    }

    /// Tests if a request had better not go through the owner: the first introduction is under way, or
    /// was made since the sender looked for a shortcut.
    fn has_better_way(&self, to: &str) -> bool {
        match &*self.way() {
            Way::Unknown => true,
            Way::Relayed(_) => false,
            Way::Direct { session, .. } => !session.is_closed() && self.relay.in_flight(to) == 0,
        }
    }

    /// Waits until the first introduction is made, or is given up.
    async fn first(&self) {
        loop {
            let changed = self.changed.notified();
            if !matches!(*self.way(), Way::Unknown) {
                return;
            }
            changed.await;
        }
    }
}

impl Outlet for Shortcut {
    fn shortcut(&self, to: &str) -> Option<wire::Shortcut> {
        let inner = &self.0;
        let mut way = inner.way();
        match &mut *way {
            Way::Unknown => return None,
            Way::Relayed(since) if since.elapsed() < PAUSE => return None,
            Way::Relayed(_) => {}
            Way::Direct {
                session,
                outlet,
                number,
                is_used,
            } => {
                if !session.is_closed() {
                    *is_used = *is_used || inner.relay.in_flight(to) == 0;
                    return is_used.then(|| wire::Shortcut {
                        outlet: outlet.clone(),
                        number: *number,
                    });
                }
            }
        }
        *way = Way::Relayed(Instant::now());
        drop(way);
        inner.look();
        None
    }

    fn send(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
    ) -> Result<(), (SendRefused, Answerer)> {
        let is_ask = envelope.wants == Wants::Reply && !envelope.is_control();
        match is_ask && self.0.has_better_way(envelope.to) {
            true => Err((SendRefused::Busy, answerer)),
            false => self.0.relay.send(envelope, answerer),
        }
    }

    fn room(&self, to: &str) -> Room {
        let (inner, to) = (self.0.clone(), to.to_owned());
        if let Some(direct) = self.direct() {
            return direct.room(&to);
        }
        Box::pin(async move {
            if matches!(*inner.way(), Way::Unknown) {
                inner.first().await;
                return Ok(());
            }
            inner.relay.room(&to).await
        })
    }

    fn later_incarnation(&self, this: u64) -> Room {
        let mut way = self.0.way();
        if matches!(&*way, Way::Direct { number, .. } if *number == this) {
            *way = Way::Relayed(Instant::now());
        }
        Box::pin(ready(Ok(())))
    }

    // A request that took the direct way is cancelled there.
    fn cancel(&self, id: RequestId) {
        self.0.relay.cancel(id);
    }

    fn waits(&self, id: RequestId, chain: &[u8]) {
        self.0.relay.waits(id, chain);
    }

    fn outage(&self) -> Option<Outage> {
        self.0.relay.outage()
    }

    fn in_flight(&self, to: &str) -> usize {
        let direct = self.direct().map_or(0, |direct| direct.in_flight(to));
        self.0.relay.in_flight(to) + direct
    }

    fn relay(&self) -> Option<Arc<dyn Outlet>> {
        Some(self.0.relay.clone())
    }

    fn next_id(&self) -> RequestId {
        self.0.relay.next_id()
    }

    fn scope(&self) -> Option<Arc<dyn RefScope>> {
        self.0.relay.scope()
    }

    fn peer(&self) -> Option<Home> {
        self.0.relay.peer()
    }
}
