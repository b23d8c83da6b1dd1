//! Wait for more frames before a write.

use std::mem::replace;
use std::task::Context;

use super::trial::is_alone;

/// Lets the other tasks run once before the frames of several requests are written, on a runtime
/// of several threads.
///
/// Such a runtime runs a task that was just woken before all others of its thread. The task of a link
/// would thus write the first of many requests alone, and then the second.
pub(super) struct Gathering {
    is_possible: bool,
    /// Set from a wait to the write after it.
    has_waited: bool,
}

impl Gathering {
    pub(super) fn new() -> Self {
        Self {
            is_possible: !is_alone(),
            has_waited: false,
        }
    }

    /// Decides, before a poll of the task, if the others run first; the task is then polled after
    /// them. `is_due` tells if there are frames to write, and others may come.
    #[inline]
    pub(super) fn waits(&mut self, cx: &Context<'_>, is_due: impl FnOnce() -> bool) -> bool {
        if !self.is_possible || replace(&mut self.has_waited, false) || !is_due() {
            return false;
        }
        self.has_waited = true;
        // A task that wakes itself goes behind the others.
        cx.waker().wake_by_ref();
        true
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn waits(gathering: &mut Gathering, is_due: bool) -> bool {
        gathering.waits(&Context::from_waker(Waker::noop()), || is_due)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn others_run_once_before_each_write() {
        let mut gathering = Gathering::new();
        assert!(!waits(&mut gathering, false));
        for _ in 0..2 {
            assert!(waits(&mut gathering, true));
            assert!(!waits(&mut gathering, true));
        }
    }

    #[tokio::test]
    async fn the_only_thread_runs_others_first_anyway() {
        assert!(!waits(&mut Gathering::new(), true));
    }
}
