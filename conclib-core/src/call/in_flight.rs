//! What a future holds until its message has arrived.

use std::mem::{self, ManuallyDrop};

/// Nearly every future of a call is dropped right after it is done, when
/// nothing of what it held is left. It says so, and then dropping it is one
/// look and not one for each of its parts.
pub(super) struct InFlight<S>(ManuallyDrop<Option<S>>);

impl<S> InFlight<S> {
    pub(super) const fn new(state: Option<S>) -> Self {
        Self(ManuallyDrop::new(state))
    }

    #[inline(always)]
    pub(super) fn get_mut(&mut self) -> Option<&mut S> {
        self.0.as_mut()
    }

    #[inline(always)]
    pub(super) fn get(&self) -> Option<&S> {
        self.0.as_ref()
    }

    pub(super) fn take(&mut self) -> Option<S> {
        ManuallyDrop::into_inner(mem::replace(&mut self.0, ManuallyDrop::new(None)))
    }

    /// It is done, and nothing in it is left that has to be dropped: what is
    /// still there is forgotten.
    #[inline(always)]
    pub(super) fn arrived(&mut self) {
        self.0 = ManuallyDrop::new(None);
    }

    #[cold]
    #[inline(never)]
    fn clear(&mut self) {
        drop(self.take());
    }
}

impl<S> Drop for InFlight<S> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.0.is_some() {
            self.clear();
        }
    }
}
