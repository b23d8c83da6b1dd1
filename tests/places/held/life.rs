//! Life of an object, its owner and its holders.

use std::time::{Duration, Instant};

use conclib::Place;
use conclib::event::Events;
use conclib::prelude::*;
use nix::sys::signal::Signal;
use support::until;

use super::owner::{OwnerCalls as _, WitnessCalls as _};
use super::{owner_in, owner_process};
use crate::actors::signal;
use crate::at::on_every_place;
use conclib::held::ListCalls as _;

on_every_place! {
    one_system:
    a_handle_keeps_its_owner_alive,
    a_lent_object_keeps_its_owner_alive,
    an_object_ends_with_its_last_handle,
    an_object_ends_with_its_owner,
    an_object_that_fails_leaves_its_owner_alone,
    an_owner_is_not_kept_alive_by_the_objects_in_its_state,
    a_reference_that_comes_home_keeps_its_actor_alive,
    objects_leave_nothing_behind,
}

/// Waits for the end of the actor of that name, and returns its reason.
async fn end_of(urn: &Urn, events: &mut Events) -> StopReason {
    loop {
        if let Event::Stopped { urn: ended, reason } = events.next().await.unwrap()
            && ended == *urn
        {
            return reason;
        }
    }
}

async fn a_handle_keeps_its_owner_alive(place: Place) -> conclib::Result {
    let system = System::new("test");
    let mut events = system.events();
    let owner = owner_in(&system, place).await?;
    let urn = owner.urn();
    let list = owner.list(vec![1]).await?;
    drop(owner);
    list.push(2).await?;
    let copy = Held::clone(&list);
    drop(list);
    assert_eq!(copy.slice(0, 9).await?, [1, 2]);
    let dropped = Instant::now();
    drop(copy);
    assert_eq!(end_of(&urn, &mut events).await, StopReason::Unreferenced);
    assert!(dropped.elapsed() < Duration::from_millis(500));
    until(|| system.all().is_empty()).await;
    Ok(())
}

async fn a_lent_object_keeps_its_owner_alive(place: Place) -> conclib::Result {
    let system = System::new("test");
    let mut events = system.events();
    let owner = owner_in(&system, place).await?;
    let urn = owner.urn();
    let list = owner.kept().await?;
    drop(owner);
    list.push(2).await?;
    assert_eq!(list.slice(0, 9).await?, [2]);
    drop(list);
    assert_eq!(end_of(&urn, &mut events).await, StopReason::Unreferenced);
    Ok(())
}

async fn an_object_ends_with_its_last_handle(place: Place) -> conclib::Result {
    let system = System::new("test");
    let owner = owner_in(&system, place).await?;
    let list = owner.list(vec![1]).await?;
    // The list that it keeps is one.
    assert_eq!(owner.children().await?, 2);
    let weak = list.downgrade();
    drop(list);
    let reason = weak.stopped().await;
    let known = [StopReason::Unreferenced, StopReason::NoSuchActor];
    assert!(known.contains(&reason), "{reason}");
    while owner.children().await? > 1 {}
    // An end of this kind is no news.
    assert_eq!(owner.exits().await?, 0);
    Ok(())
}

async fn an_object_ends_with_its_owner(place: Place) -> conclib::Result {
    let system = System::new("test");
    let owner = owner_in(&system, place).await?;
    let list = owner.list(vec![1]).await?;
    let ends = tokio::spawn({
        let list = Held::clone(&list);
        async move { list.stopped().await }
    });
    list.len().await?;
    owner.stop().await;
    let reason = ends.await?.unwrap();
    let known = [StopReason::Parent, StopReason::Unreachable];
    assert!(known.contains(&reason), "{reason}");
    assert!(list.push(2).await.is_err());
    Ok(())
}

async fn an_object_that_fails_leaves_its_owner_alone(place: Place) -> conclib::Result {
    let system = System::new("test");
    let owner = owner_in(&system, place).await?;
    let witness = owner.witness().await?;
    let error = witness.panic().await.unwrap_err();
    assert!(matches!(error, AskError::Panicked { .. }), "{error:?}");
    assert!(witness.public().await.is_err());
    assert_eq!(owner.exits().await?, 0);
    Ok(())
}

