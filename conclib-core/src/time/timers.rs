//! Check for the timers of the tokio runtime, which may have none.
//!
//! A runtime that was built without `enable_time` panics when a timer is made. So all code of this
//! crate checks before it makes one.

use std::cell::Cell;
use std::future::Future;
use std::panic::catch_unwind;
use std::time::Duration;

use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::error::SpawnError;

thread_local! {
    /// Id of the runtime that was checked last on this thread, and the result.
    static LOOKED_AT: Cell<Option<(Id, bool)>> = const { Cell::new(None) };
}

/// Returns the current runtime.
///
/// # Errors
/// [`SpawnError::NoRuntime`], or [`SpawnError::NoTimers`] if the runtime has none.
pub fn check() -> Result<Handle, SpawnError> {
    let runtime = Handle::try_current().map_err(|_| SpawnError::NoRuntime)?;
    match has_timers(&runtime) {
        true => Ok(runtime),
        false => Err(SpawnError::NoTimers),
    }
}

/// Returns true if the current runtime has timers.
#[inline(never)]
pub(crate) fn are_here() -> bool {
    check().is_ok()
}

/// Returns true if an entered runtime has timers. tokio offers no query for that: a timer is made,
/// and tokio's panic is caught.
fn has_timers(runtime: &Handle) -> bool {
    let id = runtime.id();
    if let Some((known, has_timers)) = LOOKED_AT.get()
        && known == id
    {
        return has_timers;
    }
    let has_timers = catch_unwind(|| drop(sleep(Duration::ZERO))).is_ok();
    LOOKED_AT.set(Some((id, has_timers)));
    has_timers
}

/// Waits for a future, for at most `time`; without timers, without a limit.
pub(crate) async fn within<F: Future>(time: Duration, future: F) -> Option<F::Output> {
    match has_limits() {
        true => timeout(time, future).await.ok(),
        false => Some(future.await),
    }
}

/// Waits for a future, at most until `until`; without timers, without a limit.
pub(crate) async fn before<F: Future>(until: Instant, future: F) -> Option<F::Output> {
    match has_limits() {
        true => timeout_at(until, future).await.ok(),
        false => Some(future.await),
    }
}

/// Returns true if a wait can have a limit on this runtime, and logs an error if not.
fn has_limits() -> bool {
    let limits = check();
    if let Err(error) = &limits {
        tracing::error!(target: "conclib", %error, "no timers: this wait has no limit");
    }
    limits.is_ok()
}

/// Waits for `time`; not at all without timers.
pub(crate) async fn pause(time: Duration) {
    match check() {
        Ok(_) => sleep(time).await,
        Err(error) => tracing::error!(target: "conclib", %error, "no timers: a pause is skipped"),
    }
}
