//! test_ref.py

use std::any::Any;
use std::collections::HashMap;
use std::fmt::Debug;
use std::time::Duration;

use conclib::prelude::*;
use tokio::sync::mpsc;

use super::at::{At, on_every_place};
use super::clerk::{Clerk, ClerkCalls};
use support::{NoGood, gate};

on_every_place! {
    is_alive_returns_true_for_running_actor,
    is_alive_returns_false_for_dead_actor,
    stop_returns_true_if_actor_is_stopped,
    stop_does_not_stop_already_dead_actor,
    tell_delivers_message_to_actors_custom_on_receive,
    tell_accepts_any_object_as_the_message,
    tell_fails_if_actor_is_stopped,
    ask_blocks_until_response_arrives,
    ask_can_timeout_if_blocked_too_long,
    ask_can_return_future_instead_of_blocking,
    ask_fails_if_actor_is_stopped,
    ask_nonblocking_fails_future_if_actor_is_stopped,
}

/// Texts of a reference: `Debug`, `Display` and name.
fn written() -> (String, String, Urn) {
    let system = System::new("pykka");
    let clerk = system.actor(Clerk::default()).on_thread().spawn().unwrap();
    (format!("{clerk:?}"), clerk.to_string(), clerk.urn())
}

/// Difference: `Debug` is wrapped as for other values.
#[support::test]
fn repr_is_wrapped_in_lt_and_gt() {
    let (repr, ..) = written();
    assert!(repr.contains('(') && repr.ends_with(')'), "{repr}");
}

#[support::test]
fn repr_reveals_that_this_is_a_ref() {
    assert!(written().0.starts_with("ActorRef"));
}

#[support::test]
fn repr_contains_actor_class_name() {
    assert!(written().0.contains("Clerk"));
}

#[support::test]
fn repr_contains_actor_urn() {
    let (repr, _, urn) = written();
    assert!(repr.contains(urn.as_str()));
}

#[support::test]
fn str_contains_actor_class_name() {
    assert!(written().1.starts_with("Clerk ("));
}

#[support::test]
fn str_contains_actor_urn() {
    let (_, str, urn) = written();
    assert!(str.contains(urn.as_str()));
}

async fn dead(at: &At) -> ActorRef<Clerk> {
    let clerk = at.spawn(Clerk::default());
    clerk.stop().await;
    clerk
}

async fn is_alive_returns_true_for_running_actor(at: At) {
    let clerk = at.spawn(Clerk::default());
    clerk.started().await.unwrap();
    assert_eq!(clerk.state(), Some(State::Running));
}

async fn is_alive_returns_false_for_dead_actor(at: At) {
    assert_eq!(dead(&at).await.state(), Some(State::Stopped));
}

/// Difference: it returns the reason of the end.
async fn stop_returns_true_if_actor_is_stopped(at: At) {
    let clerk = at.spawn(Clerk::default());
    assert_eq!(clerk.stop().await, StopReason::Stopped);
}

/// The reason of its end stays what it was.
async fn stop_does_not_stop_already_dead_actor(at: At) {
    let clerk = at.spawn(Clerk::default());
    assert_eq!(clerk.stop_now().await, StopReason::StoppedNow);
    assert_eq!(clerk.stop().await, StopReason::StoppedNow);
}

type Anything = Box<dyn Any + Send>;

#[actor]
struct Taker(mpsc::UnboundedSender<Anything>);

#[actor]
impl Taker {
    #[message(local)]
    fn take(&mut self, it: Anything) {
        self.0.send(it).unwrap();
    }
}

async fn is_taken<T: Clone + PartialEq + Debug + Send + 'static>(at: &At, it: T) {
    let (sender, mut taken) = mpsc::unbounded_channel();
    let taker = at.spawn(Taker(sender));
    taker.take(Box::new(it.clone())).tell().await.unwrap();
    let arrived: Box<T> = taken.recv().await.unwrap().downcast().unwrap();
    assert_eq!(*arrived, it);
}

async fn tell_delivers_message_to_actors_custom_on_receive(at: At) {
    is_taken(&at, "a custom message").await;
}

async fn tell_accepts_any_object_as_the_message(at: At) {
    is_taken(&at, 123).await;
    is_taken(&at, 123.456).await;
    is_taken(&at, HashMap::from([("a", "dict")])).await;
    is_taken(&at, ("a", "tuple")).await;
    is_taken(&at, vec!["a", "list"]).await;
    is_taken(&at, NoGood("an exception".into())).await;
}

async fn tell_fails_if_actor_is_stopped(at: At) {
    let clerk = dead(&at).await;
    let error = clerk.ping().tell().await.unwrap_err();
    assert!(matches!(error, TellError::Stopped { .. }));
    assert!(error.to_string().contains(clerk.urn().as_str()));
}

async fn ask_blocks_until_response_arrives(at: At) {
    assert_eq!(at.spawn(Clerk::default()).ping().await.unwrap(), "pong");
}

async fn ask_can_timeout_if_blocked_too_long(at: At) {
    let clerk = at.spawn(Clerk::default());
    let (gate, keeper) = gate();
    let late = clerk.hold(gate).timeout(Duration::ZERO).await;
    assert!(matches!(late, Err(AskError::Deadline { .. })), "{late:?}");
    keeper.open();
    assert_eq!(clerk.ping().await.unwrap(), "pong", "unharmed");
}

async fn ask_can_return_future_instead_of_blocking(at: At) {
    let clerk = at.spawn(Clerk::default());
    let later = clerk.ping().reply().await.unwrap();
    assert_eq!(later.await.unwrap(), "pong");
}

async fn ask_fails_if_actor_is_stopped(at: At) {
    let clerk = dead(&at).await;
    let error = clerk.ping().await.unwrap_err();
    assert!(matches!(error, AskError::Stopped { .. }));
    assert!(error.to_string().contains(clerk.urn().as_str()));
}

/// Difference: it fails when the message is queued.
async fn ask_nonblocking_fails_future_if_actor_is_stopped(at: At) {
    let clerk = dead(&at).await;
    let error = clerk.ping().reply().await.unwrap_err();
    assert!(matches!(error, TellError::Stopped { .. }));
    assert!(error.to_string().contains(clerk.urn().as_str()));
}
