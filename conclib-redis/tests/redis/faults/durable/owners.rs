//! Processes that are killed or paused while durable messages are under way.

use std::time::{Duration, Instant};

use conclib::prelude::*;
use nix::sys::signal::Signal;
use support::processes::eventually;

use super::super::child::kill_hard;
use super::child::{signal, start};
use super::scribe::{ScribeDie, ScribeNote, ScribeWait};
use super::{KEEPS, Scene, actor, client};

impl Scene {
    fn start(&self, role: &str) -> conclib_process::OwnedChild {
        start(role, &self.url(), &self.directory.path().join("history"))
    }

    /// Waits until so many turns have begun.
    async fn begun(&self, turns: usize) {
        eventually("the turns begin", || self.history.begun().len() >= turns).await;
    }
}

#[support::test]
async fn a_message_whose_owner_is_killed_in_its_turn_is_handled_by_another_within_seconds() {
    let scene = Scene::new(&KEEPS).await;
    let owner = scene.start("serve");
    let client = client(&scene.url()).await;
    let scribe = actor(&client, "scribe");
    let wait = ScribeWait {
        sender: 1,
        number: 1,
    };
    Call::new(scribe.clone(), wait)
        .durable()
        .tell()
        .await
        .unwrap();
    for number in 2..=20 {
        let note = ScribeNote { sender: 1, number };
        Call::new(scribe.clone(), note)
            .durable()
            .tell()
            .await
            .unwrap();
    }
    scene.begun(1).await;
    kill_hard(owner).await;
    let killed = Instant::now();
    let (system, broker) = scene.scribe(&scene.url()).await;
    scene.begun(21).await;
    assert!(
        killed.elapsed() < Duration::from_secs(10),
        "{:?}",
        killed.elapsed()
    );
    let begun = scene.history.begun();
    assert_eq!((begun[1].number, begun[1].attempt), (1, 2));
    // Messages that had been read may have begun.
    assert!(begun[2..].iter().all(|turn| turn.attempt <= 2));
    scene.history.check();
    assert_eq!(broker.stats().lost, 0);
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn an_owner_that_waits_beside_a_killed_one_takes_its_mailbox() {
    let scene = Scene::new(&KEEPS).await;
    let owner = scene.start("serve");
    let client = client(&scene.url()).await;
    let wait = ScribeWait {
        sender: 1,
        number: 1,
    };
    Call::new(actor(&client, "scribe"), wait)
        .durable()
        .tell()
        .await
        .unwrap();
    scene.begun(1).await;
    // Knows that the mailbox is held.
    let (system, _broker) = scene.scribe(&scene.url()).await;
    let note = ScribeNote {
        sender: 1,
        number: 2,
    };
    Call::new(actor(&client, "scribe"), note)
        .durable()
        .tell()
        .await
        .unwrap();
    kill_hard(owner).await;
    let killed = Instant::now();
    scene.begun(3).await;
    assert!(
        killed.elapsed() < Duration::from_secs(12),
        "{:?}",
        killed.elapsed()
    );
    scene.history.check();
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn an_owner_that_was_paused_for_longer_than_its_lease_changes_nothing_and_begins_no_turn() {
    let scene = Scene::new(&KEEPS).await;
    let owner = scene.start("serve");
    let client = client(&scene.url()).await;
    let scribe = actor(&client, "scribe");
    let note = |number| Call::new(scribe.clone(), ScribeNote { sender: 1, number });
    note(1).durable().await.unwrap();
    // The subscription of the paused owner stays, so that its whole lease has to pass.
    signal(&owner, Signal::SIGSTOP);
    support::until(|| support::processes::stands_still(owner.id())).await;
    let paused = Instant::now();
    for number in 2..=50 {
        note(number).durable().tell().await.unwrap();
    }
    let (system, _broker) = scene.scribe(&scene.url()).await;
    scene.begun(50).await;
    let lasted = paused.elapsed();
    assert!(
        lasted > Duration::from_secs(5),
        "the lease was not respected: {lasted:?}"
    );
    assert!(lasted < Duration::from_secs(60), "{lasted:?}");
    signal(&owner, Signal::SIGCONT);
    // An ask passes through the mailbox while the former owner is awake again.
    for number in 51..=60 {
        assert_eq!(note(number).durable().await.unwrap(), number);
    }
    let begun = scene.history.begun();
    assert_eq!(begun.len(), 60, "the former owner has begun a turn");
    // Each message was stored once, and removed once.
    assert_eq!(scene.commits().await, 120);
    scene.history.check();
    kill_hard(owner).await;
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn an_acknowledged_message_of_a_killed_sender_is_handled() {
    let scene = Scene::new(&KEEPS).await;
    for _ in 0..3 {
        let before = scene.history.acknowledged().len();
        let sender = scene.start("send");
        eventually("messages are acknowledged", || {
            scene.history.acknowledged().len() >= before + 30
        })
        .await;
        kill_hard(sender).await;
        let (system, _broker) = scene.scribe(&scene.url()).await;
        while scene.waiting().await > 0 {
            tokio::task::yield_now().await;
        }
        system.shutdown().await;
        scene.history.check();
        scene.history.forget();
    }
}

#[support::test]
async fn a_message_that_kills_its_process_is_a_dead_letter_after_three_processes() {
    let scene = Scene::new(&KEEPS).await;
    let client = client(&scene.url()).await;
    let scribe = actor(&client, "scribe");
    let die = ScribeDie {
        sender: 1,
        number: 1,
        until: 9,
    };
    Call::new(scribe.clone(), die)
        .durable()
        .tell()
        .await
        .unwrap();
    let note = ScribeNote {
        sender: 1,
        number: 2,
    };
    Call::new(scribe, note).durable().tell().await.unwrap();
    for turn in 1..=3 {
        let mut owner = scene.start("serve");
        scene.begun(turn).await;
        assert!(!owner.wait().await.unwrap().success());
    }
    let owner = scene.start("serve");
    scene.begun(4).await;
    let begun = scene.history.begun();
    let attempts: Vec<_> = begun
        .iter()
        .map(|turn| (turn.number, turn.attempt))
        .collect();
    assert_eq!(attempts[..3], [(1, 1), (1, 2), (1, 3)]);
    assert_eq!(attempts[3].0, 2);
    let letters = client.dead_letters().list("scribe", 10).await.unwrap();
    assert_eq!((letters.len(), letters[0].attempts), (1, 3));
    kill_hard(owner).await;
    client.close().await;
}
