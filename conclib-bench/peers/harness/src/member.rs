//! State of an actor that reports its start, its deliveries and its end.

use std::sync::Arc;

use crate::Gate;

/// State of a member. It reports its start, each delivery, and on drop its end.
pub struct Membership {
    group: Arc<Group>,
    sum: u64,
}

impl Membership {
    /// Reports that the actor runs.
    pub fn started(&self) {
        self.group.started.arrive();
    }

    /// Adds a number and reports the delivery.
    pub fn deliver(&mut self, by: u64) {
        self.sum += by;
        self.group.delivered.arrive();
    }

    /// Adds the number of an ask, and returns the sum of all.
    pub fn total(&mut self, by: u64) -> u64 {
        self.sum += by;
        self.sum
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.group.ended.arrive();
    }
}

/// Gates for all members together.
#[derive(Default)]
pub struct Group {
    /// Opens when all have started.
    pub started: Gate,
    /// Closed by the sender of a delivery; opens when all members have it.
    pub delivered: Gate,
    /// Opens when all have ended.
    pub ended: Gate,
}

impl Group {
    /// Makes a group that waits for the start and the end of so many members.
    pub fn of(members: u64) -> Arc<Self> {
        let group = Self::default();
        group.started.close(members);
        group.ended.close(members);
        Arc::new(group)
    }

    /// Returns the state of one more member.
    pub fn membership(self: &Arc<Self>) -> Membership {
        let group = self.clone();
        Membership { group, sum: 0 }
    }
}
