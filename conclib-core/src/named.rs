//! Whatever has a URN.

use crate::current::ActorId;
use crate::urn::Urn;
use crate::waits::Cycle;

/// Enters a wait for the actor of that id; whether in doubt, if need be.
pub type Enter<'a> = &'a mut dyn FnMut(ActorId, bool) -> Result<(), Cycle>;

/// Something with a URN: what errors are about.
pub trait Named: Send + Sync {
    /// Its URN. An anonymous actor gets its own when somebody first wants to
    /// know it.
    fn urn(&self) -> Urn;

    /// Enters a wait for this one by its id, or tells why it must not be. The
    /// wait may be entered in doubt unless another would do as well. `None` for
    /// what is no actor of this process.
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
