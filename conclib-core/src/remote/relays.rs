//! Actors of other processes that a system has passed on under its own address.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use conclib_wire::Urn;

use super::target::Remote;

/// Actors of other processes that can be reached through a system of this process only, and whose
/// references were passed on: by their names, each while the link keeps it for its peer.
#[derive(Default)]
pub(crate) struct Relays(Mutex<Table>);

#[derive(Default)]
struct Table {
    actors: HashMap<Urn, Weak<Remote>>,
    /// Number of actors at which those that are gone are looked for.
    limit: usize,
}

impl Relays {
    /// Adds an actor, until the last clone of `remote` is dropped.
    pub(crate) fn add(&self, urn: &Urn, remote: &Arc<Remote>) {
        let mut table = self.lock();
        if table.actors.len() >= table.limit {
            table.actors.retain(|_, remote| remote.strong_count() > 0);
            table.limit = table.actors.len() * 2 + 16;
        }
        table.actors.insert(urn.clone(), Arc::downgrade(remote));
    }

    /// Returns the actor of that name.
    pub(crate) fn find(&self, urn: &str) -> Option<Arc<Remote>> {
        let table = self.lock();
        let remote = table.actors.get(urn)?.clone();
        drop(table);
        remote.upgrade()
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