async fn an_owner_is_not_kept_alive_by_the_objects_in_its_state(place: Place) -> conclib::Result {
    let system = System::new("test");
    let mut events = system.events();
    let owner = owner_in(&system, place).await?;
    let urn = owner.urn();
    // It keeps a list, which it has lent before.
    drop(owner.kept().await?);
    drop(owner);
    assert_eq!(end_of(&urn, &mut events).await, StopReason::Unreferenced);
    Ok(())
}

async fn a_reference_that_comes_home_keeps_its_actor_alive(place: Place) -> conclib::Result {
    let system = System::new("test");
    let mut events = system.events();
    let owner = owner_in(&system, place).await?;
    let urn = owner.urn();
    for _ in 0..2 {
        let witness = owner.witness().await?;
        let owner = witness.owner().await?.unwrap();
        drop(witness);
        assert!(owner.pid().await? > 0);
    }
    let witness = owner.witness().await?;
    drop(owner);
    assert!(witness.public().await?);
    let owner = witness.owner().await?.unwrap();
    drop(witness);
    assert!(owner.pid().await? > 0);
    assert_eq!(owner.me().await?, owner);
    drop(owner);
    assert_eq!(end_of(&urn, &mut events).await, StopReason::Unreferenced);
    Ok(())
}

async fn objects_leave_nothing_behind(place: Place) -> conclib::Result {
    let system = System::new("test");
    let owner = owner_in(&system, place).await?;
    for _ in 0..5 {
        let mut held = Vec::new();
        for number in 0..40 {
            let list = owner.list(vec![number]).await?;
            assert_eq!(list.pop().await?, Some(number));
            held.push(list);
        }
    }
    while owner.children().await? > 1 {}
    drop(owner);
    until(|| system.all().is_empty()).await;
    Ok(())
}

#[support::test]
async fn the_process_of_an_owner_ends_with_the_last_handle() -> conclib::Result {
    let system = System::new("test");
    let (owner, process) = owner_process(&system).await?;
    let list = owner.list(vec![1]).await?;
    drop(owner);
    assert_eq!(list.len().await?, 1);
    assert!(process.is_alive());
    drop(list);
    let dropped = Instant::now();
    until(|| !process.is_alive()).await;
    assert!(dropped.elapsed() < Duration::from_millis(500));
    Ok(())
}

#[support::test]
async fn waits_in_the_objects_of_a_killed_process_fail() -> conclib::Result {
    use conclib::held::EventCalls as _;
    let system = System::new("test");
    let (owner, process) = owner_process(&system).await?;
    let event = owner.event().await?;
    let wait = event.wait().reply().await?;
    signal(process.pid, Signal::SIGKILL);
    let error = wait.await.unwrap_err();
    assert!(matches!(error, AskError::Disconnected { .. }), "{error:?}");
    assert!(event.set().await.is_err());
    Ok(())
}

#[support::test]
async fn an_object_does_not_live_through_a_restart_of_its_owner() -> conclib::Result {
    let system = System::new("test");
    let owner = system
        .actor(super::owner::Owner::default())
        .in_process()
        .restart(Restart::on_failure())
        .spawn()
        .await?;
    let process = crate::actors::process(owner.pid().await?);
    let list = owner.list(vec![1]).await?;
    signal(process.pid, Signal::SIGKILL);
    until(|| !process.is_alive()).await;
    // Fails while the end of the process is not known here.
    let again = loop {
        if let Ok(list) = owner.list(vec![2]).await {
            break list;
        }
    };
    assert_eq!(again.slice(0, 9).await?, [2]);
    assert!(list.len().await.is_err());
    // The handle of the new process keeps it alive.
    drop((owner, list));
    assert_eq!(again.slice(0, 9).await?, [2]);
    drop(again);
    until(|| system.all().is_empty()).await;
    Ok(())
}
