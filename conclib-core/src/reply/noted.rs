//! Trace context and time of sending, which travel with a message if tracing or metrics
//! want them; other messages carry nothing of this.

use std::mem;

use super::to::{ReplyTo, Slot};
use crate::observe::{Note, has_something_to_note};
use crate::wire::{Origin, WireReply};

impl<T, E> ReplyTo<T, E> {
    /// Adds the current span and trace to a message that is sent here and now.
    #[inline(always)]
    pub(crate) fn noted(self) -> Self {
        match has_something_to_note() {
            true => self.with(Note::here()),
            false => self,
        }
    }

    /// Adds the origin of the request to one that is passed on.
    pub(crate) fn came_from(mut self, origin: Origin) -> Self {
        if let Slot::Wire(reply) = &mut self.0 {
            reply.set_origin(origin);
            return self;
        }
        Self::wire(WireReply::passed_on(origin, self))
    }

    /// Adds the current span and trace in place, and once.
    pub(crate) fn note(&mut self) {
        if !matches!(self.0, Slot::Wire(_)) {
            let reply = mem::replace(self, Self::nobody());
            *self = reply.with(Note::here());
        }
    }

    /// Adds a note to a message without a sender, such as a tick, if tracing is on.
    pub(crate) fn noted_by_itself(self) -> Self {
        match Note::by_itself() {
            Some(note) => self.with(note),
            None => self,
        }
    }

    /// Adds the time of sending, for a receiver that is measured.
    #[cold]
    pub(super) fn sent_now(mut self) -> Self {
        if let Slot::Wire(reply) = &mut self.0 {
            reply.is_sent_now();
            return self;
        }
        let mut note = Note::default();
        note.is_sent_now();
        self.with(note)
    }

    #[cold]
    fn with(self, note: Note) -> Self {
        Self::wire(WireReply::noted(note, self))
    }
}
