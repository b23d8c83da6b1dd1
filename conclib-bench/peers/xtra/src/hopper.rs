//! The actor that passes a countdown on to the next.

use harness::Route;
use xtra::prelude::{Address, Context, Handler};

#[derive(xtra::Actor)]
pub(crate) struct Hopper(pub(crate) Route<Address<Hopper>>);

pub(crate) struct Next(pub(crate) Address<Hopper>);

impl Handler<Next> for Hopper {
    type Return = ();

    async fn handle(&mut self, Next(next): Next, _: &mut Context<Self>) {
        self.0.link(next);
    }
}

pub(crate) struct Hop(pub(crate) u64);

impl Handler<Hop> for Hopper {
    type Return = ();

    async fn handle(&mut self, Hop(left): Hop, _: &mut Context<Self>) {
        if let Some((next, left)) = self.0.hop(left) {
            crate::tell(next, Hop(left)).await;
        }
    }
}
