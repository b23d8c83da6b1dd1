//! Lookup of actors by type, by type name, and by handled message.

use std::sync::Arc;

use conclib::prelude::*;
use support::{Scribe, ScribeEcho, hold, scribe};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

#[message(reply = String)]
pub struct Who;

#[actor]
struct Cat;

#[actor]
impl Cat {
    #[handler]
    fn who(&mut self, _: Who) -> String {
        "cat".to_owned()
    }
}

#[actor]
struct Dog;

#[actor]
impl Dog {
    #[message]
    fn bark(&mut self) -> u8 {
        1
    }

    #[handler]
    async fn who(&mut self, _: Who) -> String {
        "dog".to_owned()
    }
}

#[actor]
struct Stone;

#[actor]
impl Stone {}

/// A type with a parameter.
#[actor]
struct Basket<T: Send + 'static>(T);

#[actor]
impl<T: Clone + Send + 'static> Basket<T> {
    #[message(local)]
    fn peek(&self) -> T {
        self.0.clone()
    }

    #[handler]
    fn who(&mut self, _: Who) -> String {
        "basket".to_owned()
    }
}

#[support::test]
async fn actors_are_found_by_their_type_oldest_first() {
    let system = System::new("sets");
    let mut cats = Vec::new();
    let mut dogs = Vec::new();
    for n in 0..5 {
        dogs.push(system.spawn(Dog).unwrap());
        if n < 3 {
            cats.push(system.spawn(Cat).unwrap());
        }
    }
    assert_eq!(system.of::<Cat>(), cats);
    assert_eq!(system.of::<Dog>(), dogs);
    assert_eq!(system.of::<Stone>(), []);
    assert_eq!(system.all().len(), 8);
    dogs[1].stop().await;
    dogs.remove(1);
    assert_eq!(system.of::<Dog>(), dogs, "who has ended is not found");
    assert_eq!(dogs[0].bark().await, Ok(1));
}

#[support::test]
async fn an_actor_that_stops_is_found_until_it_has_ended() {
    let system = System::new("sets");
    let scribe = system.spawn(scribe().0).unwrap();
    let keeper = hold(&scribe).await;
    let end = scribe.stop();
    assert_eq!(system.of::<Scribe>(), [scribe]);
    keeper.open();
    end.await;
    assert_eq!(system.of::<Scribe>(), []);
}

#[support::test]
async fn actors_are_found_by_the_name_of_their_type() {
    let system = System::new("sets");
    let cat = system.spawn(Cat).unwrap();
    let numbers = system.spawn(Basket(1_u8)).unwrap();
    let words = system.spawn(Basket("one".to_owned())).unwrap();
    let urns = |name: &str| -> Vec<Urn> {
        let found = system.by_type_name(name);
        found.iter().map(conclib::AnyRef::urn).collect()
    };
    assert_eq!(urns("Cat"), [cat.urn()]);
    assert_eq!(urns("local::sets::Cat"), [cat.urn()]);
    assert_eq!(urns("Basket"), [numbers.urn(), words.urn()]);
    assert_eq!(urns("local::sets::Basket<u8>"), [numbers.urn()]);
    for nobody in ["", "at", "Dog", "sets", "sets::Cat", "cat"] {
        assert!(urns(nobody).is_empty(), "{nobody}");
    }
    assert_eq!(words.peek().await.unwrap(), "one");
}

#[support::test]
async fn everyone_that_handles_a_message_is_found_whatever_its_type() {
    let system = System::new("sets");
    let _cat = system.spawn(Cat).unwrap();
    let _stone = system.spawn(Stone).unwrap();
    let _scribe = system.spawn(scribe().0).unwrap();
    let dog = system.actor(Dog).urn("dog").spawn().unwrap();
    let _basket = system.spawn(Basket(2.5_f64)).unwrap();
    let mut answers = Vec::new();
    for recipient in system.recipients::<Who>() {
        answers.push(recipient.ask(Who).await.unwrap());
    }
    assert_eq!(answers, ["cat", "dog", "basket"]);
    let barking = system.recipients::<DogBark>();
    assert_eq!(barking.len(), 1);
    assert_eq!(barking[0].urn(), "dog");
    assert_eq!(barking[0].ask(DogBark {}).await, Ok(1));
    dog.stop().await;
    assert!(system.recipients::<DogBark>().is_empty());
}

#[support::test]
async fn what_is_found_keeps_its_actor_alive_until_it_is_let_go() {
    let system = System::new("sets");
    let scribe = system.spawn(scribe().0).unwrap();
    let mut found = system.of::<Scribe>();
    let recipients = system.recipients::<ScribeEcho>();
    let all = system.all();
    drop(scribe);
    let only = found.remove(0);
    assert_eq!(only.ask(ScribeEcho { n: 1 }).await, Ok(1));
    drop(only);
    assert_eq!(recipients[0].ask(ScribeEcho { n: 2 }).await, Ok(2));
    let recipient = recipients[0].clone();
    drop(recipients);
    drop(all);
    assert_eq!(recipient.ask(ScribeEcho { n: 3 }).await, Ok(3));
    let weak = recipient.downgrade();
    let again = weak.upgrade().unwrap();
    drop(recipient);
    assert_eq!(again.ask(ScribeEcho { n: 4 }).await, Ok(4));
    assert_eq!(again.urn(), weak.urn());
    drop(again);
    assert!(weak.upgrade().is_none());
    support::until(|| system.all().is_empty()).await;
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_safe_while_actors_come_and_go() {
    let system = System::new("sets");
    let start = Arc::new(Barrier::new(5));
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let (system, start) = (system.clone(), start.clone());
        tasks.spawn(async move {
            start.wait().await;
            for _ in 0..50 {
                let dog = system.spawn(Dog).unwrap();
                assert!(system.of::<Dog>().contains(&dog));
                dog.stop().await;
                assert!(!system.of::<Dog>().contains(&dog));
            }
        });
    }
    start.wait().await;
    while !tasks.is_empty() {
        for any in system.all() {
            system.actor(Stone).spawn().unwrap().stop().await;
            assert!(any.type_name().ends_with("Dog") || any.type_name().ends_with("Stone"));
        }
        tokio::task::yield_now().await;
        while let Some(done) = tasks.try_join_next() {
            done.unwrap();
        }
    }
    assert_eq!(system.of::<Dog>(), []);
}
