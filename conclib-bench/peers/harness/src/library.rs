//! Interface that a peer implements.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::{Gate, Membership, Runtime};

/// Capacity of the mailbox of an actor.
#[derive(Clone, Copy)]
pub enum Mailbox {
    /// Default of the library.
    Default,
    /// Capacity for so many messages; further senders wait for room.
    Bounded(usize),
}

/// Actor library: spawns and calls the three kinds of actors that the scenarios
/// need, written as in its own documentation.
pub trait Library: Sized + Send + Sync + 'static {
    /// Address of an actor that adds up numbers.
    type Counter: Clone + Send + Sync + 'static;
    /// Address of an actor that holds a [`Route`](crate::Route).
    type Hopper: Send + Sync + 'static;
    /// Address of an actor that holds a [`Membership`].
    type Member: Send + Sync + 'static;

    /// Prepares the library. Runs inside the runtime.
    fn start(runtime: Runtime) -> Self;

    /// Spawns a counter; `None` if there are no such mailboxes.
    fn counter(&self, mailbox: Mailbox) -> impl Future<Output = Option<Self::Counter>> + Send;

    /// Tells the counter to add a number. Ends when the message is queued.
    fn tell(counter: &Self::Counter, by: u64) -> impl Future<Output = ()> + Send;

    /// Asks the counter to add a number and to answer with its sum.
    fn ask(counter: &Self::Counter, by: u64) -> impl Future<Output = u64> + Send;

    /// The same ask with a time limit, by the library's own means if it has any.
    fn ask_within(
        counter: &Self::Counter,
        by: u64,
        limit: Duration,
    ) -> impl Future<Output = u64> + Send;

    /// Spawns an actor that holds a [`Route`](crate::Route). `index` is its
    /// place in the ring.
    fn hopper(&self, index: usize, finish: Arc<Gate>) -> impl Future<Output = Self::Hopper> + Send;

    /// Links a hopper's route to the next one.
    fn link(hopper: &Self::Hopper, next: &Self::Hopper) -> impl Future<Output = ()> + Send;

    /// Tells a hopper how many hops are left.
    fn hop(hopper: &Self::Hopper, left: u64) -> impl Future<Output = ()> + Send;

    /// Spawns an actor that calls [`Membership::started`] when it starts.
    fn member(&self, membership: Membership) -> impl Future<Output = Self::Member> + Send;

    /// Tells a member a number that it gives to [`Membership::deliver`].
    fn deliver(member: &Self::Member, by: u64) -> impl Future<Output = ()> + Send;

    /// Asks a member for [`Membership::total`] with a number added.
    fn total(member: &Self::Member, by: u64) -> impl Future<Output = u64> + Send;

    /// Lets a member end; does not wait for it. Where an actor ends with its
    /// last address there is nothing else to do.
    fn stop(member: Self::Member) {
        drop(member);
    }

    /// Runs a future beside the caller, as the library's users do.
    fn spawn<F>(task: F) -> impl Future<Output = ()> + Send
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let task = tokio::spawn(task);
        async move { task.await.expect("a producer does not panic") }
    }

    /// Runs the whole program, as a task of the runtime that was asked for.
    fn block_on<F>(runtime: Runtime, program: F) -> F::Output
    where
        F: Future<Output: Send> + Send + 'static,
    {
        runtime.block_on(program)
    }
}
