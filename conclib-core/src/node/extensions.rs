//! State that other parts of the library keep per system.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Slots of a system, one for each type.
#[derive(Default)]
pub(crate) struct Extensions(Mutex<Slots>);

type Slots = HashMap<TypeId, Arc<dyn Any + Send + Sync>>;

impl Extensions {
    /// Returns the value of that type, made by `Default` if there is none.
    pub(crate) fn get<T: Default + Any + Send + Sync>(&self) -> Arc<T> {
        let known = self.slots().get(&TypeId::of::<T>()).cloned();
        let slot = known.unwrap_or_else(|| {
            // Made without the lock: the code of the type may look for another slot.
            let new: Arc<dyn Any + Send + Sync> = Arc::<T>::default();
            self.slots().entry(TypeId::of::<T>()).or_insert(new).clone()
        });
        // The slot of a type holds a value of that type.
        slot.downcast().unwrap_or_default()
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
