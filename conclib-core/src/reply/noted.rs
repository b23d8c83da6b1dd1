//! What goes with a message for those who look on; else nothing of this is on
//! its way.

use std::mem;

use super::to::{ReplyTo, Slot};
use crate::observe::{Note, has_something_to_note};
use crate::wire::{Origin, WireReply};

impl<T, E> ReplyTo<T, E> {
    /// With what there is to note of a message that is sent here and now.
    #[inline(always)]
    pub(crate) fn noted(self) -> Self {
        match has_something_to_note() {
            true => self.with(Note::here()),
            false => self,
        }
    }

    /// With where the request came from, of one that is passed on.
    pub(crate) fn came_from(mut self, origin: Origin) -> Self {
        if let Slot::Wire(reply) = &mut self.0 {
            reply.set_origin(origin);
            return self;
        }
        Self::wire(WireReply::passed_on(origin, self))
    }

    /// As [`noted`](Self::noted), in its place, and once.
    pub(crate) fn note(&mut self) {
        if !matches!(self.0, Slot::Wire(_)) {
            let reply = mem::replace(self, Self::nobody());
            *self = reply.with(Note::here());
        }
    }

    /// As [`noted`](Self::noted), of a message that nobody sends.
    pub(crate) fn noted_by_itself(self) -> Self {
        match Note::by_itself() {
            Some(note) => self.with(note),
            None => self,
        }
    }

    /// With the time at which it was sent, for a receiver that is measured.
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
