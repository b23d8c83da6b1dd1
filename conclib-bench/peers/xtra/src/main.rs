//! Scenarios on xtra. Its mailboxes have no default: the `None` of its README
//! is no longer accepted, so the default here is unbounded.

mod counter;
mod hopper;
mod member;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use harness::{Gate, Library, Membership, Route, Runtime};
use xtra::prelude::{Address, Handler, Mailbox};

use counter::{Add, Counter, Sum};
use hopper::{Hop, Hopper, Next};
use member::{Deliver, Member, Total};

struct Xtra;

/// Tells an actor, and waits for room in its mailbox.
async fn tell<A: Handler<M>, M: Send + 'static>(actor: &Address<A>, message: M) {
    let queued = actor.send(message).detach().await;
    // Drops the receiver of the answer.
    drop(queued.expect("the actor lives"));
}

impl Library for Xtra {
    type Counter = Address<Counter>;
    type Hopper = Address<Hopper>;
    type Member = Address<Member>;

    fn start(_: Runtime) -> Self {
        Self
    }

    async fn counter(&self, mailbox: harness::Mailbox) -> Option<Self::Counter> {
        let mailbox = match mailbox {
            harness::Mailbox::Default => Mailbox::unbounded(),
            harness::Mailbox::Bounded(capacity) => Mailbox::bounded(capacity),
        };
        Some(xtra::spawn_tokio(Counter::default(), mailbox))
    }

    async fn tell(counter: &Self::Counter, by: u64) {
        tell(counter, Add(by)).await;
    }

    async fn ask(counter: &Self::Counter, by: u64) -> u64 {
        counter.send(Sum(by)).await.expect("the counter answers")
    }

    async fn ask_within(counter: &Self::Counter, by: u64, limit: Duration) -> u64 {
        let answer = tokio::time::timeout(limit, counter.send(Sum(by))).await;
        let answer = answer.expect("the counter answers in time");
        answer.expect("the counter answers")
    }

    async fn hopper(&self, _: usize, finish: Arc<Gate>) -> Self::Hopper {
        xtra::spawn_tokio(Hopper(Route::new(finish)), Mailbox::unbounded())
    }

    async fn link(hopper: &Self::Hopper, next: &Self::Hopper) {
        let linked = hopper.send(Next(next.clone())).await;
        linked.expect("the hopper lives");
    }

    async fn hop(hopper: &Self::Hopper, left: u64) {
        tell(hopper, Hop(left)).await;
    }

    async fn member(&self, membership: Membership) -> Self::Member {
        xtra::spawn_tokio(Member(membership), Mailbox::unbounded())
    }

    async fn deliver(member: &Self::Member, by: u64) {
        tell(member, Deliver(by)).await;
    }

    async fn total(member: &Self::Member, by: u64) -> u64 {
        member.send(Total(by)).await.expect("the member answers")
    }
}

fn main() -> ExitCode {
    harness::main::<Xtra>()
}
