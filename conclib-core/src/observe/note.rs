//! What goes with a message while somebody looks on.

use tokio::time::Instant;
use tracing::Span;

use super::{Trace, is_traced};
use crate::wire::Origin;

/// Origin and notes of a message that came from outside or is traced.
pub(crate) struct Remarks {
    pub(crate) origin: Origin,
    pub(crate) note: Option<Note>,
}

impl Remarks {
    /// Notes the time at which the message was sent.
    #[cold]
    pub(crate) fn is_sent_now(&mut self) {
        self.note.get_or_insert_default().is_sent_now();
    }
}

/// Where and when a message was sent.
#[derive(Default)]
pub(crate) struct Note {
    /// The span in which it was sent.
    span: Option<Span>,
    /// The trace in which it was sent.
    trace: Option<Trace>,
    /// When it was sent, if its receiver is measured.
    pub(super) sent: Option<Instant>,
}

/// Whether a message that is sent here and now may have something to note.
#[inline(always)]
pub(crate) fn has_something_to_note() -> bool {
    is_traced() || Trace::current().is_some()
}

impl Note {
    /// Of a message that is sent here and now.
    pub(crate) fn here() -> Self {
        Self {
            span: Some(Span::current()).filter(|span| !span.is_none()),
            trace: Trace::current(),
            sent: None,
        }
    }

    /// Of a message that nobody sends: it comes by itself.
    pub(crate) fn by_itself() -> Option<Self> {
        is_traced().then(Self::default)
    }

    /// Of a message that came over a wire.
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

    pub(super) fn span(&self) -> Option<tracing::span::Id> {
        self.span.as_ref()?.id()
    }

    pub(super) fn trace(&self) -> Option<Trace> {
        self.trace
    }
}
