//! The actor that adds up numbers.

use xtra::prelude::{Context, Handler};

#[derive(xtra::Actor, Default)]
pub(crate) struct Counter {
    sum: u64,
}

pub(crate) struct Add(pub(crate) u64);

impl Handler<Add> for Counter {
    type Return = ();

    async fn handle(&mut self, Add(by): Add, _: &mut Context<Self>) {
        self.sum += by;
    }
}

pub(crate) struct Sum(pub(crate) u64);

impl Handler<Sum> for Counter {
    type Return = u64;

    async fn handle(&mut self, Sum(by): Sum, _: &mut Context<Self>) -> u64 {
        self.sum += by;
        self.sum
    }
}
