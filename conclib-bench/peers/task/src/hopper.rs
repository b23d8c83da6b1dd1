//! The actor that passes a countdown on to the next.

use std::sync::Arc;

use harness::{Gate, Route};
use tokio::sync::mpsc;

use crate::DEFAULT_MAILBOX;

pub(crate) enum Message {
    Next(mpsc::Sender<Message>),
    Hop(u64),
}

struct Hopper(Route<mpsc::Sender<Message>>);

impl Hopper {
    async fn handle(&mut self, message: Message) {
        match message {
            Message::Next(next) => self.0.link(next),
            Message::Hop(left) => {
                if let Some((next, left)) = self.0.hop(left) {
                    let sent = next.send(Message::Hop(left)).await;
                    sent.expect("the next hopper lives");
                }
            }
        }
    }
}

pub(crate) fn spawn(finish: Arc<Gate>) -> mpsc::Sender<Message> {
    let (sender, mut mailbox) = mpsc::channel(DEFAULT_MAILBOX);
    tokio::spawn(async move {
        let mut hopper = Hopper(Route::new(finish));
        while let Some(message) = mailbox.recv().await {
            hopper.handle(message).await;
        }
    });
    sender
}
