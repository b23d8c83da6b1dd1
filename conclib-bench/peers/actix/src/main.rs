//! Scenarios on actix, whose actors are bound to the thread of an arbiter. With
//! one thread all of them live on the thread of the system; with two the driver
//! has that thread and the actors another, and the hoppers alternate, so that
//! every hop crosses threads.
//!
//! Handlers are not async: actix has no plain way to write one. No awaiting
//! tell exists either, so a full mailbox is tried again after a yield.

mod counter;
mod hopper;
mod member;

use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use actix::dev::{MessageResponse, ToEnvelope};
use actix::prelude::{
    Actor, Addr, Arbiter, ArbiterHandle, Context, Handler, Message, SendError, System,
};
use harness::{Gate, Library, Mailbox, Membership, Route, Runtime};

use counter::{Add, Counter, Sum};
use hopper::{Hop, Hopper, Next};
use member::{Deliver, Member, Total};

struct Actix {
    /// Arbiter of the other thread, if there is one.
    other: Option<ArbiterHandle>,
}

impl Actix {
    /// Starts an actor on the other thread, or here if there is none.
    fn start<A>(&self, actor: A) -> Addr<A>
    where
        A: Actor<Context = Context<A>> + Send,
    {
        match &self.other {
            Some(other) => A::start_in_arbiter(other, |_| actor),
            None => actor.start(),
        }
    }
}

/// Tells an actor, and waits for room in its mailbox.
async fn tell<A, M>(actor: &Addr<A>, mut message: M)
where
    A: Actor<Context: ToEnvelope<A, M>> + Handler<M>,
    M: Message<Result: MessageResponse<A, M> + Send> + Send + 'static,
{
    loop {
        match actor.try_send(message) {
            Ok(()) => return,
            Err(SendError::Full(back)) => message = back,
            Err(SendError::Closed(_)) => panic!("the actor lives"),
        }
        tokio::task::yield_now().await;
    }
}

impl Library for Actix {
    type Counter = Addr<Counter>;
    type Hopper = Addr<Hopper>;
    type Member = Addr<Member>;

    fn start(runtime: Runtime) -> Self {
        let other = match runtime {
            Runtime::Current => None,
            Runtime::Multi => Some(Arbiter::new().handle()),
        };
        Self { other }
    }

    async fn counter(&self, mailbox: Mailbox) -> Option<Self::Counter> {
        Some(self.start(match mailbox {
            Mailbox::Default => Counter::default(),
            Mailbox::Bounded(capacity) => Counter::with_mailbox(capacity),
        }))
    }

    async fn tell(counter: &Self::Counter, by: u64) {
        tell(counter, Add(by)).await;
    }

    async fn ask(counter: &Self::Counter, by: u64) -> u64 {
        counter.send(Sum(by)).await.expect("the counter answers")
    }

    async fn ask_within(counter: &Self::Counter, by: u64, limit: Duration) -> u64 {
        let answer = counter.send(Sum(by)).timeout(limit).await;
        answer.expect("the counter answers in time")
    }

    async fn hopper(&self, index: usize, finish: Arc<Gate>) -> Self::Hopper {
        let hopper = Hopper(Route::new(finish));
        if index.is_multiple_of(2) {
            hopper.start()
        } else {
            self.start(hopper)
        }
    }

    async fn link(hopper: &Self::Hopper, next: &Self::Hopper) {
        let linked = hopper.send(Next(next.clone())).await;
        linked.expect("the hopper lives");
    }

    async fn hop(hopper: &Self::Hopper, left: u64) {
        tell(hopper, Hop(left)).await;
    }

    async fn member(&self, membership: Membership) -> Self::Member {
        self.start(Member(membership))
    }

    async fn deliver(member: &Self::Member, by: u64) {
        tell(member, Deliver(by)).await;
    }

    async fn total(member: &Self::Member, by: u64) -> u64 {
        member.send(Total(by)).await.expect("the member answers")
    }

    fn spawn<F>(task: F) -> impl Future<Output = ()> + Send
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let task = actix::spawn(task);
        async move { task.await.expect("a producer does not panic") }
    }

    fn block_on<F>(_: Runtime, program: F) -> F::Output
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let program = async { actix::spawn(program).await };
        System::new().block_on(program).expect("the scenario holds")
    }
}

fn main() -> ExitCode {
    harness::main::<Actix>()
}
