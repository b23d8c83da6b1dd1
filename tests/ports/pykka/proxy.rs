//! proxy/test_proxy.py. Here the reference is the proxy.

use std::hash::{DefaultHasher, Hash, Hasher};

use conclib::prelude::*;
use conclib::traits::Messages;

use super::at::{At, Outside, on_every_place};
use super::clerk::{Clerk, ClerkCalls, ClerkHello, ClerkPing};
use super::nested::{CircleCalls, circle};

on_every_place! {
    eq_to_self,
    is_hashable,
    eq_to_another_proxy_for_same_actor_and_attr_path,
    not_eq_to_proxy_with_different_attr_path,
    repr_reveals_that_this_is_a_proxy,
    repr_contains_attr_path,
    refs_proxy_method_returns_a_proxy,
    proxy_constructor_raises_exception_if_actor_is_dead,
    actor_ref_may_be_retrieved_from_proxy_if_actor_is_dead,
}

#[allow(clippy::eq_op, reason = "that is the test")]
async fn eq_to_self(at: At) {
    let clerk = at.spawn(Clerk::default());
    assert!(clerk == clerk);
}

fn hash(it: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    it.hash(&mut hasher);
    hasher.finish()
}

async fn is_hashable(at: At) {
    let clerk = at.spawn(Clerk::default());
    assert_eq!(hash(&clerk), hash(&clerk.clone()));
}

async fn eq_to_another_proxy_for_same_actor_and_attr_path(at: At) {
    let clerk = at.spawn(Clerk::default());
    assert_eq!(at.system.get::<Clerk>(clerk.urn()).unwrap(), clerk);
    let circle = at.spawn(circle());
    let other = circle.clone();
    assert_eq!(circle.constants(), other.constants());
    assert_eq!(hash(&circle.constants()), hash(&other.constants()));
}

/// Difference: an actor and its part, or two messages of it, are addressed by
/// different types, so their texts are compared.
async fn not_eq_to_proxy_with_different_attr_path(at: At) {
    let (one, other) = (at.spawn(circle()), at.spawn(circle()));
    assert_ne!(one.constants(), other.constants());
    assert_ne!(format!("{one:?}"), format!("{:?}", one.constants()));
    let clerk = at.spawn(Clerk::default());
    let (ping, hello) = (
        clerk.recipient::<ClerkPing>(),
        clerk.recipient::<ClerkHello>(),
    );
    assert_eq!(ping.urn(), hello.urn());
    assert_ne!(format!("{ping:?}"), format!("{hello:?}"));
}

async fn repr_reveals_that_this_is_a_proxy(at: At) {
    let recipient = at.spawn(Clerk::default()).recipient::<ClerkPing>();
    assert!(format!("{recipient:?}").starts_with("Recipient"));
}

async fn repr_contains_attr_path(at: At) {
    let recipient = at.spawn(Clerk::default()).recipient::<ClerkPing>();
    assert!(format!("{recipient:?}").contains("ping"));
    let circle = at.spawn(circle());
    let shown = format!("{:?}", circle.constants());
    assert!(shown.contains("Constants") && shown.contains(circle.urn().as_str()));
}

/// Names of the messages of an actor.
fn names<A: Actor>() -> &'static [&'static str] {
    <A::Inbox as Messages>::NAMES
}

#[support::test]
fn dir_on_proxy_lists_attributes_of_the_actor() {
    let names = names::<Clerk>();
    assert!(
        ["ping", "hello", "raise"]
            .iter()
            .all(|it| names.contains(it))
    );
    assert!(!names.contains(&"start"), "a hook is no message");
}

async fn refs_proxy_method_returns_a_proxy(at: At) {
    let clerk = at.spawn(Clerk::default());
    let any = at.system.lookup(clerk.urn()).unwrap();
    let typed: ActorRef<Clerk> = any.downcast().unwrap();
    assert_eq!(typed.ping().await.unwrap(), "pong");
}

async fn proxy_constructor_raises_exception_if_actor_is_dead(at: At) {
    let clerk = at.spawn(Clerk::default());
    let urn = clerk.urn();
    clerk.stop().await;
    let error = at.system.get::<Clerk>(&urn).unwrap_err();
    assert!(matches!(error, LookupError::NoSuchActor { .. }));
    assert!(error.to_string().contains(urn.as_str()), "{error}");
}

async fn actor_ref_may_be_retrieved_from_proxy_if_actor_is_dead(at: At) {
    let clerk = at.spawn(Clerk::default());
    clerk.stop().await;
    assert_eq!(clerk.state(), Some(State::Stopped));
    assert_eq!(clerk.downgrade().urn(), clerk.urn());
}

#[actor(urn = "selfish")]
struct Selfish {
    /// Weak: a strong reference would keep an anonymous actor alive for ever.
    me: Option<WeakRef<Selfish>>,
}

#[actor]
impl Selfish {
    #[on(start)]
    fn start(&mut self, ctx: &mut Context<Self>) {
        self.me = Some(ctx.me().downgrade());
    }

    #[message]
    fn foo(&mut self) -> bool {
        self.me.is_some()
    }
}

#[message(name = "me")]
struct Me;

#[support::test]
async fn actor_proxy_does_not_expose_proxy_to_self() {
    let system = System::new("pykka");
    let selfish = system.spawn(Selfish { me: None }).unwrap();
    assert!(selfish.foo().await.unwrap());
    assert_eq!(names::<Selfish>(), ["foo"]);
    Outside::of(&system).await.is_unknown("selfish", Me).await;
}
