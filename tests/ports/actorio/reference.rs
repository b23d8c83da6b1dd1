//! test_reference.py

use std::collections::HashSet;
use std::time::Duration;

use conclib::prelude::*;
use tokio::time::Instant;

use support::work;

#[message(reply = String)]
struct Greet;

#[actor]
struct Greeter;

#[actor]
impl Greeter {
    #[handler]
    fn greet(&mut self, _: Greet) -> String {
        "Hello World!".into()
    }

    #[message]
    fn who(&mut self, ctx: &mut Context<Self>) -> Urn {
        ctx.urn()
    }
}

fn greeter(system: &System) -> ActorRef<Greeter> {
    system.spawn(Greeter).unwrap()
}

/// Difference: every receiver of a message, actor or not, has an address of one
/// type.
#[support::test]
async fn actor_reference_is_a_subclass_of_reference_abc() {
    let system = System::new("actorio");
    let mut inbox = Inbox::new(1);
    let addresses: [Recipient<Greet>; 2] = [greeter(&system).recipient(), inbox.address()];
    for address in &addresses {
        address.ask(Greet).try_tell().unwrap();
    }
    assert!(inbox.try_recv().is_some());
}

#[support::test]
async fn ask_function() {
    let system = System::new("actorio");
    let address: Recipient<Greet> = greeter(&system).recipient();
    assert_eq!(address.ask(Greet).await.unwrap(), "Hello World!");
}

#[support::test]
async fn reference_ask() {
    let system = System::new("actorio");
    let greeter = greeter(&system).scoped();
    let reply = greeter.ask(Greet).timeout(Duration::from_secs(5)).await;
    assert_eq!(reply.unwrap(), "Hello World!");
}

#[support::test]
async fn reference_identifier_is_the_same_as_its_actor() {
    let system = System::new("actorio");
    let greeter = greeter(&system);
    assert_eq!(greeter.who().await.unwrap(), greeter.urn());
}

/// Long computation; answers with its time and its worker.
#[message(reply = (u64, Urn))]
struct Compute {
    ms: u64,
}

#[actor]
struct Worker;

#[actor]
impl Worker {
    /// Computes in its turn, and stops.
    #[handler]
    async fn compute(&mut self, compute: Compute, ctx: &mut Context<Self>) -> (u64, Urn) {
        work(Duration::from_millis(compute.ms)).await;
        ctx.stop();
        (compute.ms, ctx.urn())
    }
}

#[actor]
struct Manager;

#[actor]
impl Manager {
    /// Forwards the request to a worker, which answers the asker.
    #[handler]
    async fn compute(&mut self, compute: Compute, ctx: &mut Context<Self>) -> Deferred<(u64, Urn)> {
        let child = ctx.spawn(Worker).unwrap();
        ctx.forward(&child, compute).await
    }
}

#[support::test(start_paused = true)]
async fn reference_tell() {
    let system = System::new("actorio");
    let manager = system.spawn(Manager).unwrap();
    let began = Instant::now();
    let mut group = ReplyGroup::new();
    for n in 0..10 {
        let ms = (n * 7 % 10 + 1) * 100;
        group.push(manager.ask(Compute { ms }).reply().await.unwrap());
    }
    let (mut times, mut workers) = (Vec::new(), HashSet::new());
    while let Some((_, answer)) = group.next().await {
        let (ms, worker) = answer.unwrap();
        times.push(ms);
        workers.insert(worker);
    }
    let ascending: Vec<u64> = (1..=10).map(|n| n * 100).collect();
    assert_eq!(times, ascending);
    assert_eq!(workers.len(), 10);
    assert_eq!(began.elapsed(), Duration::from_secs(1), "side by side");
}
