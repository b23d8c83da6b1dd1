//! Scenarios on ractor. Its mailboxes have no bound. An actor outlives its
//! references, so a member is stopped by a call.

mod counter;
mod hopper;
mod member;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use harness::{Gate, Library, Mailbox, Membership, Runtime};
use ractor::{Actor, ActorRef};

use counter::Counter;
use hopper::Hopper;
use member::Member;

struct Ractor;

impl Library for Ractor {
    type Counter = ActorRef<counter::Message>;
    type Hopper = ActorRef<hopper::Message>;
    type Member = ActorRef<member::Message>;

    fn start(_: Runtime) -> Self {
        Self
    }

    async fn counter(&self, mailbox: Mailbox) -> Option<Self::Counter> {
        match mailbox {
            Mailbox::Default => {
                let spawned = Counter::spawn(None, Counter, ()).await;
                Some(spawned.expect("a counter can start").0)
            }
            Mailbox::Bounded(_) => None,
        }
    }

    async fn tell(counter: &Self::Counter, by: u64) {
        ractor::cast!(counter, counter::Message::Add(by)).expect("the counter lives");
    }

    async fn ask(counter: &Self::Counter, by: u64) -> u64 {
        ractor::call!(counter, counter::Message::Sum, by).expect("the counter answers")
    }

    async fn ask_within(counter: &Self::Counter, by: u64, limit: Duration) -> u64 {
        let limit = limit.as_millis() as u64;
        ractor::call_t!(counter, counter::Message::Sum, limit, by)
            .expect("the counter answers in time")
    }

    async fn hopper(&self, _: usize, finish: Arc<Gate>) -> Self::Hopper {
        let spawned = Hopper::spawn(None, Hopper, finish).await;
        spawned.expect("a hopper can start").0
    }

    async fn link(hopper: &Self::Hopper, next: &Self::Hopper) {
        let next = hopper::Message::Next(next.clone());
        ractor::cast!(hopper, next).expect("the hopper lives");
    }

    async fn hop(hopper: &Self::Hopper, left: u64) {
        ractor::cast!(hopper, hopper::Message::Hop(left)).expect("the hopper lives");
    }

    async fn member(&self, membership: Membership) -> Self::Member {
        let spawned = Member::spawn(None, Member, membership).await;
        spawned.expect("a member can start").0
    }

    async fn deliver(member: &Self::Member, by: u64) {
        ractor::cast!(member, member::Message::Deliver(by)).expect("the member lives");
    }

    async fn total(member: &Self::Member, by: u64) -> u64 {
        ractor::call!(member, member::Message::Total, by).expect("the member answers")
    }

    fn stop(member: Self::Member) {
        member.stop(None);
    }
}

fn main() -> ExitCode {
    harness::main::<Ractor>()
}
