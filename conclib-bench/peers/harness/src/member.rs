//! What an actor holds whose start, deliveries and end are waited for.

use std::sync::Arc;

use crate::Gate;

/// The state of a member: it reports its start, each delivery, and by being
/// dropped its end.
pub struct Membership {
    group: Arc<Group>,
    sum: u64,
}

impl Membership {
    /// Reports that the actor runs.
    pub fn started(&self) {
        self.group.started.arrive();
    }

    /// Adds a number and reports that it came.
    pub fn deliver(&mut self, by: u64) {
        self.sum += by;
        self.group.delivered.arrive();
    }

    /// Adds a number that was asked with, and answers with the sum of all.
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

/// All members together.
#[derive(Default)]
pub struct Group {
    /// Open when all have started.
    pub started: Gate,
    /// Closed by who delivers, open when all has been delivered.
    pub delivered: Gate,
    /// Open when all have ended.
    pub ended: Gate,
}

impl Group {
    /// A group that waits for the start and the end of so many members.
    pub fn of(members: u64) -> Arc<Self> {
        let group = Self::default();
        group.started.close(members);
        group.ended.close(members);
        Arc::new(group)
    }

    /// The state of one more member.
    pub fn membership(self: &Arc<Self>) -> Membership {
        let group = self.clone();
        Membership { group, sum: 0 }
    }
}
