//! Clock of a test that stands still.

use std::sync::OnceLock;

/// Resumes the clock of the current runtime, if that is paused. Set in programs with paused clocks.
static RESUME: OnceLock<fn()> = OnceLock::new();

/// Sets the function that resumes the clock of the current runtime, if that is paused.
pub fn set_resume(resume: fn()) {
    // A program has one test kit, which sets the same function in each test.
    let _ = RESUME.set(resume);
}

/// Resumes a paused clock, which would not wait for another thread or process. To be called in the
/// runtime.
pub fn resume_paused_clock() {
    if let Some(resume) = RESUME.get() {
        resume();
    }
}
