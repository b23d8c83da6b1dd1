//! Snapshots of a system are exact.

use conclib::Place;
use conclib::prelude::*;
use support::{Scribe, ScribeCalls, gate, hold, scribe, until};

#[support::test]
async fn a_hundred_good_and_three_failed_messages_are_counted_exactly() {
    let system = System::new("snapshot");
    let scribe = system.actor(scribe().0).urn("one").spawn().unwrap();
    for n in 0..50 {
        scribe.note(n).tell().await.unwrap();
        scribe.echo(n).await.unwrap();
    }
    assert!(scribe.refuse("a".into()).await.is_err());
    scribe.refuse("b".into()).tell().await.unwrap();
    scribe.refuse("c".into()).tell().await.unwrap();
    until(|| system.snapshot().actors[0].failed == 3).await;
    let seen = system.snapshot();
    assert_eq!((&*seen.name, seen.pid), ("snapshot", std::process::id()));
    assert_eq!((seen.actors.len(), seen.dead_letters), (1, 0));
    let one = &seen.actors[0];
    assert_eq!(one.urn, "one");
    assert!(one.type_name.ends_with("Scribe"), "{}", one.type_name);
    assert_eq!((one.handled, one.failed), (103, 3));
    assert_eq!((one.depth, one.capacity), (0, 1024));
    assert_eq!(one.state, State::Running);
    let last = one.last_error.as_deref();
    assert_eq!(last, Some("handling `refuse` failed: no good: c"));
    assert!(one.ticks.is_empty());
    assert_eq!(one.place, Place::Task);
    assert_eq!((one.generation, one.restarts), (1, 0));
    assert_eq!((&one.parent, one.children), (&None, 0));
}

#[support::test]
async fn it_tells_who_belongs_to_whom_and_who_was_restarted() {
    let system = System::new("snapshot");
    let parent = system.actor(scribe().0).urn("parent").spawn().unwrap();
    let policy = Restart::on_failure().backoff(Backoff::none());
    let child = system.actor_with(Scribe::default).restart(policy);
    let child = child.child_of(&parent).urn("child").spawn().unwrap();
    let thread = system.actor(scribe().0).child_of(&parent).on_thread();
    let thread = thread.spawn().unwrap();
    for _ in 0..2 {
        assert!(child.explode("again".into()).await.is_err());
    }
    assert_eq!(child.echo(1).await.unwrap(), 1);
    let seen = system.snapshot().actors;
    let [above, below, beside] = &seen[..] else {
        panic!("{seen:?}");
    };
    assert_eq!((&above.parent, above.children), (&None, 2));
    assert_eq!((&below.parent, below.children), (&Some(parent.urn()), 0));
    assert_eq!((below.generation, below.restarts), (3, 2));
    assert_eq!((above.place, below.place), (Place::Task, Place::Task));
    assert_eq!((beside.place, beside.restarts), (Place::Thread, 0));
    thread.stop().await;
    child.stop().await;
    until(|| system.snapshot().actors[0].children == 0).await;
}

#[support::test]
async fn it_tells_what_an_actor_is_busy_with_and_how_many_wait() {
    let system = System::new("snapshot");
    let scribe = system.actor(scribe().0).mailbox(10).spawn().unwrap();
    scribe.started().await.unwrap();
    let one = || system.snapshot().actors.pop().unwrap();
    assert_eq!(one().busy_with, None);
    let keeper = hold(&scribe).await;
    assert_eq!(one().busy_with.as_deref(), Some("hold"));
    for n in 0..7 {
        assert_eq!(one().depth, n);
        scribe.note(1).tell().await.unwrap();
    }
    let (next, mut next_keeper) = gate();
    scribe.hold(next).tell().await.unwrap();
    assert_eq!((one().depth, one().capacity), (8, 10));
    keeper.open();
    next_keeper.entered().await;
    assert_eq!((one().depth, one().handled), (0, 8));
    next_keeper.open();
    until(|| one().busy_with.is_none()).await;
    assert_eq!((one().handled, one().failed), (9, 0));
}

#[support::test]
async fn it_has_those_that_live_and_no_others() {
    let system = System::new("snapshot");
    assert!(system.snapshot().actors.is_empty());
    let one = system.actor(scribe().0).urn("one").spawn().unwrap();
    let two = system.spawn(scribe().0).unwrap();
    let seen = system.snapshot();
    let urns: Vec<_> = seen.actors.iter().map(|actor| actor.urn.clone()).collect();
    assert_eq!(urns, [one.urn(), two.urn()]);
    assert_eq!(seen.actors[1].state, State::Starting);
    one.stop().await;
    assert!(two.explode("gone".into()).await.is_err());
    two.stopped().await;
    let seen = system.snapshot();
    assert!(seen.actors.is_empty());
    assert_eq!(seen.dead_letters, 1);
}

#[support::test]
async fn it_can_be_written_down_and_read_again() {
    let system = System::new("snapshot");
    let scribe = system.spawn(scribe().0).unwrap();
    scribe.refuse("x".into()).tell().await.unwrap();
    scribe.echo(1).await.unwrap();
    let seen = system.snapshot();
    let text = serde_json::to_string(&seen).unwrap();
    let read: conclib::system::SystemSnapshot = serde_json::from_str(&text).unwrap();
    assert_eq!(read, seen);
}
