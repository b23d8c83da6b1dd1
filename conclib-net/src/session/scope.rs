//! Scope of a session: the addresses of the actors in the messages on its link.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use conclib_core::Urn;
use conclib_core::wire::{
    Exported, Frame, Home, Imported, KeepAlive, Lease, NodeId, Outlet, RefError, RefScope,
};

use super::Session;
use super::inner::SessionInner;
use super::third::{Introducer, IntroducerSlot, ThirdParties};
use super::via::Via;

/// URL of an actor that another process of the family runs for the one that is named.
const RUNS_ELSEWHERE: &str = "conclib:process";

/// Error of a peer that refers to more actors than the limit.
pub(super) struct TooManyReferences;

type Sessions = LazyLock<Mutex<HashMap<NodeId, Weak<SessionInner>>>>;

/// Session with the owner of this process.
static OWNER: Mutex<Weak<SessionInner>> = Mutex::new(Weak::new());

/// Sessions of this process by the systems behind their peers, to which those peers relay.
static BEHIND: Sessions = LazyLock::new(Mutex::default);

/// Sessions of this process by the systems at their other ends, for references
/// that a third process has passed on.
static PEERS: Sessions = LazyLock::new(Mutex::default);

impl SessionInner {
    /// Says to the peer which system is at this end, if there is one.
    pub(super) fn say_hello(&self) {
        if let Some((inlet, url)) = self.served_system.get() {
            let node = Some(inlet.node());
            // A URL that is too long is not said.
            let url = if url.len() > 255 { "" } else { url };
            self.update(|state| state.send_short(&Frame::Hello { node, url }));
        }
    }

    /// Notes the system at the other end.
    pub(super) fn hello(&self, node: Option<NodeId>, url: &str) {
        let Some(node) = node else { return };
        self.update(|state| state.references.peer = Some(Home::new(node, url)));
        keep(&PEERS, node, &self.me);
        self.greeted.notify_waiters();
    }

    /// Makes the references decodable that the next frame has.
    pub(super) fn receive_references(&self, keys: &[u64]) -> Result<(), TooManyReferences> {
        let before = self.imported.fetch_add(keys.len(), Ordering::Relaxed);
        let epoch = self.lock().references.epoch;
        let leases: Vec<_> = keys
            .iter()
            .map(|key| (*key, self.lease(*key, epoch)))
            .collect();
        let replaced = self.update(|state| state.references.grant(leases));
        match before + keys.len() > self.limits.references || !replaced.is_empty() {
            true => Err(TooManyReferences),
            false => Ok(()),
        }
    }

    /// Makes the lease of a reference that came in over the connection of that
    /// number.
    fn lease(&self, key: u64, epoch: u64) -> Lease {
        let session = self.me.clone();
        Lease::new(move || {
            if let Some(session) = session.upgrade() {
                session.imported.fetch_sub(1, Ordering::Relaxed);
                session.update(|state| {
                    if state.references.epoch == epoch {
                        state.send_short(&Frame::Release { key });
                    }
                });
            }
        })
    }

    /// Notes that the peer relays to another system.
    pub(super) fn leads_to(&self, node: NodeId) {
        keep(&BEHIND, node, &self.me);
    }

    /// Notes that another system, to which the peer has relayed, is gone.
    pub(super) fn leads_no_more_to(&self, node: NodeId) {
        let mut sessions = BEHIND.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions
            .get(&node)
            .is_some_and(|known| Weak::ptr_eq(known, &self.me))
        {
            sessions.remove(&node);
        }
    }

    /// Notes that the peer is the owner of this process.
    pub(super) fn is_of_owner(&self) {
        *OWNER.lock().unwrap_or_else(PoisonError::into_inner) = self.me.clone();
    }

    /// Tells whether both are the same session.
    pub(super) fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }

    /// Tells whether the peer is a process of the same family.
    pub(super) fn is_family(&self) -> bool {
        self.is_family.load(Ordering::Relaxed)
    }

    /// Returns the references of these keys, for a body that may be sent on as it is.
    pub(super) fn carried(&self, keys: &[u64]) -> Vec<(u64, Lease)> {
        if keys.is_empty() || !self.is_family() {
            return Vec::new();
        }
        let state = self.lock();
        let lease = |key: &u64| Some((*key, state.references.lease(*key)?));
        keys.iter().filter_map(lease).collect()
    }

    /// Lets an actor go that the peer has released.
    pub(super) fn release(&self, key: u64) {
        let released = self.update(|state| state.references.release(key));
        drop(released);
    }

    /// Revokes the references in an answer or an item.
    pub(super) fn revoke(&self, keys: &[u64]) {
        if !keys.is_empty() {
            let revoked = self.update(|state| state.references.revoke(keys));
            drop(revoked);
        }
    }

    /// Returns the scope in which bodies are encoded and decoded.
    pub(super) fn body_scope(&self) -> Option<Arc<dyn RefScope>> {
        match self.scope.get() {
            Some(scope) => Some(scope.clone()),
            None => Some(self.me.upgrade()?),
        }
    }

    /// Returns the way to a system that is not the peer: by the keyring of the
    /// system at this end, else by another session of this process.
    fn third_party(&self, home: &Home) -> Option<Arc<dyn Outlet>> {
        let known = self.served_system.get().and_then(|(inlet, _)| {
            let connector = inlet.extension::<ThirdParties>();
            connector.0.get()?.connection(home, inlet)
        });
        known.or_else(|| Some(Arc::new(Session(peer(home.node)?))))
    }

    /// Returns the way to shorter ways to other processes of the family, if there is one.
    fn introducer(&self) -> Option<Arc<dyn Introducer>> {
        let (inlet, _) = self.served_system.get().filter(|_| self.is_family())?;
        inlet.extension::<IntroducerSlot>().0.get().cloned()
    }

    fn peer_node(&self) -> Option<NodeId> {
        let state = self.lock();
        state.references.peer.as_ref().map(|peer| peer.node)
    }
}

