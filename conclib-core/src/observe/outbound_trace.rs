//! Trace of a request that leaves the process.

use conclib_wire::Urn;
use tracing::Level;

use super::trace::Trace;
use super::trace_context::has_something_to_note;

/// Trace context of a request that is about to be sent.
#[derive(Default)]
pub(crate) struct OutboundTrace {
    text: String,
    /// Trace to log, if the send is logged.
    trace: Option<Trace>,
}

impl OutboundTrace {
    #[inline]
    pub(crate) fn new() -> Self {
        match has_something_to_note() {
            true => Self::of(Trace::current()),
            false => Self::default(),
        }
    }

    #[cold]
    fn of(current: Option<Trace>) -> Self {
        if !tracing::event_enabled!(target: "conclib", Level::DEBUG) {
            // No subscriber of this process shows the trace, so the trace is passed on unchanged.
            let text = current.map(|trace| trace.to_string()).unwrap_or_default();
            return Self { text, trace: None };
        }
        let trace = current.map_or_else(Trace::begin, Trace::step);
        Self {
            text: trace.to_string(),
            trace: Some(trace),
        }
    }

    /// Returns the encoded trace context; empty if nothing is observed.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Logs that the request is sent, with the span id that the other side will see as its parent,
    /// within the span of the sender.
    pub(crate) fn is_out(&self, to: &Urn, message: &str) {
        if let Some(trace) = self.trace {
            let (trace_id, span_id) = (trace.id(), trace.parent());
            tracing::debug!(target: "conclib", urn = %to, request = message, trace_id, span_id, "a request leaves");
        }
    }
}
