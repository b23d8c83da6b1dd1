//! Whatever has a URN.

use crate::urn::Urn;

/// Something with a URN: what errors are about.
pub trait Named: Send + Sync {
    /// Its URN. An anonymous actor gets its own when somebody first wants to
    /// know it.
    fn urn(&self) -> Urn;
}

impl<T: Named + ?Sized> Named for &T {
    fn urn(&self) -> Urn {
        (**self).urn()
    }
}
