//! Observability of turns: spans, trace propagation and metrics. The sender of a message checks
//! once if anything is observed; the turn only checks if a note came with the message.

mod instrumented;
pub(crate) mod log;
#[cfg(feature = "metrics")]
mod meter;
#[cfg(not(feature = "metrics"))]
#[path = "no_meter.rs"]
mod meter;
mod outbound_trace;
mod trace;
mod trace_context;

pub(crate) use instrumented::{Instrumented, ObservedTurn, TurnSpan};
pub(crate) use meter::Meter;
pub(crate) use outbound_trace::OutboundTrace;
pub(crate) use trace_context::{Remarks, TraceContext, has_something_to_note};

use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};

/// Returns true if a subscriber may want debug spans. Only loads a number; the subscriber's own
/// filter is consulted once this is true.
#[inline(always)]
pub(crate) fn is_traced() -> bool {
    STATIC_MAX_LEVEL >= LevelFilter::DEBUG && LevelFilter::current() >= LevelFilter::DEBUG
}
