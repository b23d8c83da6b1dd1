//! The actor that passes a countdown on to the next.

use actix::prelude::{Actor, Addr, Context, Handler, Message};
use harness::Route;

pub(crate) struct Hopper(pub(crate) Route<Addr<Hopper>>);

impl Actor for Hopper {
    type Context = Context<Self>;
}

#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Next(pub(crate) Addr<Hopper>);

impl Handler<Next> for Hopper {
    type Result = ();

    fn handle(&mut self, Next(next): Next, _: &mut Self::Context) {
        self.0.link(next);
    }
}

#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Hop(pub(crate) u64);

impl Handler<Hop> for Hopper {
    type Result = ();

    fn handle(&mut self, Hop(left): Hop, _: &mut Self::Context) {
        if let Some((next, left)) = self.0.hop(left) {
            next.do_send(Hop(left));
        }
    }
}
