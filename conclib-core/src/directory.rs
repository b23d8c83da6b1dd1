//! Names of the actors of this process, in whichever of its systems they live.
//!
//! Two systems meet only in references, and in the error of a cycle of waiting
//! actors that goes through both.

use std::sync::{Mutex, PoisonError, Weak};

use conclib_wire::CycleStep;

use crate::actor_id::ActorId;

/// System that knows its actors by their ids.
pub(crate) trait Directory: Send + Sync {
    /// Returns the type and the name of an actor that lives in the system.
    fn name(&self, actor: ActorId) -> Option<CycleStep>;
}

static SYSTEMS: Mutex<Vec<Weak<dyn Directory>>> = Mutex::new(Vec::new());

/// Adds a system.
pub(crate) fn enter(system: Weak<dyn Directory>) {
    let mut systems = SYSTEMS.lock().unwrap_or_else(PoisonError::into_inner);
    if systems.len() == systems.capacity() {
        systems.retain(|system| system.strong_count() > 0);
    }
    systems.push(system);
}

/// Returns the type and the name of an actor, unless it has ended.
pub(crate) fn find(actor: ActorId) -> Option<CycleStep> {
    let systems: Vec<_> = {
        let systems = SYSTEMS.lock().unwrap_or_else(PoisonError::into_inner);
        systems.iter().filter_map(Weak::upgrade).collect()
    };
    // The lock is free: a system may end with the handle that is dropped here.
    systems.iter().find_map(|system| system.name(actor))
}
