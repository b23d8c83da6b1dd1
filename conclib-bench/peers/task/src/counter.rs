//! The actor that adds up numbers.

use tokio::sync::{mpsc, oneshot};

pub(crate) enum Message {
    Add(u64),
    Sum(u64, oneshot::Sender<u64>),
}

struct Counter {
    sum: u64,
}

impl Counter {
    async fn handle(&mut self, message: Message) {
        match message {
            Message::Add(by) => self.sum += by,
            Message::Sum(by, reply) => {
                self.sum += by;
                // The error is ignored: the asker has left.
                let _ = reply.send(self.sum);
            }
        }
    }
}

pub(crate) fn spawn(capacity: usize) -> mpsc::Sender<Message> {
    let (sender, mut mailbox) = mpsc::channel(capacity);
    tokio::spawn(async move {
        let mut counter = Counter { sum: 0 };
        while let Some(message) = mailbox.recv().await {
            counter.handle(message).await;
        }
    });
    sender
}
