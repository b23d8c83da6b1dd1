//! Hand-written actor, the baseline for all libraries: a task that owns its
//! state, a bounded `mpsc` of an enum, and a `oneshot` for each answer.

mod counter;
mod hopper;
mod member;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use harness::{Gate, Library, Mailbox, Membership, Runtime};
use tokio::sync::{mpsc, oneshot};

/// Usual capacity of such a channel.
const DEFAULT_MAILBOX: usize = 64;

struct Task;

impl Library for Task {
    type Counter = mpsc::Sender<counter::Message>;
    type Hopper = mpsc::Sender<hopper::Message>;
    type Member = mpsc::Sender<member::Message>;

    fn start(_: Runtime) -> Self {
        Self
    }

    async fn counter(&self, mailbox: Mailbox) -> Option<Self::Counter> {
        Some(counter::spawn(match mailbox {
            Mailbox::Default => DEFAULT_MAILBOX,
            Mailbox::Bounded(capacity) => capacity,
        }))
    }

    async fn tell(counter: &Self::Counter, by: u64) {
        let sent = counter.send(counter::Message::Add(by)).await;
        sent.expect("the counter lives");
    }

    async fn ask(counter: &Self::Counter, by: u64) -> u64 {
        let (reply, answer) = oneshot::channel();
        let sent = counter.send(counter::Message::Sum(by, reply)).await;
        sent.expect("the counter lives");
        answer.await.expect("the counter answers")
    }

    async fn ask_within(counter: &Self::Counter, by: u64, limit: Duration) -> u64 {
        let answer = tokio::time::timeout(limit, Self::ask(counter, by)).await;
        answer.expect("the counter answers in time")
    }

    async fn hopper(&self, _: usize, finish: Arc<Gate>) -> Self::Hopper {
        hopper::spawn(finish)
    }

    async fn link(hopper: &Self::Hopper, next: &Self::Hopper) {
        let sent = hopper.send(hopper::Message::Next(next.clone())).await;
        sent.expect("the hopper lives");
    }

    async fn hop(hopper: &Self::Hopper, left: u64) {
        let sent = hopper.send(hopper::Message::Hop(left)).await;
        sent.expect("the hopper lives");
    }

    async fn member(&self, membership: Membership) -> Self::Member {
        member::spawn(membership)
    }

    async fn deliver(member: &Self::Member, by: u64) {
        let sent = member.send(member::Message::Deliver(by)).await;
        sent.expect("the member lives");
    }

    async fn total(member: &Self::Member, by: u64) -> u64 {
        let (reply, answer) = oneshot::channel();
        let sent = member.send(member::Message::Total(by, reply)).await;
        sent.expect("the member lives");
        answer.await.expect("the member answers")
    }
}

fn main() -> ExitCode {
    harness::main::<Task>()
}
