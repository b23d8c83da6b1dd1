//! The actor that adds up numbers.

use actix::prelude::{Actor, Context, Handler, Message};

#[derive(Default)]
pub(crate) struct Counter {
    sum: u64,
    mailbox: Option<usize>,
}

impl Counter {
    pub(crate) fn with_mailbox(capacity: usize) -> Self {
        Self {
            sum: 0,
            mailbox: Some(capacity),
        }
    }
}

impl Actor for Counter {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        if let Some(capacity) = self.mailbox {
            context.set_mailbox_capacity(capacity);
        }
    }
}

#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Add(pub(crate) u64);

impl Handler<Add> for Counter {
    type Result = ();

    fn handle(&mut self, Add(by): Add, _: &mut Self::Context) {
        self.sum += by;
    }
}

#[derive(Message)]
#[rtype(result = "u64")]
pub(crate) struct Sum(pub(crate) u64);

impl Handler<Sum> for Counter {
    type Result = u64;

    fn handle(&mut self, Sum(by): Sum, _: &mut Self::Context) -> u64 {
        self.sum += by;
        self.sum
    }
}
