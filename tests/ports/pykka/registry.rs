//! test_registry.py

use conclib::prelude::*;

use super::at::{At, on_every_place};
use support::Log;

on_every_place! {
    actor_is_registered_when_started,
    actor_is_unregistered_when_stopped,
    actor_may_be_registered_manually,
    actor_may_be_unregistered_multiple_times_without_error,
    all_actors_can_be_stopped_through_registry,
    stop_all_stops_last_started_actor_first_if_blocking,
    actors_may_be_looked_up_by_class,
    actors_may_be_looked_up_by_superclass,
    actors_may_be_looked_up_by_class_name,
    actors_may_be_looked_up_by_urn,
    broadcast_sends_message_to_all_actors_if_no_target,
    broadcast_sends_message_to_all_actors_of_given_class,
    broadcast_sends_message_to_all_actors_of_given_class_name,
}

#[message]
#[derive(Clone)]
struct Foo;

#[actor]
#[derive(Default)]
struct A {
    name: String,
    log: Log,
    foos: usize,
}

#[actor]
impl A {
    #[on(stop)]
    fn stop(&mut self) {
        self.log.add(&self.name);
    }

    #[handler]
    fn foo(&mut self, _: Foo) {
        self.foos += 1;
    }

    #[message]
    fn foos(&mut self) -> usize {
        self.foos
    }
}

#[actor]
#[derive(Default)]
struct B {
    foos: usize,
}

#[actor]
impl B {
    #[handler]
    fn foo(&mut self, _: Foo) {
        self.foos += 1;
    }

    #[message]
    fn foos(&mut self) -> usize {
        self.foos
    }
}

fn three_and_five(at: &At) -> (Vec<ActorRef<A>>, Vec<ActorRef<B>>) {
    let threes = (0..3).map(|_| at.spawn(A::default())).collect();
    let fives = (0..5).map(|_| at.spawn(B::default())).collect();
    (threes, fives)
}

/// Number of messages each actor got.
async fn received(a: &[ActorRef<A>], b: &[ActorRef<B>]) -> (Vec<usize>, Vec<usize>) {
    let (mut threes, mut fives) = (Vec::new(), Vec::new());
    for a in a {
        threes.push(a.foos().await.unwrap());
    }
    for b in b {
        fives.push(b.foos().await.unwrap());
    }
    (threes, fives)
}

fn is_listed(at: &At, actor: &ActorRef<A>) -> bool {
    at.system.all().iter().any(|any| any.urn() == actor.urn())
}

async fn actor_is_registered_when_started(at: At) {
    let a = at.spawn(A::default());
    assert!(is_listed(&at, &a));
}

async fn actor_is_unregistered_when_stopped(at: At) {
    let a = at.spawn(A::default());
    assert!(is_listed(&at, &a));
    a.stop().await;
    assert!(!is_listed(&at, &a));
}

/// Difference: aliases are published and withdrawn; the actor itself is always
/// registered.
async fn actor_may_be_registered_manually(at: At) {
    let a = at.spawn(A::default());
    assert!(at.system.get::<A>("a").is_err());
    at.system.publish(&a, "a").unwrap();
    assert_eq!(at.system.get::<A>("a").unwrap(), a);
}

async fn actor_may_be_unregistered_multiple_times_without_error(at: At) {
    let a = at.spawn(A::default());
    at.system.publish(&a, "a").unwrap();
    assert!(at.system.withdraw("a"));
    assert!(!at.system.withdraw("a"));
    assert!(at.system.get::<A>("a").is_err());
    at.system.publish(&a, "a").unwrap();
    assert_eq!(at.system.get::<A>("a").unwrap(), a);
}

async fn all_actors_can_be_stopped_through_registry(at: At) {
    let _actors = three_and_five(&at);
    assert_eq!(at.system.all().len(), 8);
    assert_eq!(at.system.shutdown().await.stopped, 8);
    assert!(at.system.all().is_empty());
}

async fn stop_all_stops_last_started_actor_first_if_blocking(at: At) {
    let log = Log::default();
    let named = |n: usize| A {
        name: n.to_string(),
        log: log.clone(),
        foos: 0,
    };
    let _actors = [0, 1, 2].map(|n| at.spawn(named(n)));
    at.system.shutdown().await;
    assert_eq!(log.lines(), ["2", "1", "0"]);
}

async fn actors_may_be_looked_up_by_class(at: At) {
    let (threes, fives) = three_and_five(&at);
    assert_eq!(at.system.of::<A>(), threes);
    assert_eq!(at.system.of::<B>(), fives);
}

/// Difference: instead of a superclass, a message that all of them handle.
async fn actors_may_be_looked_up_by_superclass(at: At) {
    let (threes, fives) = three_and_five(&at);
    let urns = threes.iter().map(ActorRef::urn);
    let all: Vec<_> = urns.chain(fives.iter().map(ActorRef::urn)).collect();
    let found = at.system.recipients::<Foo>();
    let found: Vec<_> = found.iter().map(Recipient::urn).collect();
    assert_eq!(found, all);
    let found = at.system.recipients::<AFoos>();
    assert_eq!(found.len(), 3);
}

async fn actors_may_be_looked_up_by_class_name(at: At) {
    let (threes, _fives) = three_and_five(&at);
    let found = at.system.by_type_name("A");
    let found: Vec<_> = found.iter().map(|any| any.downcast().unwrap()).collect();
    assert_eq!(found, threes);
}

async fn actors_may_be_looked_up_by_urn(at: At) {
    let a = at.spawn(A::default());
    assert_eq!(at.system.get::<A>(a.urn()).unwrap(), a);
}

#[support::test]
fn get_by_urn_returns_none_if_not_found() {
    let found = System::new("pykka").get::<A>("urn:foo:bar");
    assert!(matches!(found, Err(LookupError::NoSuchActor { .. })));
}

async fn broadcast_sends_message_to_all_actors_if_no_target(at: At) {
    let (threes, fives) = three_and_five(&at);
    assert_eq!(at.system.broadcast(Foo).delivered, 8);
    let all = (vec![1; 3], vec![1; 5]);
    assert_eq!(received(&threes, &fives).await, all);
}

async fn broadcast_sends_message_to_all_actors_of_given_class(at: At) {
    let (threes, fives) = three_and_five(&at);
    for a in at.system.of::<A>() {
        a.ask(Foo).try_tell().unwrap();
    }
    let some = (vec![1; 3], vec![0; 5]);
    assert_eq!(received(&threes, &fives).await, some);
}

async fn broadcast_sends_message_to_all_actors_of_given_class_name(at: At) {
    let (threes, fives) = three_and_five(&at);
    for any in at.system.by_type_name("A") {
        let a: ActorRef<A> = any.downcast().unwrap();
        a.ask(Foo).try_tell().unwrap();
    }
    let some = (vec![1; 3], vec![0; 5]);
    assert_eq!(received(&threes, &fives).await, some);
}
