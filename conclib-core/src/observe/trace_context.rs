//! Trace context that travels with a message while something observes it.

use std::sync::Arc;

use tokio::time::Instant;
use tracing::Span;

use super::is_traced;
use super::trace::Trace;
use crate::spi::Origin;

/// Origin and notes of a message that came from outside or is traced.
pub(crate) struct Remarks {
    /// Origin, if the message came from outside.
    pub(crate) origin: Option<Arc<Origin>>,
    /// Number of the attempt to deliver the message.
    pub(crate) attempt: u32,
    pub(crate) note: Option<TraceContext>,
}

impl Remarks {
    /// Notes the time at which the message was sent.
    #[cold]
    pub(crate) fn is_sent_now(&mut self) {
        self.note.get_or_insert_default().is_sent_now();
    }
}

/// Place and time of a message's send.
#[derive(Default)]
pub(crate) struct TraceContext {
    /// Span in which the message was sent.
    span: Option<Span>,
    /// Trace in which the message was sent.
    trace: Option<Trace>,
    /// Time of the send, if the receiver is measured.
    pub(crate) sent: Option<Instant>,
}

/// Returns true if a message that is sent now may need a note.
#[inline(always)]
pub(crate) fn has_something_to_note() -> bool {
    is_traced() || Trace::current().is_some()
}

impl TraceContext {
    /// Returns the note of a message that is sent now.
    pub(crate) fn here() -> Self {
        Self {
            span: Some(Span::current()).filter(|span| !span.is_none()),
            trace: Trace::current(),
            sent: None,
        }
    }

    /// Returns the note of a message without a sender, such as a tick.
    pub(crate) fn by_itself() -> Option<Self> {
        is_traced().then(Self::default)
    }

    /// Returns the note of a message that came over a wire.
    pub(crate) fn of_wire(trace: &str) -> Option<Self> {
        let trace = Trace::parse(trace);
        (trace.is_some() || is_traced()).then_some(Self {
            trace,
            ..Self::default()
        })
    }

    pub(crate) fn is_sent_now(&mut self) {
        self.sent = Some(Instant::now());
    }

    pub(crate) fn span(&self) -> Option<tracing::span::Id> {
        self.span.as_ref()?.id()
    }

    pub(crate) fn trace(&self) -> Option<Trace> {
        self.trace
    }
}
