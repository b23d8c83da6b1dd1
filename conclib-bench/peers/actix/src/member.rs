//! The actor that gets deliveries, or nothing at all.

use actix::prelude::{Actor, Context, Handler, Message};
use harness::Membership;

pub(crate) struct Member(pub(crate) Membership);

impl Actor for Member {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        self.0.started();
    }
}

#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Deliver(pub(crate) u64);

impl Handler<Deliver> for Member {
    type Result = ();

    fn handle(&mut self, Deliver(by): Deliver, _: &mut Self::Context) {
        self.0.deliver(by);
    }
}

#[derive(Message)]
#[rtype(result = "u64")]
pub(crate) struct Total(pub(crate) u64);

impl Handler<Total> for Member {
    type Result = u64;

    fn handle(&mut self, Total(by): Total, _: &mut Self::Context) -> u64 {
        self.0.total(by)
    }
}
