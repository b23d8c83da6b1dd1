//! Names of the actors of this process, in whichever of its systems they live.
//!
//! Two systems meet only in references, and in the error of a cycle of waiting
//! actors that goes through both.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use conclib_wire::{CycleStep, NodeId};

use crate::actor_id::ActorId;

/// System that knows its actors by their ids.
pub(crate) trait Directory: Send + Sync {
    /// Returns the type and the name of an actor that lives in the system.
    fn name(&self, actor: ActorId) -> Option<CycleStep>;
    /// Returns the id of the system.
    fn node(&self) -> NodeId;
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
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
    all().iter().find_map(|system| system.name(actor))
}

/// Returns the system of this process that has that id.
pub(crate) fn system(node: NodeId) -> Option<Arc<dyn Any + Send + Sync>> {
    let systems = all();
    let system = systems.iter().find(|system| system.node() == node)?;
    Some(system.clone().into_any())
}

/// Returns all systems. Their lock is free then: a system may end with the handle that is dropped.
fn all() -> Vec<Arc<dyn Directory>> {
    let systems = SYSTEMS.lock().unwrap_or_else(PoisonError::into_inner);
    systems.iter().filter_map(Weak::upgrade).collect()
}
