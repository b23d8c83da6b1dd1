//! The actor that gets deliveries, or nothing at all.

use std::convert::Infallible;

use harness::Membership;
use kameo::Actor;
use kameo::actor::ActorRef;
use kameo::message::{Context, Message};

pub(crate) struct Member(pub(crate) Membership);

impl Actor for Member {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(member: Self, _: ActorRef<Self>) -> Result<Self, Self::Error> {
        member.0.started();
        Ok(member)
    }
}

#[derive(Clone)]
pub(crate) struct Deliver(pub(crate) u64);

impl Message<Deliver> for Member {
    type Reply = ();

    async fn handle(&mut self, Deliver(by): Deliver, _: &mut Context<Self, Self::Reply>) {
        self.0.deliver(by);
    }
}

pub(crate) struct Total(pub(crate) u64);

impl Message<Total> for Member {
    type Reply = u64;

    async fn handle(&mut self, Total(by): Total, _: &mut Context<Self, Self::Reply>) -> u64 {
        self.0.total(by)
    }
}
