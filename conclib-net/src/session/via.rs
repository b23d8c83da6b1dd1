//! Way to the actors of a third process, through the process at the other end of a session.

use std::sync::Arc;

use conclib_core::Urn;
use conclib_core::wire::{
    Answerer, Envelope, Home, NodeId, Outage, Outlet, RefScope, Remote, RequestId, Room,
    SendRefused,
};

use super::Session;
use super::inner::SessionInner;
use super::scope::{before, peer};

/// Begin of a name that leads to a third process: the id of its system and the name there follow.
const VIA: &str = "conclib:via:";

/// Outlet to the actors of a third process.
pub(super) struct Via {
    session: Session,
    node: NodeId,
}

impl Via {
    pub(super) const fn new(session: Session, node: NodeId) -> Self {
        Self { session, node }
    }

    fn name(&self, to: &str) -> String {
        format!("{VIA}{:x}:{to}", self.node.to_bits())
    }
}

impl SessionInner {
    /// Returns the actor of a third process to which a request of the peer is to be sent on.
    pub(super) fn next_hop(&self, to: &str) -> Option<Remote> {
        let (node, urn) = to.strip_prefix(VIA)?.split_once(':')?;
        let node = NodeId::from_bits(u128::from_str_radix(node, 16).ok()?);
        if !self.is_family() {
            return None;
        }
        // Also to a system of another kind to which this process is connected.
        if let Some(next) = peer(node) {
            return Some(Remote::new(Arc::new(Session(next)), Urn::new(urn)));
        }
        // Never back to the peer, which would send it here again.
        let next = before(node).filter(|next| next.is_family() && !next.is(self))?;
        let next = Via::new(Session(next), node);
        Some(Remote::new(Arc::new(next), Urn::new(urn)))
    }
}

impl Outlet for Via {
    fn send(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
    ) -> Result<(), (SendRefused, Answerer)> {
        let to = &self.name(envelope.to);
        self.session.send(&Envelope { to, ..*envelope }, answerer)
    }

    fn room(&self, to: &str) -> Room {
        self.session.room(&self.name(to))
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
        self.session.in_flight(&self.name(to))
    }

    fn next_id(&self) -> RequestId {
        self.session.next_id()
    }

    fn scope(&self) -> Option<Arc<dyn RefScope>> {
        self.session.scope()
    }

    fn peer(&self) -> Option<Home> {
        Some(Home::new(self.node, ""))
    }
}
