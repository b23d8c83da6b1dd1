//! State that other parts of the library keep per system.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Slots of a system, one for each type.
#[derive(Default)]
pub(crate) struct Extensions(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Extensions {
    /// Returns the value of that type, made by `Default` if there is none.
    pub(crate) fn get<T: Default + Any + Send + Sync>(&self) -> Arc<T> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Arc::<T>::default());
        // The slot of a type holds a value of that type.
        slot.clone().downcast().unwrap_or_default()
    }
}
