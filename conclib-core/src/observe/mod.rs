//! What those see who look on: the span of a turn, the trace that it is part
//! of, and its times. The sender of a message asks once whether anybody does;
//! its turn only looks whether there is a note with it.

#[cfg(feature = "metrics")]
mod meter;
#[cfg(not(feature = "metrics"))]
#[path = "no_meter.rs"]
mod meter;
mod note;
mod outgoing;
mod trace;
mod watched;

pub(crate) use meter::Meter;
pub(crate) use note::{Note, Remarks, has_something_to_note};
pub(crate) use outgoing::Outgoing;
pub(crate) use trace::Trace;
pub(crate) use watched::{Observed, Watch, Watched};

use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};

/// Whether anybody may want spans. It only loads a number; whether these spans
/// are wanted is asked once this is true.
#[inline(always)]
pub(crate) fn is_traced() -> bool {
    STATIC_MAX_LEVEL >= LevelFilter::DEBUG && LevelFilter::current() >= LevelFilter::DEBUG
}
