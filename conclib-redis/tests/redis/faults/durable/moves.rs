//! Actors that stop, move to another proxy, and systems that end.

use std::time::{Duration, Instant};

use conclib::prelude::*;
use support::processes::eventually;

use super::scribe::{Scribe, ScribeNote, ScribeWait};
use super::{KEEPS, Scene, actor, client, serve};

#[support::test]
async fn an_actor_that_moves_to_another_proxy_takes_its_messages_along() {
    let scene = Scene::new(&[]).await;
    let client = client(&scene.url()).await;
    let note = |number| {
        let note = ScribeNote { sender: 1, number };
        Call::new(actor(&client, "scribe"), note).durable()
    };
    let systems = [System::new("first"), System::new("second")];
    let mut brokers = Vec::new();
    for system in &systems {
        brokers.push(serve(system, &scene.url()).await);
    }
    let mut number = 0;
    for turn in 0..6 {
        let scribe = systems[turn % 2]
            .spawn(Scribe::new(&scene.history))
            .unwrap();
        for _ in 0..20 {
            number += 1;
            note(number).tell().await.unwrap();
        }
        number += 1;
        let begun = Instant::now();
        assert_eq!(
            note(number).timeout(super::super::PATIENCE).await.unwrap(),
            number
        );
        assert!(
            begun.elapsed() < Duration::from_secs(4),
            "{:?}",
            begun.elapsed()
        );
        scribe.stop().await;
    }
    assert_eq!(scene.history.check().again, 0);
    assert_eq!(scene.history.begun().len() as u64, number);
    for broker in &brokers {
        assert_eq!(broker.stats().lost, 0);
    }
    client.close().await;
    for system in systems {
        system.shutdown().await;
    }
}

#[support::test]
async fn a_turn_that_its_proxy_gives_up_counts_as_an_attempt_and_those_behind_it_do_not() {
    let scene = Scene::new(&[]).await;
    let (_open, gate) = tokio::sync::watch::channel(false);
    let (system, history) = (System::new("gated"), scene.history.clone());
    super::scribe::spawn(&system, move || {
        let mut scribe = Scribe::new(&history);
        scribe.gate = Some(gate.clone());
        scribe
    });
    let broker = serve(&system, &scene.url()).await;
    let client = client(&scene.url()).await;
    let wait = ScribeWait {
        sender: 1,
        number: 1,
    };
    let wait = Call::new(actor(&client, "scribe"), wait).durable();
    wait.tell().await.unwrap();
    for number in 2..=3 {
        let note = ScribeNote { sender: 1, number };
        let note = Call::new(actor(&client, "scribe"), note).durable();
        note.tell().await.unwrap();
    }
    let history = &scene.history;
    eventually("the first turn begins", || history.begun().len() == 1).await;
    conclib::spi::Broker::close(&*broker).await;
    let (other, _broker) = scene.scribe(&scene.url()).await;
    eventually("all are handled", || history.begun().len() == 4).await;
    let begun = history.begun();
    let begun: Vec<_> = begun
        .iter()
        .map(|turn| (turn.number, turn.attempt))
        .collect();
    assert_eq!(begun, [(1, 1), (1, 2), (2, 1), (3, 1)]);
    client.close().await;
    other.shutdown().await;
}

#[support::test]
async fn a_system_ends_also_while_the_server_is_gone() {
    let mut scene = Scene::new(&KEEPS).await;
    let (system, _broker) = scene.scribe(&scene.url()).await;
    let client = client(&scene.url()).await;
    let note = ScribeNote {
        sender: 1,
        number: 1,
    };
    Call::new(actor(&client, "scribe"), note)
        .durable()
        .await
        .unwrap();
    scene.server.kill().await;
    eventually("the connection is lost", || {
        client.outlet().outage().is_some()
    })
    .await;
    let begun = Instant::now();
    client.close().await;
    system.shutdown().await;
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
}
