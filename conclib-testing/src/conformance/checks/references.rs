//! References inside messages, in both directions.

use conclib_core::wire::MAX_REFERENCES;
use conclib_core::{ActorRef, AskError, System, WeakRef};

use super::{Stage, until};
use crate::conformance::hub::{Bell, BellCalls, Hub, HubCalls};

/// Spawns a hub in the served system, and returns the client's reference to it.
fn hub(at: &Stage) -> ActorRef<Hub> {
    let hub = at.system.actor(Hub::default()).urn("hub").spawn().unwrap();
    drop(hub);
    at.far("hub")
}

fn bell(system: &System) -> ActorRef<Bell> {
    system.spawn(Bell::default()).unwrap()
}

/// Waits until the actor has no reference. A release is no event that can be awaited.
async fn is_let_go(bell: &WeakRef<Bell>) {
    until(|| bell.upgrade().is_none()).await;
}

/// The served system asks an actor of the client, and that one asks the served system meanwhile.
pub async fn callbacks_go_both_ways(at: &mut Stage) {
    let hub = hub(at);
    let bell = bell(&at.home);
    assert_eq!(hub.ring(bell.clone()).await, Ok(Some(1)));
    assert_eq!(hub.ring(bell.clone()).await, Ok(Some(2)));
    // From the client to the served system, and back to another actor of the client.
    let second = at.home.spawn(Bell::default()).unwrap();
    assert_eq!(
        bell.ring_through(hub.clone(), second.clone()).await,
        Ok(Some(1))
    );
    // An actor of the served system rings another one there.
    let made = hub.make().await.unwrap().unwrap();
    assert_eq!(made.ring().await, Ok(1));
    assert_eq!(hub.ring(made).await, Ok(Some(2)));
    assert_eq!(second.ring().await, Ok(2));
}

/// A reference that comes home leads straight to its actor.
pub async fn a_reference_that_comes_home_is_local(at: &mut Stage) {
    let hub = hub(at);
    let bell = bell(&at.home);
    hub.keep(bell.clone()).await.unwrap();
    let back = hub.give_back().await.unwrap();
    assert_eq!(back, std::slice::from_ref(&bell));
    assert!(back[0].state().is_some(), "it is a far one");
    at.link().cut().await;
    assert_eq!(back[0].ring().await, Ok(1));
}

/// An anonymous actor lives as long as the other end refers to it, and no longer.
pub async fn an_anonymous_actor_lives_as_long_as_its_far_references(at: &mut Stage) {
    let hub = hub(at);
    let bell = bell(&at.home);
    let weak = bell.downgrade();
    hub.keep(bell).await.unwrap();
    assert!(weak.upgrade().is_some());
    hub.forget().await.unwrap();
    is_let_go(&weak).await;

    let actors = || at.system.snapshot().actors.len();
    let before = actors();
    let made = hub.make().await.unwrap().unwrap();
    let copy = made.clone();
    drop(made);
    assert_eq!(copy.ring().await, Ok(1));
    drop(copy);
    until(|| actors() <= before).await;
}

/// A lost connection lets the actors go that it kept, and refuses the references to them.
pub async fn a_lost_connection_lets_its_actors_go(at: &mut Stage) {
    let hub = hub(at);
    let bell = bell(&at.home);
    let weak = bell.downgrade();
    hub.keep(bell).await.unwrap();
    let actors = || at.system.snapshot().actors.len();
    let before = actors();
    let made = hub.make().await.unwrap().unwrap();
    assert_eq!(actors(), before + 1);
    at.link().cut().await;
    is_let_go(&weak).await;
    until(|| actors() <= before).await;
    if at.supports.reconnect {
        at.link().restore().await;
        let error = made.ring().await.unwrap_err();
        assert!(matches!(error, AskError::NoSuchActor { .. }), "{error}");
    }
}

/// A request that is refused lets the actors in it go.
pub async fn a_request_that_is_refused_lets_its_actors_go(at: &mut Stage) {
    let missing: ActorRef<Hub> = at.far("nobody");
    let bell = bell(&at.home);
    let weak = bell.downgrade();
    let error = missing.keep(bell).await.unwrap_err();
    assert!(matches!(error, AskError::NoSuchActor { .. }), "{error}");
    is_let_go(&weak).await;
}

