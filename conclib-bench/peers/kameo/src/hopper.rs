//! The actor that passes a countdown on to the next.

use harness::Route;
use kameo::Actor;
use kameo::actor::ActorRef;
use kameo::message::{Context, Message};

#[derive(Actor)]
pub(crate) struct Hopper(pub(crate) Route<ActorRef<Hopper>>);

pub(crate) struct Next(pub(crate) ActorRef<Hopper>);

impl Message<Next> for Hopper {
    type Reply = ();

    async fn handle(&mut self, Next(next): Next, _: &mut Context<Self, Self::Reply>) {
        self.0.link(next);
    }
}

pub(crate) struct Hop(pub(crate) u64);

impl Message<Hop> for Hopper {
    type Reply = ();

    async fn handle(&mut self, Hop(left): Hop, _: &mut Context<Self, Self::Reply>) {
        if let Some((next, left)) = self.0.hop(left) {
            next.tell(Hop(left)).await.expect("the next hopper lives");
        }
    }
}
