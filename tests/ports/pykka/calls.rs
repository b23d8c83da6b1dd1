//! proxy/test_static_method_calls.py

use conclib::prelude::*;

use super::at::{At, Outside, on_every_place};
use super::clerk::{Clerk, ClerkCalls, Plan};
use support::NoGood;

on_every_place! {
    functional_method_call_returns_correct_value,
    side_effect_of_method_call_is_observable,
    side_effect_of_deferred_method_call_is_observable,
    exception_in_method_reraised_by_future,
    exception_in_deferred_method_call_triggers_on_failure,
    can_proxy_itself_for_offloading_work_to_the_future,
}

async fn functional_method_call_returns_correct_value(at: At) {
    let clerk = at.spawn(Clerk::default());
    let hello = |whom: &str| clerk.hello(whom.to_owned());
    assert_eq!(hello("world").await.unwrap(), "Hello, world!");
    assert_eq!(hello("moon").await.unwrap(), "Hello, moon!");
}

async fn side_effect_of_method_call_is_observable(at: At) {
    let plan = Plan::default();
    let clerk = at.spawn(Clerk(plan.clone()));
    let later = clerk.greetings().reply().await.unwrap();
    assert_eq!(later.await, Ok(()));
    assert!(plan.log.has("greetings"));
}

async fn side_effect_of_deferred_method_call_is_observable(at: At) {
    let plan = Plan::default();
    let clerk = at.spawn(Clerk(plan.clone()));
    clerk.greetings().tell().await.unwrap();
    clerk.ping().await.unwrap();
    assert_eq!(plan.log.lines()[2..], ["greetings", "ping"]);
}

async fn exception_in_method_reraised_by_future(at: At) {
    let plan = Plan::default();
    let clerk = at.spawn(Clerk(plan.clone()));
    let later = clerk.raise().reply().await.unwrap();
    let error = later.await.unwrap_err();
    assert_eq!(error, AskError::Handler(NoGood("foo".into())));
    assert!(error.to_string().contains("foo"), "{error}");
    clerk.ping().await.unwrap();
    assert!(!plan.log.has("failure"));
}

async fn exception_in_deferred_method_call_triggers_on_failure(at: At) {
    let plan = Plan::default();
    let clerk = at.spawn(Clerk(plan.clone()));
    clerk.raise().tell().await.unwrap();
    clerk.ping().await.unwrap();
    assert!(plan.log.has("failure") && !plan.log.has("stop"));
}

#[message(name = "unknown_method")]
struct UnknownMethod;

async fn clerk(system: &System) -> (ActorRef<Clerk>, Outside) {
    let clerk = system.actor(Clerk::default()).urn("clerk").spawn().unwrap();
    (clerk, Outside::of(system).await)
}

/// Difference: it does not compile; a client that sends it gets an error.
#[support::test]
async fn call_to_unknown_method_raises_attribute_error() {
    let system = System::new("pykka");
    let (clerk, outside) = clerk(&system).await;
    outside.is_unknown("clerk", UnknownMethod).await;
    assert_eq!(clerk.ping().await.unwrap(), "pong");
}

#[support::test]
async fn deferred_call_to_unknown_method_raises_attribute_error() {
    let system = System::new("pykka");
    let (clerk, outside) = clerk(&system).await;
    let told = outside.client.ask("clerk", UnknownMethod).tell().await;
    let error = told.unwrap_err().to_string();
    assert!(error.contains("unknown_method"), "{error}");
    assert_eq!(clerk.ping().await.unwrap(), "pong");
}

async fn can_proxy_itself_for_offloading_work_to_the_future(at: At) {
    let clerk = at.spawn(Clerk::default());
    let inner = clerk.talk_with_self().await.unwrap();
    assert_eq!(inner.await.unwrap(), "Hello, from the future!");
}
