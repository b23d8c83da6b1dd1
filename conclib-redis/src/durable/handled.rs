//! Messages that were handled here: a copy of one that somebody stores again is not handled.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::entry::Entry;

/// Maximum number of messages that are remembered.
const MAX: usize = 64 * 1024;

/// Last signed messages that were handled here, by the ends of their signatures, with the ids under
/// which they were stored.
#[derive(Default)]
pub(super) struct Handled {
    ids: HashMap<u128, Arc<str>>,
    order: VecDeque<u128>,
}

impl Handled {
    /// Tells whether a message was handled when it was stored under another id.
    pub(super) fn has_copy(&self, entry: &Entry) -> bool {
        let id = self.ids.get(&signature(entry));
        id.is_some_and(|id| *id != entry.id)
    }

    /// Notes a message that was handled.
    pub(super) fn insert(&mut self, entry: &Entry) {
        let signature = signature(entry);
        if self.ids.insert(signature, entry.id.clone()).is_none() {
            self.order.push_back(signature);
        }
        if self.order.len() > MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }
}

fn signature(entry: &Entry) -> u128 {
    let end = entry.stored.last_chunk().copied();
    end.map_or(0, u128::from_be_bytes)
}
