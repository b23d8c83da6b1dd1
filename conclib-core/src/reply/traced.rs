//! Trace context and time of sending, which travel with a message if tracing or metrics
//! want them; other messages carry nothing of this.

use std::mem;

use super::Answer;
use super::to::{ReplyTo, Slot};
use crate::observe::{Remarks, TraceContext, has_something_to_note};
use crate::spi::Outside;

/// Reply of a local message, with its origin and its notes.
pub(crate) struct Traced<T, E> {
    pub(crate) reply: ReplyTo<T, E>,
    pub(crate) remarks: Remarks,
}

impl<T, E> Traced<T, E> {
    #[cold]
    pub(crate) fn answer(self, answer: Answer<T, E>) {
        self.reply.answer(answer);
    }
}

impl<T, E> ReplyTo<T, E> {
    /// Adds the current span and trace to a message that is sent here and now.
    #[inline(always)]
    pub(crate) fn noted(self) -> Self {
        match has_something_to_note() {
            true => self.with(TraceContext::here()),
            false => self,
        }
    }

    /// Adds the origin of the request to one that is passed on.
    pub(crate) fn came_from(mut self, outside: &Outside) -> Self {
        let origin = Some(outside.origin.clone());
        let attempt = outside.attempt;
        match &mut self.0 {
            Slot::Wire(reply) => reply.set_origin(outside.origin.clone()),
            Slot::Traced(traced) => {
                traced.remarks.origin = origin;
                traced.remarks.attempt = attempt;
            }
            _ => {
                return self.traced(Remarks {
                    origin,
                    attempt,
                    note: None,
                });
            }
        }
        self
    }

    /// Adds the current span and trace in place, and once.
    pub(crate) fn note(&mut self) {
        if !matches!(self.0, Slot::Wire(_) | Slot::Traced(_)) {
            let reply = mem::replace(self, Self::nobody());
            *self = reply.with(TraceContext::here());
        }
    }

    /// Adds a note to a message without a sender, such as a tick, if tracing is on.
    pub(crate) fn noted_by_itself(self) -> Self {
        match TraceContext::by_itself() {
            Some(note) => self.with(note),
            None => self,
        }
    }

    /// Adds the time of sending, for a receiver that is measured.
    #[cold]
    pub(crate) fn sent_now(mut self) -> Self {
        match &mut self.0 {
            Slot::Wire(reply) => reply.is_sent_now(),
            Slot::Traced(traced) => traced.remarks.is_sent_now(),
            _ => {
                let mut note = TraceContext::default();
                note.is_sent_now();
                return self.with(note);
            }
        }
        self
    }

    #[cold]
    fn with(self, note: TraceContext) -> Self {
        self.traced(Remarks {
            origin: None,
            attempt: 1,
            note: Some(note),
        })
    }

    fn traced(self, remarks: Remarks) -> Self {
        Self(Slot::Traced(Box::new(Traced {
            reply: self,
            remarks,
        })))
    }
}
