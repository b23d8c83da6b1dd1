//! Observability of turns: spans, trace propagation and metrics. The sender of a message checks
//! once if anything is observed; the turn only checks if a note came with the message.

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
pub(crate) use note::{Remarks, TraceContext, has_something_to_note};
pub(crate) use outgoing::OutboundTrace;
pub(crate) use watched::{Instrumented, ObservedTurn, TurnSpan};

use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};

/// Returns true if a subscriber may want debug spans. Only loads a number; the subscriber's own
/// filter is consulted once this is true.
#[inline(always)]
pub(crate) fn is_traced() -> bool {
    STATIC_MAX_LEVEL >= LevelFilter::DEBUG && LevelFilter::current() >= LevelFilter::DEBUG
}
