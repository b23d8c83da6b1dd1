//! Name of a pool, by which a broker finds a worker.

use std::sync::{Arc, Weak};

use conclib_wire::Urn;

use super::route::has_room;
use super::workers::Workers;
use crate::error::SpawnError;
use crate::node::{Actor, AnyActor, SharedName, SystemInner};

impl<A: Actor> SharedName for Workers<A> {
    /// Chooses the worker for a request: one with room for it, if there is any.
    fn choose(&self) -> Option<Arc<dyn AnyActor>> {
        let first = self.first(None);
        let places = 0..self.places();
        let workers = places.filter(|step| !self.is_lost(first + step));
        let workers: Vec<_> = workers.filter_map(|step| self.at(first + step)).collect();
        let chosen = workers.iter().find(|worker| has_room(worker));
        chosen.or(workers.first())?.resident()
    }

    fn is_over(&self) -> bool {
        Self::is_over(self)
    }
}

/// Name that leads to the workers of a pool until it is dropped.
pub(super) struct PoolName {
    system: Arc<SystemInner>,
    urn: Urn,
    pool: Weak<dyn SharedName>,
}

impl PoolName {
    pub(super) fn claim<A: Actor>(workers: &Arc<Workers<A>>, urn: Urn) -> Result<Self, SpawnError> {
        let pool = Arc::downgrade(workers) as Weak<dyn SharedName>;
        let system = workers.system.clone();
        system.share_name(urn.clone(), pool.clone())?;
        Ok(Self { system, urn, pool })
    }
}

impl Drop for PoolName {
    fn drop(&mut self) {
        self.system.unshare_name(&self.urn, &self.pool);
    }
}
