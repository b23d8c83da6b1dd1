//! Callers that wait until a request can be sent.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::shared::{Link, Shared};
use crate::shares::Target;

/// Queue of callers that wait for a free slot: first come, first served among
/// those whose target has one.
///
/// A caller gets a reserved slot when it is woken, so that no more are woken
/// than there are slots.
#[derive(Default)]
pub(super) struct Queue {
    /// Waiting callers of each target, by tickets.
    lines: HashMap<Target, BTreeMap<u64, Waker>>,
    next: u64,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Removes the caller that has waited longest, of those whose target has a
    /// free slot.
    #[must_use]
    pub(super) fn pop(&mut self, has_room: impl Fn(Target) -> bool) -> Option<(Target, Waker)> {
        let heads = self.lines.iter().filter_map(|(target, line)| {
            let (ticket, _) = line.first_key_value()?;
            has_room(*target).then_some((*ticket, *target))
        });
        let (ticket, target) = heads.min_by_key(|(ticket, _)| *ticket)?;
        Some((target, self.leave(target, ticket)?))
    }

    /// Removes all callers, without reserving slots.
    #[must_use]
    pub(super) fn take_all(&mut self) -> Vec<Waker> {
        let lines = std::mem::take(&mut self.lines);
        lines
            .into_values()
            .flat_map(BTreeMap::into_values)
            .collect()
    }

    /// Adds the caller, or updates its waker: a ticket keeps its position.
    fn wait(&mut self, target: Target, ticket: &mut Option<u64>, waker: &Waker) {
        let ticket = *ticket.get_or_insert_with(|| {
            self.next += 1;
            self.next
        });
        let line = self.lines.entry(target).or_default();
        match line.get_mut(&ticket) {
            Some(known) => known.clone_from(waker),
            None => drop(line.insert(ticket, waker.clone())),
        }
    }

    /// Tests if a ticket still waits, without a reserved slot.
    fn has(&self, target: Target, ticket: u64) -> bool {
        (self.lines.get(&target)).is_some_and(|line| line.contains_key(&ticket))
    }

    /// Leaves the queue. `None` if a slot was already reserved for the ticket.
    fn leave(&mut self, target: Target, ticket: u64) -> Option<Waker> {
        let Entry::Occupied(mut line) = self.lines.entry(target) else {
            return None;
        };
        let waker = line.get_mut().remove(&ticket);
        if line.get().is_empty() {
            line.remove();
        }
        waker
    }
}

/// Future that resolves when a request to its target can be sent, or never can
/// be again.
pub(super) struct Room {
    shared: Arc<Shared>,
    target: Target,
    ticket: Option<u64>,
}

impl Room {
    pub(super) fn new(shared: Arc<Shared>, to: &str) -> Self {
        Self {
            shared,
            target: Target::of(to),
            ticket: None,
        }
    }
}

impl Future for Room {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let room = self.get_mut();
        let target = room.target;
        let mut state = room.shared.lock();
        let promised = room
            .ticket
            .is_some_and(|ticket| !state.queue.has(target, ticket));
        if promised && state.link != Link::Closed {
            // The reserved slot becomes free for the send that follows.
            state.shares.give_back(target);
        }
        if state.is_worth_a_try(target) {
            if let Some(ticket) = room.ticket.take() {
                let _ = state.queue.leave(target, ticket);
            }
            return Poll::Ready(());
        }
        state.queue.wait(target, &mut room.ticket, cx.waker());
        Poll::Pending
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let next = {
            let mut state = self.shared.lock();
            let promised = state.queue.leave(self.target, ticket).is_none();
            // A closed client reserves nothing.
            if promised && state.link != Link::Closed {
                state.shares.give_back(self.target);
            }
            state.admit()
        };
        next.into_iter().for_each(Waker::wake);
    }
}
