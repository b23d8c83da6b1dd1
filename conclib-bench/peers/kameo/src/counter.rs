//! The actor that adds up numbers.

use kameo::Actor;
use kameo::message::{Context, Message};

#[derive(Actor, Default)]
pub(crate) struct Counter {
    sum: u64,
}

pub(crate) struct Add(pub(crate) u64);

impl Message<Add> for Counter {
    type Reply = ();

    async fn handle(&mut self, Add(by): Add, _: &mut Context<Self, Self::Reply>) {
        self.sum += by;
    }
}

pub(crate) struct Sum(pub(crate) u64);

impl Message<Sum> for Counter {
    type Reply = u64;

    async fn handle(&mut self, Sum(by): Sum, _: &mut Context<Self, Self::Reply>) -> u64 {
        self.sum += by;
        self.sum
    }
}
