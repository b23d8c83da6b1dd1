//! State of the future of a call, which is cheap to drop once the call is done.

use std::mem::{self, ManuallyDrop};

/// State of the future of a call until it is done. Nearly every such future is dropped
/// right after, when nothing is left in the state: marked by
/// [`complete`](Self::complete), the state is dropped with one check, and not with one
/// for each of its fields.
pub(crate) struct ForgetWhenDone<S>(ManuallyDrop<Option<S>>);

impl<S> ForgetWhenDone<S> {
    pub(crate) const fn new(state: Option<S>) -> Self {
        Self(ManuallyDrop::new(state))
    }

    #[inline(always)]
    pub(crate) fn get_mut(&mut self) -> Option<&mut S> {
        self.0.as_mut()
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> Option<&S> {
        self.0.as_ref()
    }

    pub(crate) fn take(&mut self) -> Option<S> {
        ManuallyDrop::into_inner(mem::replace(&mut self.0, ManuallyDrop::new(None)))
    }

    /// Marks the call as done. The caller has made sure that nothing in the state has
    /// to be dropped: the state is forgotten.
    #[inline(always)]
    pub(crate) fn complete(&mut self) {
        self.0 = ManuallyDrop::new(None);
    }

    #[cold]
    #[inline(never)]
    fn clear(&mut self) {
        drop(self.take());
    }
}

impl<S> Drop for ForgetWhenDone<S> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.0.is_some() {
            self.clear();
        }
    }
}
