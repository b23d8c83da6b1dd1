//! Streams of replies that are open to the peer, and the credit for each.

use conclib_core::wire::RequestId;

use super::flow::SendCredit;
use super::id_map::IdMap;
use super::ready_set::ScheduledStream;

/// Number of unwritten bytes at which streams pause. The answer to another
/// request comes after at most so many.
const ROOM: usize = 64 * 1024;

/// Data about the open streams, under the lock of the session.
#[derive(Default)]
pub(super) struct OpenStreams {
    /// Number of further items that the peer accepts, for each stream.
    credit: IdMap<SendCredit>,
    /// New streams that the scheduler has not picked up yet.
    new: Vec<(RequestId, ScheduledStream)>,
    /// Set if the scheduler waits until something is written.
    wants_room: bool,
}

impl OpenStreams {
    pub(super) fn contains(&self, id: RequestId) -> bool {
        self.credit.contains_key(&id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.credit.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.credit.len()
    }

    pub(super) fn open(&mut self, id: RequestId, stream: ScheduledStream) {
        self.credit.insert(id, SendCredit::new());
        self.new.push((id, stream));
    }

    /// Adds credit to a stream. False if the stream is not open.
    pub(super) fn grant(&mut self, id: RequestId, items: u32) -> bool {
        let credit = self.credit.get_mut(&id);
        credit.map(|credit| credit.grant(items)).is_some()
    }

    /// Forgets a stream. The scheduler drops it at its next wake.
    pub(super) fn close(&mut self, id: RequestId) -> bool {
        self.credit.remove(&id).is_some()
    }

    pub(super) fn spend(&mut self, id: RequestId) {
        if let Some(credit) = self.credit.get_mut(&id) {
            credit.spend();
        }
    }

    pub(super) fn take_new(&mut self) -> Vec<(RequestId, ScheduledStream)> {
        std::mem::take(&mut self.new)
    }

    /// Tells if this stream may send an item while `waiting` bytes are
    /// unwritten.
    pub(super) fn permission(&mut self, id: RequestId, waiting: usize) -> Permission {
        match self.credit.get(&id) {
            None => Permission::Closed,
            Some(credit) if credit.is_spent() => Permission::NoCredit,
            Some(_) if waiting >= ROOM => {
                self.wants_room = true;
                Permission::NoRoom
            }
            Some(_) => Permission::Granted,
        }
    }

    /// Tests if the scheduler can go on after a pause.
    pub(super) fn has_room(&mut self, waiting: usize) -> bool {
        waiting < ROOM && std::mem::take(&mut self.wants_room)
    }
}

/// Permission for a stream to send an item.
pub(super) enum Permission {
    Granted,
    /// The stream has no credit; more of it puts the stream into the ready set.
    NoCredit,
    /// Too many bytes are unwritten.
    NoRoom,
    /// The stream was closed.
    Closed,
}