/// A recipient keeps its actor alive like a reference, and a weak reference does not.
pub async fn recipients_and_weak_references_travel(at: &mut Stage) {
    let hub = hub(at);
    let bell = bell(&at.home);
    assert_eq!(hub.ring_recipient(bell.recipient()).await, Ok(Some(1)));
    hub.keep_weakly(bell.downgrade()).await.unwrap();
    assert_eq!(hub.ring_weak().await, Ok(Some(2)));
    let weak = bell.downgrade();
    drop(bell);
    is_let_go(&weak).await;
    assert_eq!(hub.ring_weak().await, Ok(None));
}

/// References in the items of a stream keep their actors alive one by one.
pub async fn references_in_a_stream_keep_their_actors_alive(at: &mut Stage) {
    if !at.supports.streams {
        return;
    }
    let hub = hub(at);
    let actors = || at.system.snapshot().actors.len();
    let before = actors();
    let mut bells = hub.make_many(100).await.unwrap();
    let mut kept = Vec::new();
    for n in 0..50 {
        let bell = bells.next().await.unwrap().unwrap().unwrap();
        if n % 2 == 0 {
            kept.push(bell);
        }
    }
    drop(bells);
    until(|| actors() <= before + 25).await;
    for bell in &kept {
        assert_eq!(bell.ring().await, Ok(1));
    }
    drop(kept);
    until(|| actors() <= before).await;
}

/// A message with a reference too many is an error of its sender, and nothing is kept.
pub async fn too_many_references_in_a_message_are_refused(at: &mut Stage) {
    let hub = hub(at);
    let bell = bell(&at.home);
    let most = vec![bell.clone(); MAX_REFERENCES];
    assert_eq!(hub.keep_all(most).await, Ok(MAX_REFERENCES));
    let more = vec![bell.clone(); MAX_REFERENCES + 1];
    let error = hub.keep_all(more).await.unwrap_err();
    assert!(matches!(error, AskError::Codec { .. }), "{error}");
    hub.forget().await.unwrap();
    let weak = bell.downgrade();
    drop(bell);
    is_let_go(&weak).await;
}

/// An ask that would close a cycle of waiting actors over the link fails at once.
pub async fn a_cycle_of_asks_fails_at_once(at: &mut Stage) {
    let hub = hub(at);
    let bell = bell(&at.home);
    assert_eq!(bell.ring_oneself(hub).await, Ok(Some(true)));
    assert_eq!(bell.ring().await, Ok(1));
}

/// Named actors of both ends are asked by references; one that comes home leads straight to its actor.
pub async fn named_actors_are_referred_to_in_both_directions(at: &mut Stage) {
    let hub = hub(at);
    let named = |system: &System, urn| system.actor(Bell::default()).urn(urn).spawn().unwrap();
    let bell = named(&at.home, "bell");
    assert_eq!(hub.ring(bell.clone()).await, Ok(Some(1)));
    assert_eq!(hub.ring_recipient(bell.recipient()).await, Ok(Some(2)));
    // From the client to the served system, and back to another actor of the client.
    let second = named(&at.home, "second");
    let rung = bell.ring_through(hub.clone(), second.clone()).await;
    assert_eq!(rung, Ok(Some(1)));
    // An actor of the served system rings another one there.
    let made = hub.make_named("made".into()).await.unwrap().unwrap();
    assert_eq!(made.ring().await, Ok(1));
    assert_eq!(hub.ring(made).await, Ok(Some(2)));
    hub.keep(bell.clone()).await.unwrap();
    let back = hub.give_back().await.unwrap();
    assert_eq!(back, std::slice::from_ref(&bell));
    assert!(back[0].state().is_some(), "it is a far one");
    let more = vec![bell; MAX_REFERENCES + 1];
    let error = hub.keep_all(more).await.unwrap_err();
    assert!(matches!(error, AskError::Codec { .. }), "{error}");
}

/// The same as `a_cycle_of_asks_fails_at_once`, of named actors. A stored message waits for no answer
/// by a chain of actors, and its cycle ends by a deadline.
pub async fn a_cycle_of_named_actors_fails_at_once(at: &mut Stage) {
    if at.supports.stores_messages {
        return;
    }
    let hub = hub(at);
    let bell = at.home.actor(Bell::default()).urn("bell").spawn().unwrap();
    assert_eq!(bell.ring_oneself(hub).await, Ok(Some(true)));
    assert_eq!(bell.ring().await, Ok(1));
}

/// A link without references to anonymous actors refuses them before anything is sent.
pub async fn a_link_without_references_refuses_them(at: &mut Stage) {
    let hub = hub(at);
    let bell = bell(&at.home);
    let error = hub.keep(bell).await.unwrap_err();
    assert!(matches!(error, AskError::Codec { .. }), "{error}");
    assert_eq!(error.delivery(), conclib_core::Delivery::NotDelivered);
}
