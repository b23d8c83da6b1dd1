//! The life of far actors: started, state, stop, kill, stopped, watch.

use conclib_core::{ActorRef, AskError, State, StopReason, Stopping};
use tokio::sync::watch;

use super::Stage;
use crate::conformance::hub::{Bell, BellCalls, Hub, HubCalls, Watcher, WatcherCalls};

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
