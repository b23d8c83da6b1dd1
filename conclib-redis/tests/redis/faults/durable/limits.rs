//! Bounds of mailboxes, of senders and of messages.

use std::time::Duration;

use conclib::prelude::*;
use futures_util::future::join_all;

use super::super::raw::Reply;
use super::scribe::{ScribeEcho, ScribeNote};
use super::{Scene, actor, client};

#[support::test]
async fn a_mailbox_of_100_000_messages_refuses_one_more() {
    let scene = Scene::new(&[]).await;
    let client = client(&scene.url()).await;
    let note = |number| {
        let note = ScribeNote { sender: 1, number };
        Call::new(actor(&client, "scribe"), note).durable()
    };
    note(1).tell().await.unwrap();
    let (mail, fill) = (
        scene.key("mail"),
        "for i = 1, tonumber(ARGV[1]) do redis.call('XADD', KEYS[1], '*', 'm', '') end",
    );
    let mut raw = scene.server.raw().await;
    let filled = raw
        .command(&[b"EVAL", fill.as_bytes(), b"1", mail.as_bytes(), b"99998"])
        .await;
    assert_eq!(filled, Reply::Nothing);
    note(2).tell().await.unwrap();
    for number in 3..=5 {
        let refused = note(number).tell().await;
        assert!(
            matches!(refused, Err(TellError::Full { .. })),
            "{refused:?}"
        );
        let refused = note(number).await;
        assert!(
            matches!(refused, Err(AskError::MailboxFull { .. })),
            "{refused:?}"
        );
    }
    assert_eq!(scene.waiting().await, 100_000);
    // Once there is room, later messages are stored.
    raw.run(&format!("XTRIM {mail} MAXLEN 1")).await;
    note(6).tell().await.unwrap();
    let (system, _broker) = scene.scribe(&scene.url()).await;
    assert_eq!(note(7).await.unwrap(), 7);
    let numbers: Vec<_> = scene
        .history
        .begun()
        .iter()
        .map(|turn| turn.number)
        .collect();
    assert_eq!(numbers, [2, 6, 7]);
    assert_eq!(client.stats().lost, 0);
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn messages_that_wait_for_the_server_are_limited_and_the_others_refused() {
    const WAITING: u64 = 16 * 1024;
    let scene = Scene::new(&[]).await;
    let client = client(&scene.url()).await;
    scene.server.freeze().await;
    let tells = (1..=WAITING + 100).map(|number| {
        let note = ScribeNote { sender: 1, number };
        let tell = Call::new(actor(&client, "scribe"), note).durable();
        tell.timeout(Duration::from_secs(50)).tell().into_future()
    });
    let sending = tokio::spawn(join_all(tells));
    tokio::task::yield_now().await;
    scene.server.thaw();
    let told = sending.await.unwrap();
    let stored = told.iter().filter(|told| told.is_ok()).count() as u64;
    let full =
        |told: &&Result<(), TellError<ScribeNote>>| matches!(told, Err(TellError::Full { .. }));
    let refused = told.iter().filter(full).count() as u64;
    assert_eq!(stored + refused, WAITING + 100, "another outcome");
    assert!((1..=100).contains(&refused), "{refused}");
    assert_eq!(scene.waiting().await as u64, stored);
    client.close().await;
}

#[support::test]
async fn bodies_of_a_mebibyte_are_stored_and_answered() {
    let scene = Scene::new(&[]).await;
    let (system, _broker) = scene.scribe(&scene.url()).await;
    let client = client(&scene.url()).await;
    let echoes = (0..2u8).map(|n| {
        let echo = ScribeEcho {
            bytes: vec![n; 1024 * 1024],
        };
        Call::new(actor(&client, "scribe"), echo)
            .durable()
            .timeout(super::super::PATIENCE)
            .into_future()
    });
    for (n, echo) in join_all(echoes).await.into_iter().enumerate() {
        assert!(echo.unwrap() == vec![n as u8; 1024 * 1024]);
    }
    client.close().await;
    system.shutdown().await;
}
