//! Trait of everything that has a URN.

use conclib_wire::{Cycle, Urn};

use crate::actor_id::ActorId;

/// Callback that enters a wait for the actor of that id; the flag says if the wait may be entered
/// in doubt.
pub type Enter<'a> = &'a mut dyn FnMut(ActorId, bool) -> Result<(), Cycle>;

/// Owner of a URN, which errors name.
pub trait Named: Send + Sync {
    /// Returns the URN. An anonymous actor gets its URN at the first call.
    fn urn(&self) -> Urn;

    /// Enters a wait for this actor by its id; the error is the cycle that the wait would close.
    /// The wait may be entered in doubt unless another actor could answer instead. `None` if this
    /// is no actor of the current process.
    #[doc(hidden)]
    fn wait(&self, enter: Enter<'_>) -> Option<Result<(), Cycle>> {
        let _ = enter;
        None
    }
}

impl<T: Named + ?Sized> Named for &T {
    fn urn(&self) -> Urn {
        (**self).urn()
    }

    fn wait(&self, enter: Enter<'_>) -> Option<Result<(), Cycle>> {
        (**self).wait(enter)
    }
}
