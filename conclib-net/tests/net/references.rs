//! Limits of references in messages over a session; see `conformance` for the rest.

use std::sync::Arc;

use crate::pair::{Pair, memory, run, session};
use conclib::prelude::*;
use conclib::spi::{Outlet, Remote};
use conclib_net::{LinkLimits, Session};

/// Gives back references, and asks the actors behind them.
#[actor(urn = "hub")]
#[derive(Default)]
struct Hub {
    kept: Vec<ActorRef<Bell>>,
}

#[actor]
impl Hub {
    /// Asks the actor behind a reference that came in.
    #[message]
    async fn ring(&mut self, bell: ActorRef<Bell>) -> u32 {
        bell.ring().await.unwrap()
    }

    #[message]
    fn keep(&mut self, bell: ActorRef<Bell>) {
        self.kept.push(bell);
    }

    #[message]
    fn keep_both(&mut self, one: ActorRef<Bell>, other: ActorRef<Bell>) {
        self.kept.extend([one, other]);
    }

    #[message]
    fn forget(&mut self) {
        self.kept.clear();
    }

    #[message]
    fn give_back(&mut self) -> Option<ActorRef<Bell>> {
        self.kept.pop()
    }
}

#[actor]
#[derive(Default)]
pub struct Bell {
    rung: u32,
}

#[actor]
impl Bell {
    #[message]
    fn ring(&mut self) -> u32 {
        self.rung += 1;
        self.rung
    }
}

fn hub(session: &Session) -> ActorRef<Hub> {
    let outlet = Arc::new(session.clone()) as Arc<dyn Outlet>;
    ActorRef::remote(Remote::new(outlet, Urn::new("hub")))
}

fn pair() -> Pair {
    let pair = Pair::over(memory());
    for system in &pair.systems {
        system.spawn(Hub::default()).unwrap();
    }
    pair
}

#[support::test]
async fn an_actor_of_a_system_that_is_not_served_cannot_be_referred_to() {
    let pair = pair();
    let stranger = System::new("stranger").spawn(Bell::default());
    let stranger = stranger.unwrap();
    let error = hub(&pair.sessions[0]).keep(stranger).await.unwrap_err();
    let AskError::Codec { error, .. } = &error else {
        panic!("{error}");
    };
    assert!(error.to_string().contains("another system"), "{error}");
    pair.close().await;
}

#[support::test]
async fn more_references_than_the_limit_are_refused() {
    let mut limits = LinkLimits::default();
    limits.references = 2;
    let pair = Pair::limited(memory(), limits);
    pair.systems[1].spawn(Hub::default()).unwrap();
    let hub = hub(&pair.sessions[0]);
    let bell = pair.systems[0].spawn(Bell::default()).unwrap();
    for _ in 0..2 {
        hub.keep(bell.clone()).await.unwrap();
    }
    let error = hub.keep(bell.clone()).await.unwrap_err();
    assert!(error.to_string().contains("more than 2"), "{error}");
    hub.forget().await.unwrap();
    while hub.keep(bell.clone()).await.is_err() {}
    pair.close().await;
}

/// Over a session with a second system, and from there to a third.
#[support::test]
async fn a_reference_that_is_passed_on_needs_a_connection_of_its_own() {
    let (first, third) = (pair(), System::new("third"));
    // The right system of `first` passes on to the third one.
    let sessions = [session("third"), session("right")];
    sessions[0].serve(&first.systems[1].inlet(), "");
    sessions[1].serve(&third.inlet(), "");
    third.spawn(Hub::default()).unwrap();
    let [left, right] = memory();
    let _tasks = [run(&sessions[0], left), run(&sessions[1], right)];

    let bell = first.systems[0].spawn(Bell::default()).unwrap();
    hub(&first.sessions[0]).keep(bell.clone()).await.unwrap();
    let passed: ActorRef<Bell> = {
        let local: ActorRef<Hub> = first.systems[1].get("hub").unwrap();
        local.give_back().await.unwrap().unwrap()
    };
    // In one process the third system uses the session that there is to the first.
    assert_eq!(hub(&sessions[0]).ring(passed).await.unwrap(), 1);
    first.close().await;
}

#[support::test]
async fn the_snapshot_of_a_system_shows_its_links() {
    let pair = pair();
    let hub = hub(&pair.sessions[0]);
    hub.keep(pair.systems[0].spawn(Bell::default()).unwrap())
        .await
        .unwrap();
    let [left, right] = [&pair.systems[0], &pair.systems[1]].map(|system| system.snapshot());
    let link = &left.links[0];
    assert_eq!((link.connected, link.exported, link.imported), (true, 1, 0));
    assert_eq!(link.peer, "peer right");
    assert_eq!(right.links[0].imported, 1);
    assert!(left.to_string().contains("link to peer right: up, "));
    pair.close().await;
}

#[support::test]
async fn a_message_with_more_references_than_are_left_is_not_sent() {
    let mut limits = LinkLimits::default();
    limits.references = 3;
    let pair = Pair::limited(memory(), limits);
    pair.systems[1].spawn(Hub::default()).unwrap();
    let hub = hub(&pair.sessions[0]);
    let bell = pair.systems[0].spawn(Bell::default()).unwrap();
    for _ in 0..2 {
        hub.keep(bell.clone()).await.unwrap();
    }
    // Each of the two has room, and both together have none.
    let error = hub.keep_both(bell.clone(), bell.clone()).await.unwrap_err();
    assert!(error.to_string().contains("more than 3"), "{error}");
    assert_eq!(hub.ring(bell.clone()).await.unwrap(), 1, "the link is up");
    pair.close().await;
}

/// A server does not connect to its clients: an actor of one that is gone is
/// never reached again, so no message waits for that.
#[support::test]
async fn a_message_to_an_actor_of_a_client_that_is_gone_fails_at_once() {
    let house = crate::house::House::new();
    house.system.spawn(Hub::default()).unwrap();
    let _broker = house.open().await;
    let client = house.client().await;
    let system = System::new("client");
    client.serve(&system.inlet());
    let far: ActorRef<Hub> = ActorRef::remote(Remote::new(
        client.clone() as Arc<dyn Outlet>,
        Urn::new("hub"),
    ));
    far.keep(system.spawn(Bell::default()).unwrap())
        .await
        .unwrap();
    let local: ActorRef<Hub> = house.system.get("hub").unwrap();
    let bell = local.give_back().await.unwrap().unwrap();
    assert_eq!(bell.ring().await.unwrap(), 1);
    drop(far);
    client.close().await;
    assert_eq!(bell.stopped().await, Some(StopReason::Unreachable));
    let before = std::time::Instant::now();
    assert!(bell.ring().await.is_err());
    assert!(bell.ring().tell().await.is_err());
    assert!(before.elapsed() < std::time::Duration::from_secs(20));
}
