//! Clock of a test that stands still.

use std::cell::Cell;

thread_local! {
    /// Resumes the clock of the runtime that runs on this thread. `None` if that is a real one.
    static RESUME: Cell<Option<fn()>> = const { Cell::new(None) };
}

/// Notes that the clock of the runtime on this thread is paused from now on, and how to resume it;
/// or with `None` that it is no longer.
pub fn set_paused_clock(resume: Option<fn()>) {
    RESUME.set(resume);
}

/// Resumes a paused clock, for good: it would not wait for another process. To be called in the
/// runtime.
pub fn resume_paused_clock() {
    if let Some(resume) = RESUME.take() {
        resume();
    }
}
