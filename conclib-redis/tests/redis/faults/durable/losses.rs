//! Data that the server loses: told, never silent.

use std::time::Duration;

use conclib::prelude::*;
use support::processes::eventually;

use super::load::{note, send};
use super::scribe::ScribeWait;
use super::{KEEPS, Scene, actor, client};

#[support::test]
async fn flushed_data_are_told_as_lost_to_both_ends_and_it_goes_on() {
    let scene = Scene::new(&[]).await;
    let (system, broker, open) = scene.gated(&scene.url()).await;
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
    for number in 2..=10 {
        note(&client, number).tell().await.unwrap();
    }
    eventually("the first turn begins", || scene.history.begun().len() == 1).await;
    assert_eq!(scene.server.text("FLUSHALL").await, "OK");
    // The sender notices a gap.
    note(&client, 11).tell().await.unwrap();
    assert_eq!(client.stats().lost, 10);
    open.send_replace(true);
    assert_eq!(note(&client, 12).await.unwrap(), 12);
    assert!(broker.stats().lost > 0, "the owner has told nothing");
    let begun = scene.history.begun();
    let newest: Vec<_> = begun.iter().rev().take(2).map(|turn| turn.number).collect();
    assert_eq!(newest, [12, 11]);
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn an_owner_alone_tells_of_flushed_data() {
    let scene = Scene::new(&[]).await;
    let (system, broker, open) = scene.gated(&scene.url()).await;
    let sender = client(&scene.url()).await;
    let wait = ScribeWait {
        sender: 1,
        number: 1,
    };
    Call::new(actor(&sender, "scribe"), wait)
        .durable()
        .tell()
        .await
        .unwrap();
    note(&sender, 2).tell().await.unwrap();
    eventually("the first turn begins", || scene.history.begun().len() == 1).await;
    sender.close().await;
    assert_eq!(scene.server.text("FLUSHALL").await, "OK");
    open.send_replace(true);
    eventually("the loss is told", || broker.stats().lost > 0).await;
    // Messages that come later are handled.
    let client = client(&scene.url()).await;
    assert_eq!(note(&client, 3).await.unwrap(), 3);
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn a_server_that_comes_back_without_its_data_is_told_as_a_loss() {
    let mut scene = Scene::new(&[]).await;
    let client = client(&scene.url()).await;
    // No system has the name yet, so that only the sender knows of its messages.
    for number in 1..=10 {
        note(&client, number).tell().await.unwrap();
    }
    scene.server.kill().await;
    scene.server.restart().await;
    eventually("the loss is told", || client.stats().lost == 10).await;
    let (system, broker) = scene.scribe(&scene.url()).await;
    assert_eq!(
        note(&client, 11)
            .timeout(super::super::PATIENCE)
            .await
            .unwrap(),
        11
    );
    assert_eq!((client.stats().lost, broker.stats().lost), (10, 0));
    assert_eq!(scene.history.begun().len(), 1);
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn scripts_that_the_server_forgets_are_sent_again() {
    let scene = Scene::new(&[]).await;
    let (system, broker) = scene.scribe(&scene.url()).await;
    let client = client(&scene.url()).await;
    for number in 1..=30 {
        if number % 10 == 0 {
            assert_eq!(scene.server.text("SCRIPT FLUSH").await, "OK");
        }
        assert_eq!(note(&client, number).await.unwrap(), number);
    }
    assert_eq!((client.stats().lost, broker.stats().lost), (0, 0));
    assert_eq!(scene.history.check().again, 0);
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn a_load_without_faults_tells_of_no_loss() {
    let scene = Scene::new(&[]).await;
    let (system, broker) = scene.scribe(&scene.url()).await;
    let client = client(&scene.url()).await;
    let sending = send(
        client.clone(),
        scene.history.clone(),
        1,
        3_000,
        256,
        super::super::PATIENCE,
    );
    sending.await;
    let counts = scene.history.check();
    assert_eq!((counts.done, counts.again), (3_000, 0));
    assert_eq!((client.stats().lost, broker.stats().lost), (0, 0));
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn a_full_memory_refuses_messages_and_lets_those_that_wait_be_handled() {
    let scene = Scene::new(&KEEPS).await;
    let client = client(&scene.url()).await;
    for number in 1..=20 {
        note(&client, number).tell().await.unwrap();
    }
    assert_eq!(scene.server.text("CONFIG SET maxmemory 1").await, "OK");
    let refused = note(&client, 21)
        .timeout(Duration::from_millis(500))
        .tell()
        .await;
    assert!(
        matches!(refused, Err(TellError::Failed { .. })),
        "{refused:?}"
    );
    assert_eq!(scene.waiting().await, 20);
    // An owner needs no more memory than it gives back.
    let (system, broker) = scene.scribe(&scene.url()).await;
    eventually("all are handled", || scene.history.begun().len() == 20).await;
    while scene.waiting().await > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(scene.server.text("CONFIG SET maxmemory 0").await, "OK");
    assert_eq!(note(&client, 22).await.unwrap(), 22);
    let numbers: Vec<_> = scene
        .history
        .begun()
        .iter()
        .map(|turn| turn.number)
        .collect();
    assert_eq!(numbers, (1..=20).chain([22]).collect::<Vec<_>>());
    assert_eq!((client.stats().lost, broker.stats().lost), (0, 0));
    client.close().await;
    system.shutdown().await;
}
