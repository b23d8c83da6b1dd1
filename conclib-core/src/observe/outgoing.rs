//! The trace of a request that leaves the process.

use tracing::Level;

use super::note::has_something_to_note;
use super::trace::Trace;
use conclib_wire::Urn;

/// What a request that is about to leave says of its trace.
#[derive(Default)]
pub(crate) struct Outgoing {
    text: String,
    /// Set if it is logged here.
    trace: Option<Trace>,
}

impl Outgoing {
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
            // Nothing of this process is seen in the trace: it is passed on.
            let text = current.map(|trace| trace.to_string()).unwrap_or_default();
            return Self { text, trace: None };
        }
        let trace = current.map_or_else(Trace::begin, Trace::step);
        Self {
            text: trace.to_string(),
            trace: Some(trace),
        }
    }

    /// As it travels; empty if nobody looks on.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The request is out: logs under which name the other side will know it,
    /// within the span of who sent it.
    pub(crate) fn is_out(&self, to: &Urn, message: &str) {
        if let Some(trace) = self.trace {
            let (trace_id, span_id) = (trace.id(), trace.parent());
            tracing::debug!(target: "conclib", urn = %to, request = message, trace_id, span_id, "a request leaves");
        }
    }
}
