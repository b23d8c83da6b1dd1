//! Queue of the callers that wait until a request can be sent.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::task::Waker;

use super::shares::Target;

/// Callers that wait for a free slot: first come, first served among those
/// whose target has one.
///
/// A caller gets a reserved slot when it is woken, so that no more are woken
/// than there are slots.
#[derive(Default)]
pub(super) struct WaitQueue {
    /// Waiting callers of each target, by tickets.
    waiters: HashMap<Target, BTreeMap<u64, Waker>>,
    next: u64,
}

impl WaitQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    /// Removes the caller that has waited longest, of those whose target has a
    /// free slot.
    #[must_use]
    pub(super) fn pop(&mut self, has_room: impl Fn(Target) -> bool) -> Option<(Target, Waker)> {
        let heads = self.waiters.iter().filter_map(|(target, waiting)| {
            let (ticket, _) = waiting.first_key_value()?;
            has_room(*target).then_some((*ticket, *target))
        });
        let (ticket, target) = heads.min_by_key(|(ticket, _)| *ticket)?;
        Some((target, self.leave(target, ticket)?))
    }

    /// Returns the wakers of all callers, which leave the queue by themselves.
    #[must_use]
    pub(super) fn all(&self) -> Vec<Waker> {
        let waiting = self.waiters.values().flat_map(BTreeMap::values);
        waiting.cloned().collect()
    }

    /// Adds the caller, or updates its waker: a ticket keeps its position.
    pub(super) fn wait(&mut self, target: Target, ticket: &mut Option<u64>, waker: &Waker) {
        let ticket = *ticket.get_or_insert_with(|| {
            self.next += 1;
            self.next
        });
        let waiting = self.waiters.entry(target).or_default();
        match waiting.get_mut(&ticket) {
            Some(known) => known.clone_from(waker),
            None => drop(waiting.insert(ticket, waker.clone())),
        }
    }

    /// Tests if a ticket still waits, without a reserved slot.
    pub(super) fn has(&self, target: Target, ticket: u64) -> bool {
        (self.waiters.get(&target)).is_some_and(|waiting| waiting.contains_key(&ticket))
    }

    /// Leaves the queue. `None` if a slot was already reserved for the ticket.
    pub(super) fn leave(&mut self, target: Target, ticket: u64) -> Option<Waker> {
        let Entry::Occupied(mut waiting) = self.waiters.entry(target) else {
            return None;
        };
        let waker = waiting.get_mut().remove(&ticket);
        if waiting.get().is_empty() {
            waiting.remove();
        }
        waker
    }
}
