//! Scenarios on kameo, as its README writes them: default features, and
//! requests are awaited as they are.

mod counter;
mod hopper;
mod member;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use harness::{Gate, Library, Mailbox, Membership, Route, Runtime};
use kameo::actor::{ActorRef, Spawn};
use kameo::mailbox;

use counter::{Add, Counter, Sum};
use hopper::{Hop, Hopper, Next};
use member::{Deliver, Member, Total};

struct Kameo;

impl Library for Kameo {
    type Counter = ActorRef<Counter>;
    type Hopper = ActorRef<Hopper>;
    type Member = ActorRef<Member>;

    fn start(_: Runtime) -> Self {
        Self
    }

    async fn counter(&self, mailbox: Mailbox) -> Option<Self::Counter> {
        let counter = Counter::default();
        Some(match mailbox {
            Mailbox::Default => Counter::spawn(counter),
            Mailbox::Bounded(capacity) => {
                Counter::spawn_with_mailbox(counter, mailbox::bounded(capacity))
            }
        })
    }

    async fn tell(counter: &Self::Counter, by: u64) {
        counter.tell(Add(by)).await.expect("the counter lives");
    }

    async fn ask(counter: &Self::Counter, by: u64) -> u64 {
        counter.ask(Sum(by)).await.expect("the counter answers")
    }

    async fn ask_within(counter: &Self::Counter, by: u64, limit: Duration) -> u64 {
        let answer = counter.ask(Sum(by)).reply_timeout(limit).await;
        answer.expect("the counter answers in time")
    }

    async fn hopper(&self, _: usize, finish: Arc<Gate>) -> Self::Hopper {
        Hopper::spawn(Hopper(Route::new(finish)))
    }

    async fn link(hopper: &Self::Hopper, next: &Self::Hopper) {
        let linked = hopper.ask(Next(next.clone())).await;
        linked.expect("the hopper lives");
    }

    async fn hop(hopper: &Self::Hopper, left: u64) {
        hopper.tell(Hop(left)).await.expect("the hopper lives");
    }

    async fn member(&self, membership: Membership) -> Self::Member {
        Member::spawn(Member(membership))
    }

    async fn deliver(member: &Self::Member, by: u64) {
        member.tell(Deliver(by)).await.expect("the member lives");
    }

    async fn total(member: &Self::Member, by: u64) -> u64 {
        member.ask(Total(by)).await.expect("the member answers")
    }
}

fn main() -> ExitCode {
    harness::main::<Kameo>()
}
