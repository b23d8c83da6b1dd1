//! Requests that were seen: each is answered once.

use std::collections::{HashSet, VecDeque};

use crate::packet::is_fresh;

/// Maximum number of requests that are remembered.
const MAX: usize = 256 * 1024;

/// Signed requests of the last minutes. One that was published again by somebody else is found here,
/// or is too old.
#[derive(Default)]
pub(super) struct Seen {
    ids: HashSet<u128>,
    /// Requests in the order in which they came, with the times of their issue.
    order: VecDeque<(u64, u128)>,
    /// Latest time of issue of those that are forgotten.
    forgotten: u64,
}

impl Seen {
    /// Notes a request. False if it was seen, or may have been.
    pub(super) fn insert(&mut self, issued: u64, id: u128) -> bool {
        let is_surplus = |seen: &Self, first: u64| seen.order.len() >= MAX || !is_fresh(first);
        while let Some((first, id)) = self.order.front().copied()
            && is_surplus(self, first)
        {
            self.order.pop_front();
            self.ids.remove(&id);
            self.forgotten = self.forgotten.max(first);
        }
        let is_new = issued > self.forgotten && self.ids.insert(id);
        if is_new {
            self.order.push_back((issued, id));
        }
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::now;

    #[test]
    fn a_request_is_new_once() {
        let (mut seen, now) = (Seen::default(), now());
        assert!(seen.insert(now, 1) && seen.insert(now, 2));
        assert!(!seen.insert(now, 1) && !seen.insert(now, 2));
    }

    #[test]
    fn a_request_that_is_forgotten_is_not_new() {
        let (mut seen, now) = (Seen::default(), now());
        for id in 0..=MAX as u128 {
            assert!(seen.insert(now + u64::from(id > 0), id));
        }
        assert_eq!(seen.order.len(), MAX);
        assert!(!seen.insert(now, 0));
        assert!(seen.insert(now + 2, 1 << 64));
    }
}
