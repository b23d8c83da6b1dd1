//! All systems of this process, to look an actor up by its id in any of them.
//!
//! Used for names only: two systems share nothing but references, and the error of a cycle that
//! runs through both.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::registry::Shared;
use crate::actor::Resident;
use crate::actor_id::ActorId;

static SYSTEMS: Mutex<Vec<Weak<Shared>>> = Mutex::new(Vec::new());

pub(super) fn enter(system: &Arc<Shared>) {
    let mut systems = SYSTEMS.lock().unwrap_or_else(PoisonError::into_inner);
    if systems.len() == systems.capacity() {
        systems.retain(|system| system.strong_count() > 0);
    }
    systems.push(Arc::downgrade(system));
}

/// Finds an actor by its id in any system of the process.
pub(crate) fn resident(id: ActorId) -> Option<Arc<dyn Resident>> {
    let systems: Vec<_> = {
        let systems = SYSTEMS.lock().unwrap_or_else(PoisonError::into_inner);
        systems.iter().filter_map(Weak::upgrade).collect()
    };
    // The lock is free here: a drop of the last handle may end a system.
    systems.iter().find_map(|system| system.resident(id))
}