impl RefScope for SessionInner {
    fn node(&self) -> Option<NodeId> {
        self.served_system.get().map(|(inlet, _)| inlet.node())
    }

    fn export(&self, actor: &Exported) -> Result<Home, RefError> {
        let home = actor.home();
        if let Some(peer) = self.peer_node().filter(|peer| actor.is_at_home_in(*peer)) {
            // The peer may send it on to one of its processes.
            let is_of_child = home.node == peer && &*home.url == RUNS_ELSEWHERE;
            return Ok(Home::new(
                peer,
                if is_of_child { RUNS_ELSEWHERE } else { "" },
            ));
        }
        let mut node = home.node;
        let known_url = match &*home.url {
            RUNS_ELSEWHERE if !self.is_family() => "",
            url => url,
        };
        let url: Box<str> = match (actor.is_local(), self.served_system.get()) {
            (true, Some(_)) if actor.runs_elsewhere() && self.is_family() => RUNS_ELSEWHERE.into(),
            (true, Some((inlet, url))) if inlet.node() == home.node => (**url).into(),
            // The peer can reach this actor only through the system at this end.
            (false, Some((inlet, url)))
                if known_url.is_empty() && !self.is_family() && inlet.relays(actor) =>
            {
                node = inlet.node();
                (**url).into()
            }
            (false, _) => known_url.into(),
            // The peer cannot ask this actor: its system is not served here.
            (true, served) => {
                let urn = actor.urn().clone();
                return Err(match served {
                    Some(_) => RefError::OtherSystem { urn },
                    None => RefError::NoAddress { urn },
                });
            }
        };
        if actor.keep_alive().is_none() {
            return Ok(Home::new(node, url));
        }
        let limit = self.limits.references;
        if self.lock().references.exported() >= limit {
            return Err(RefError::TooMany { limit });
        }
        let key = self.next_key.fetch_add(1, Ordering::Relaxed);
        Ok(Home::new(node, url).with_key(key))
    }

    fn import(&self, urn: &Urn, home: &Home, weak: bool) -> Result<Imported, RefError> {
        let lease = match (weak, home.key) {
            (true, _) | (false, 0) => None,
            (false, key) => {
                let lease = self.lock().references.lease(key);
                let not_exported = || RefError::NotExported { urn: urn.clone() };
                Some(lease.ok_or_else(not_exported)?)
            }
        };
        let no_connection = || RefError::NoConnection {
            urn: urn.clone(),
            node: home.node,
            url: home.url.clone(),
        };
        let session = match self.peer_node() == Some(home.node) {
            true => self.me.upgrade(),
            false => None,
        };
        let session = session.map(|session| Arc::new(Session(session)) as Arc<dyn Outlet>);
        let runs_elsewhere = &*home.url == RUNS_ELSEWHERE;
        let (outlet, is_relayed) = match session.or_else(|| self.third_party(home)) {
            Some(outlet) => (outlet, runs_elsewhere),
            None if self.is_family() => {
                let this = self.me.upgrade();
                let (node, this) = (home.node, this.ok_or_else(no_connection)?);
                (
                    Arc::new(Via::new(Session(this), node)) as Arc<dyn Outlet>,
                    true,
                )
            }
            None => return Err(no_connection()),
        };
        let outlet = match self.introducer().filter(|_| is_relayed) {
            Some(introducer) => introducer.introduced(urn, home.node, outlet),
            None => outlet,
        };
        Ok(Imported { outlet, lease })
    }

    fn held(&self, key: u64) -> Option<KeepAlive> {
        self.lock().references.held(key)
    }
}

/// Notes a session by a system. The first one stays while it exists: a peer that claims the id of
/// another system gets none of the references to that system.
fn keep(sessions: &Sessions, node: NodeId, session: &Weak<SessionInner>) {
    let mut sessions = sessions.lock().unwrap_or_else(PoisonError::into_inner);
    sessions.retain(|_, session| session.strong_count() > 0);
    sessions.entry(node).or_insert_with(|| session.clone());
}

/// Returns a session of this process whose other end is that system.
pub(super) fn peer(node: NodeId) -> Option<Arc<SessionInner>> {
    session(&PEERS, node)
}

/// Returns a session of this process whose peer relays to that system: else the owner of this
/// process may.
pub(super) fn before(node: NodeId) -> Option<Arc<SessionInner>> {
    let owner = || {
        OWNER
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .upgrade()
    };
    session(&BEHIND, node).or_else(owner)
}

fn session(sessions: &Sessions, node: NodeId) -> Option<Arc<SessionInner>> {
    let sessions = sessions.lock().unwrap_or_else(PoisonError::into_inner);
    sessions.get(&node)?.upgrade()
}
