//! The actor that gets deliveries, or nothing at all.

use harness::Membership;
use xtra::prelude::{Actor, Context, Handler, Mailbox};

pub(crate) struct Member(pub(crate) Membership);

impl Actor for Member {
    type Stop = ();

    async fn started(&mut self, _: &Mailbox<Self>) -> Result<(), Self::Stop> {
        self.0.started();
        Ok(())
    }

    async fn stopped(self) {}
}

pub(crate) struct Deliver(pub(crate) u64);

impl Handler<Deliver> for Member {
    type Return = ();

    async fn handle(&mut self, Deliver(by): Deliver, _: &mut Context<Self>) {
        self.0.deliver(by);
    }
}

pub(crate) struct Total(pub(crate) u64);

impl Handler<Total> for Member {
    type Return = u64;

    async fn handle(&mut self, Total(by): Total, _: &mut Context<Self>) -> u64 {
        self.0.total(by)
    }
}
