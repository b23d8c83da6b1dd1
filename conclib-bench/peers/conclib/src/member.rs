//! The actor that gets deliveries, or nothing at all.

use std::convert::Infallible;

use conclib::prelude::*;
use harness::Membership;

#[actor]
pub(crate) struct Member {
    membership: Membership,
}

impl Member {
    pub(crate) fn new(membership: Membership) -> Self {
        Self { membership }
    }
}

#[actor]
impl Member {
    #[on(start)]
    async fn started(&mut self, _ctx: &mut Context<Self>) -> Result<(), Infallible> {
        self.membership.started();
        Ok(())
    }

    #[message]
    async fn deliver(&mut self, by: u64) {
        self.membership.deliver(by);
    }

    #[message]
    async fn total(&mut self, by: u64) -> u64 {
        self.membership.total(by)
    }
}
