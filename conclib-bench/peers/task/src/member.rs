//! The actor that gets deliveries, or nothing at all.

use harness::Membership;
use tokio::sync::{mpsc, oneshot};

use crate::DEFAULT_MAILBOX;

pub(crate) enum Message {
    Deliver(u64),
    Total(u64, oneshot::Sender<u64>),
}

struct Member(Membership);

impl Member {
    async fn handle(&mut self, message: Message) {
        match message {
            Message::Deliver(by) => self.0.deliver(by),
            // The error is ignored: the asker has left.
            Message::Total(by, reply) => drop(reply.send(self.0.total(by))),
        }
    }
}

pub(crate) fn spawn(membership: Membership) -> mpsc::Sender<Message> {
    let (sender, mut mailbox) = mpsc::channel(DEFAULT_MAILBOX);
    tokio::spawn(async move {
        let mut member = Member(membership);
        member.0.started();
        while let Some(message) = mailbox.recv().await {
            member.handle(message).await;
        }
    });
    sender
}
