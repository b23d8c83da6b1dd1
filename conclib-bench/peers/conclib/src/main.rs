//! Scenarios on conclib. Its actors are anonymous here, so a member ends with
//! its last reference.

mod counter;
mod hopper;
mod member;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use conclib::prelude::*;
use harness::{Gate, Library, Mailbox, Membership, Route, Runtime};

use counter::{Counter, CounterCalls};
use hopper::{Hopper, HopperCalls};
use member::{Member, MemberCalls};

struct Conclib {
    system: System,
}

impl Library for Conclib {
    type Counter = ActorRef<Counter>;
    type Hopper = ActorRef<Hopper>;
    type Member = ActorRef<Member>;

    fn start(_: Runtime) -> Self {
        let system = System::new("bench");
        Self { system }
    }

    async fn counter(&self, mailbox: Mailbox) -> Option<Self::Counter> {
        let counter = Counter::default();
        let spawned = match mailbox {
            Mailbox::Default => self.system.spawn(counter),
            Mailbox::Bounded(capacity) => self.system.actor(counter).mailbox(capacity).spawn(),
        };
        Some(spawned.expect("a counter can be spawned"))
    }

    async fn tell(counter: &Self::Counter, by: u64) {
        counter.add(by).tell().await.expect("the counter lives");
    }

    async fn ask(counter: &Self::Counter, by: u64) -> u64 {
        counter.sum(by).await.expect("the counter answers")
    }

    async fn ask_within(counter: &Self::Counter, by: u64, limit: Duration) -> u64 {
        let answer = counter.sum(by).timeout(limit).await;
        answer.expect("the counter answers in time")
    }

    async fn hopper(&self, _: usize, finish: Arc<Gate>) -> Self::Hopper {
        let spawned = self.system.spawn(Hopper::new(Route::new(finish)));
        spawned.expect("a hopper can be spawned")
    }

    async fn link(hopper: &Self::Hopper, next: &Self::Hopper) {
        let linked = hopper.link(next.clone()).await;
        linked.expect("the hopper lives");
    }

    async fn hop(hopper: &Self::Hopper, left: u64) {
        hopper.hop(left).tell().await.expect("the hopper lives");
    }

    async fn member(&self, membership: Membership) -> Self::Member {
        let spawned = self.system.spawn(Member::new(membership));
        spawned.expect("a member can be spawned")
    }

    async fn deliver(member: &Self::Member, by: u64) {
        member.deliver(by).tell().await.expect("the member lives");
    }

    async fn total(member: &Self::Member, by: u64) -> u64 {
        member.total(by).await.expect("the member answers")
    }
}

fn main() -> ExitCode {
    harness::main::<Conclib>()
}
