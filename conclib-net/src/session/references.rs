//! References to actors that went out over a link, and those that came in.

use std::collections::HashMap;

use conclib_core::wire::{Exported, Home, KeepAlive, Lease, RequestId};

use super::id_map::IdMap;

/// References of a link, under the lock of its session.
#[derive(Default)]
pub(super) struct References {
    /// System at the other end, once it has said hello.
    pub(super) peer: Option<Home>,
    /// Actors that the peer refers to, by the keys it releases them by.
    exported: HashMap<u64, Exported>,
    /// References that came in and may still be decoded.
    granted: HashMap<u64, Lease>,
    /// Keys of the references in each request of the peer.
    of_request: IdMap<Vec<u64>>,
    /// Number of the connection: a reference of an earlier one is not released.
    pub(super) epoch: u64,
}

/// References of a connection that is gone, to be dropped outside of the lock.
pub(super) struct Gone {
    _exported: HashMap<u64, Exported>,
    _granted: HashMap<u64, Lease>,
}

impl References {
    pub(super) fn exported(&self) -> usize {
        self.exported.len()
    }

    /// Tests if the peer may refer to these actors besides those it refers to.
    pub(super) fn has_room(&self, actors: &[Exported], limit: usize) -> bool {
        self.exported.len() + actors.len() <= limit
    }

    /// Takes actors that the peer refers to from now on. Those that go home
    /// have no key, and stay.
    pub(super) fn keep(&mut self, actors: &mut Vec<Exported>) {
        for actor in actors.extract_if(.., |actor| actor.key() != 0) {
            self.exported.insert(actor.key(), actor);
        }
    }

    /// Lets an actor go that the peer has released.
    #[must_use = "an actor is let go outside of the lock"]
    pub(super) fn release(&mut self, key: u64) -> Option<Exported> {
        self.exported.remove(&key)
    }

    /// Returns the actor of a key, if the peer refers to it.
    pub(super) fn held(&self, key: u64) -> Option<KeepAlive> {
        self.exported.get(&key)?.keep_alive().cloned()
    }

    /// Grants references that came in: they may be decoded until they are
    /// revoked.
    pub(super) fn grant(&mut self, leases: Vec<(u64, Lease)>) -> Vec<Lease> {
        let replaced = leases
            .into_iter()
            .map(|(key, lease)| self.granted.insert(key, lease));
        replaced.flatten().collect()
    }

    /// Notes the references in a request: they are revoked by its answer.
    pub(super) fn came_with(&mut self, id: RequestId, keys: Vec<u64>) {
        self.of_request.insert(id, keys);
    }

    /// Returns the lease of a reference that was granted.
    pub(super) fn lease(&self, key: u64) -> Option<Lease> {
        self.granted.get(&key).cloned()
    }

    /// Revokes references: those that were not decoded are released.
    #[must_use = "a lease is dropped outside of the lock"]
    pub(super) fn revoke(&mut self, keys: &[u64]) -> Vec<Lease> {
        let leases = keys.iter().filter_map(|key| self.granted.remove(key));
        leases.collect()
    }

    /// Revokes the references in a request.
    #[must_use = "a lease is dropped outside of the lock"]
    pub(super) fn answered(&mut self, id: RequestId) -> Vec<Lease> {
        if self.of_request.is_empty() {
            return Vec::new();
        }
        let keys = self.of_request.remove(&id);
        self.revoke(&keys.unwrap_or_default())
    }

    /// Forgets the references of a connection that is gone.
    pub(super) fn end(&mut self) -> Gone {
        let epoch = self.epoch + 1;
        let References {
            exported, granted, ..
        } = std::mem::take(self);
        self.epoch = epoch;
        Gone {
            _exported: exported,
            _granted: granted,
        }
    }
}

#[cfg(all(test, shuttle))]
impl References {
    /// Numbers of references that went out, that came in and may be decoded, and that came with
    /// requests.
    pub(super) fn counts(&self) -> [usize; 3] {
        [
            self.exported.len(),
            self.granted.len(),
            self.of_request.values().map(Vec::len).sum(),
        ]
    }
}
