//! The systems of this process, for what is told of an actor of any of them.
//!
//! Nothing is reached through them but names: two systems meet only in
//! references, and in the error of a circle that goes through both.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::registry::Shared;
use crate::actor::Resident;
use crate::current::ActorId;

static SYSTEMS: Mutex<Vec<Weak<Shared>>> = Mutex::new(Vec::new());

pub(super) fn enter(system: &Arc<Shared>) {
    let mut systems = SYSTEMS.lock().unwrap_or_else(PoisonError::into_inner);
    if systems.len() == systems.capacity() {
        systems.retain(|system| system.strong_count() > 0);
    }
    systems.push(Arc::downgrade(system));
}

/// An actor of whichever system it is in.
pub(crate) fn resident(id: ActorId) -> Option<Arc<dyn Resident>> {
    let systems: Vec<_> = {
        let systems = SYSTEMS.lock().unwrap_or_else(PoisonError::into_inner);
        systems.iter().filter_map(Weak::upgrade).collect()
    };
    // The lock is free: a system may end with the handle that is dropped here.
    systems.iter().find_map(|system| system.resident(id))
}
