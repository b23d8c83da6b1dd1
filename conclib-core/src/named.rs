//! Whatever has a URN.

use crate::current::ActorId;
use crate::urn::Urn;
use crate::waits::{Cycle, Wait};

/// Something with a URN: what errors are about.
pub trait Named: Send + Sync {
    /// Its URN. An anonymous actor gets its own when somebody first wants to
    /// know it.
    fn urn(&self) -> Urn;

    /// That an actor waits for this one, or why it must not. `None` for what
    /// is no actor of this process.
    #[doc(hidden)]
    fn wait(&self, who: ActorId) -> Option<Result<Wait, Cycle>> {
        let _ = who;
        None
    }
}

impl<T: Named + ?Sized> Named for &T {
    fn urn(&self) -> Urn {
        (**self).urn()
    }

    fn wait(&self, who: ActorId) -> Option<Result<Wait, Cycle>> {
        (**self).wait(who)
    }
}
