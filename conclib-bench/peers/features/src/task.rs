//! Calls of the hand-written task.

use tokio::sync::{mpsc, oneshot};

#[path = "../../task/src/counter.rs"]
mod counter;

pub(crate) use counter::{Message, spawn};

/// Usual capacity of such a channel.
pub(crate) const MAILBOX: usize = 64;

/// Asks the task to add a number.
pub(crate) async fn ask(counter: &mpsc::Sender<Message>, by: u64) -> u64 {
    let (reply, answer) = oneshot::channel();
    let sent = counter.send(Message::Sum(by, reply)).await;
    sent.expect("the counter lives");
    answer.await.expect("the counter answers")
}

/// Tells the task to add a number.
pub(crate) async fn tell(counter: &mpsc::Sender<Message>, by: u64) {
    let sent = counter.send(Message::Add(by)).await;
    sent.expect("the counter lives");
}
