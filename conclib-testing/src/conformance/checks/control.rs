//! The life of far actors: started, state, stop, kill, stopped, watch.

use conclib_core::wire::Control;
use conclib_core::{ActorRef, AskError, State, StopReason, Stopping};
use tokio::sync::watch;

use super::Stage;
use crate::conformance::hub::{Bell, BellCalls, Hub, HubCalls, Watcher, WatcherCalls};
use crate::conformance::subject::SubjectCalls;

/// Makes an anonymous bell in the served system, and returns the client's reference to it.
async fn far_bell(at: &Stage) -> ActorRef<Bell> {
    if at.system.get::<Hub>("hub").is_err() {
        drop(at.system.actor(Hub::default()).urn("hub").spawn().unwrap());
    }
    let hub: ActorRef<Hub> = at.far("hub");
    hub.make().await.unwrap().unwrap()
}

/// Way to end an actor.
type End = fn(&ActorRef<Bell>) -> Stopping;

fn watcher(at: &Stage) -> (ActorRef<Watcher>, watch::Receiver<Vec<StopReason>>) {
    let (gone, reasons) = watch::channel(Vec::new());
    (at.home.spawn(Watcher { gone }).unwrap(), reasons)
}

/// The three ways to stop, with the reason, also for those that wait for the end.
pub async fn a_far_actor_is_stopped_and_killed(at: &mut Stage) {
    let ends: [(End, _); 3] = [
        (ActorRef::stop, StopReason::Stopped),
        (ActorRef::stop_now, StopReason::StoppedNow),
        (ActorRef::kill, StopReason::Killed),
    ];
    for (end, reason) in ends {
        let bell = far_bell(at).await;
        bell.started().await.unwrap();
        assert_eq!(bell.current_state().await, Ok(State::Running));
        assert_eq!(bell.current_snapshot().await.unwrap().urn, bell.urn());
        let copy = bell.clone();
        let stopped = tokio::spawn(async move { copy.stopped().await });
        assert_eq!(end(&bell).await, reason);
        assert_eq!(stopped.await.unwrap(), Some(reason.clone()));
        // Idempotent.
        assert_eq!(end(&bell).await, reason);
        assert!(bell.ring().await.is_err());
    }
}

/// A name alone permits neither an end of an actor nor a look at it.
pub async fn a_far_actor_is_not_ended_by_its_name(at: &mut Stage) {
    let far = &at.subject;
    for end in [far.stop(), far.stop_now(), far.kill()] {
        assert_eq!(end.await, StopReason::OutOfReach);
    }
    assert_eq!(far.current_state().await, Ok(State::Running));
    let refused = far.current_snapshot().await.unwrap_err();
    assert!(
        matches!(refused, AskError::NotPermitted { .. }),
        "{refused}"
    );
}

/// Any client ends a named actor, if the served system permits it.
pub async fn a_named_actor_is_ended_by_any_client_if_that_is_permitted(at: &mut Stage) {
    if !at.supports.reconnect {
        return;
    }
    at.kill_server();
    at.serve_with(Control::Any).await;
    // The client finds the server again.
    while at.subject.double(3).await != Ok(6) {}
    for (urn, end, reason) in [
        ("stopped", ActorRef::stop as End, StopReason::Stopped),
        ("stopped_now", ActorRef::stop_now, StopReason::StoppedNow),
        ("killed", ActorRef::kill, StopReason::Killed),
    ] {
        let bell = named_bell(at, urn);
        bell.started().await.unwrap();
        assert_eq!(bell.current_state().await, Ok(State::Running));
        assert_eq!(bell.current_snapshot().await.unwrap().urn, bell.urn());
        assert_eq!(end(&bell).await, reason);
        assert!(at.system.get::<Bell>(urn).is_err());
    }
}

/// Spawns a bell in the served system, and returns the client's reference to its name.
fn named_bell(at: &Stage, urn: &str) -> ActorRef<Bell> {
    drop(at.system.actor(Bell::default()).urn(urn).spawn().unwrap());
    at.far(urn)
}

/// A watcher hears of the end of a named actor, with the reason, once.
pub async fn a_watcher_hears_of_the_end_of_a_named_actor(at: &mut Stage) {
    let (watcher, mut reasons) = watcher(at);
    let bell = named_bell(at, "bell");
    assert_eq!(bell.ring().await, Ok(1));
    // From here on there is a connection for such requests.
    assert_eq!(bell.current_state().await, Ok(State::Running));
    watcher.watch(bell.clone()).await.unwrap();
    watcher.watch(bell.clone()).await.unwrap();
    // The request to wait for the end was sent before this one.
    assert_eq!(bell.current_state().await, Ok(State::Running));
    at.system.get::<Bell>("bell").unwrap().stop().await;
    let gone = reasons.wait_for(|gone| !gone.is_empty()).await.unwrap();
    assert_eq!(gone[..], [StopReason::Stopped]);
}

/// A lost connection is the end of the named actors behind it, for those that wait for their end.
pub async fn a_watcher_of_a_named_actor_hears_of_a_lost_connection(at: &mut Stage) {
    let (watcher, mut reasons) = watcher(at);
    let bell = named_bell(at, "bell");
    watcher.watch(bell.clone()).await.unwrap();
    assert_eq!(bell.ring().await, Ok(1));
    // The request to wait for the end was sent before this one.
    assert_eq!(bell.current_state().await, Ok(State::Running));
    at.link().cut().await;
    let gone = reasons.wait_for(|gone| !gone.is_empty()).await.unwrap();
    assert_eq!(gone[..], [StopReason::Unreachable]);
}

/// A watcher hears of the end of a far actor, with the reason, once.
pub async fn a_watcher_hears_of_the_end_of_a_far_actor(at: &mut Stage) {
    let (watcher, mut reasons) = watcher(at);
    let bell = far_bell(at).await;
    watcher.watch(bell.clone()).await.unwrap();
    watcher.watch(bell.clone()).await.unwrap();
    assert!(bell.crack().await.is_err());
    let gone = reasons.wait_for(|gone| !gone.is_empty()).await.unwrap();
    let [StopReason::Panicked(fault)] = &gone[..] else {
        panic!("{gone:?}");
    };
    assert!(fault.to_string().contains("cracked"), "{fault}");
}

/// A lost connection is the end of the actors behind it.
pub async fn a_watcher_hears_of_a_lost_connection(at: &mut Stage) {
    let (watcher, mut reasons) = watcher(at);
    let bell = far_bell(at).await;
    watcher.watch(bell.clone()).await.unwrap();
    let copy = bell.clone();
    let stopped = tokio::spawn(async move { copy.stopped().await });
    // The wait for the end is sent before this.
    tokio::task::yield_now().await;
    assert_eq!(bell.ring().await, Ok(1));
    at.link().cut().await;
    assert_eq!(stopped.await.unwrap(), Some(StopReason::Unreachable));
    let gone = reasons.wait_for(|gone| !gone.is_empty()).await.unwrap();
    assert_eq!(gone[..], [StopReason::Unreachable]);
}
