//! Dead letters: poison, forged, copied and unreadable messages.

use std::time::Duration;

use conclib::prelude::*;
use conclib_net::AuthKey;
use conclib_redis::{RedisBroker, RedisClient};

use super::super::raw::Reply;
use super::scribe::{ScribeFail, ScribeNote};
use super::{Scene, actor, client};

#[support::test]
async fn a_poison_message_among_a_thousand_is_a_dead_letter_and_the_others_are_handled_once() {
    let scene = Scene::new(&[]).await;
    let (system, _broker) = scene.scribe(&scene.url()).await;
    let client = client(&scene.url()).await;
    let tells = (1..=1_000).map(|number| {
        let scribe = actor(&client, "scribe");
        async move {
            if number == 500 {
                let fail = ScribeFail {
                    sender: 1,
                    number,
                    until: 5,
                };
                Call::new(scribe, fail).durable().tell().await.is_ok()
            } else {
                let note = ScribeNote { sender: 1, number };
                Call::new(scribe, note).durable().tell().await.is_ok()
            }
        }
    });
    // The first poll of each gives its message its place.
    let told = futures_util::future::join_all(tells).await;
    assert!(told.into_iter().all(|is_stored| is_stored));
    let last = ScribeNote {
        sender: 1,
        number: 1_001,
    };
    Call::new(actor(&client, "scribe"), last)
        .durable()
        .await
        .unwrap();
    assert_eq!(scene.history.check().again, 2);
    let begun = scene.history.begun();
    let poison: Vec<_> = begun.iter().filter(|turn| turn.number == 500).collect();
    assert_eq!(
        poison.iter().map(|turn| turn.attempt).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert_eq!(begun.len(), 1_003);

    let letters = client.dead_letters();
    let list = letters.list("scribe", 10).await.unwrap();
    assert_eq!(
        (list.len(), &*list[0].message, list[0].attempts),
        (1, "fail", 3)
    );
    assert!(letters.retry("scribe", &list[0].id).await.unwrap());
    let mut again = letters.list("scribe", 10).await.unwrap();
    while again.is_empty() {
        again = letters.list("scribe", 10).await.unwrap();
    }
    assert_eq!(scene.history.begun().len(), 1_006);
    assert!(letters.drop("scribe", &again[0].id).await.unwrap());
    assert_eq!(letters.list("scribe", 10).await.unwrap(), []);
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn of_10_000_dead_letters_the_oldest_is_dropped_for_one_more_and_counted() {
    let (log, _guard) = support::capture::capture_of("conclib::redis");
    let scene = Scene::new(&[]).await;
    let dead = scene.key("dead");
    let fill = "for i = 1, 9999 do redis.call('XADD', KEYS[1], i .. '-0', 'm', '') end";
    let mut raw = scene.server.raw().await;
    let filled = raw
        .command(&[b"EVAL", fill.as_bytes(), b"1", dead.as_bytes()])
        .await;
    assert_eq!(filled, Reply::Nothing);
    let (system, broker) = scene.scribe(&scene.url()).await;
    let client = client(&scene.url()).await;
    let letters = client.dead_letters();
    for (number, oldest, dropped) in [(1, "1-0", 0), (2, "2-0", 1)] {
        let fail = ScribeFail {
            sender: 1,
            number,
            until: 9,
        };
        let failed = Call::new(actor(&client, "scribe"), fail).durable().await;
        assert!(matches!(failed, Err(AskError::Panicked { .. })));
        assert_eq!(raw.run(&format!("XLEN {dead}")).await.integer(), 10_000);
        assert_eq!(&*letters.list("scribe", 1).await.unwrap()[0].id, oldest);
        assert_eq!(broker.stats().dropped_dead_letters, dropped);
    }
    let lines = log.lines().join("\n");
    assert!(lines.contains("dropped the oldest dead letter"), "{lines}");
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn unreadable_messages_are_dead_letters_and_stop_nothing() {
    let scene = Scene::new(&[]).await;
    let (system, broker) = scene.scribe(&scene.url()).await;
    let client = client(&scene.url()).await;
    let mail = scene.key("mail");
    let mut raw = scene.server.raw().await;
    let entries: [&[&[u8]]; 6] = [
        &[b"x", b"y"],
        &[b"s", b"me", b"n", b"1", b"m", b"garbage"],
        &[b"s", b"\xff\xfe", b"n", b"1e400", b"m", b"\xff"],
        &[b"s", b"", b"n", b"-1", b"m", b""],
        &[b"m", b"m", b"m", b"m", b"m", b"m"],
        &[b"n", b"99999999999999999999", b"s", b"s"],
    ];
    for fields in entries {
        let mut words: Vec<&[u8]> = vec![b"XADD", mail.as_bytes(), b"*"];
        words.extend(fields);
        assert!(matches!(raw.command(&words).await, Reply::Bytes(_)));
    }
    let note = ScribeNote {
        sender: 1,
        number: 1,
    };
    let ask = Call::new(actor(&client, "scribe"), note).durable();
    assert_eq!(ask.timeout(Duration::from_secs(30)).await.unwrap(), 1);
    assert_eq!(broker.stats().forged, 6);
    let letters = client.dead_letters();
    let list = letters.list("scribe", 10).await.unwrap();
    assert_eq!(list.len(), 6);
    // A letter that is tried again is a dead letter again.
    for letter in &list {
        assert!(letters.retry("scribe", &letter.id).await.unwrap());
    }
    let note = ScribeNote {
        sender: 1,
        number: 2,
    };
    let ask = Call::new(actor(&client, "scribe"), note).durable();
    assert_eq!(ask.timeout(Duration::from_secs(30)).await.unwrap(), 2);
    assert_eq!(letters.list("scribe", 10).await.unwrap().len(), 6);
    assert_eq!(scene.history.begun().len(), 2);
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn messages_that_the_key_has_not_signed_are_not_handled() {
    let scene = Scene::new(&[]).await;
    let key = || AuthKey::from_bytes([7; 32]).unwrap();
    let system = System::new("signed");
    let history = scene.history.clone();
    super::scribe::spawn(&system, move || super::scribe::Scribe::new(&history));
    let url = || scene.url().parse().unwrap();
    let broker = RedisBroker::open(url(), Some(key()), system.inlet())
        .await
        .unwrap();
    let good = RedisClient::connect(url(), Some(key())).await.unwrap();
    let bad = RedisClient::connect(url(), None).await.unwrap();
    let note = |client: &RedisClient, number| {
        Call::new(actor(client, "scribe"), ScribeNote { sender: 1, number }).durable()
    };
    for number in 1..=10 {
        note(&bad, number).tell().await.unwrap();
        assert_eq!(note(&good, number + 10).await.unwrap(), number + 10);
    }
    assert_eq!(scene.history.begun().len(), 10);
    assert!(scene.history.begun().iter().all(|turn| turn.number > 10));
    assert_eq!(broker.stats().forged, 10);
    good.close().await;
    bad.close().await;
    conclib::spi::Broker::close(&broker).await;
    system.shutdown().await;
}

#[support::test]
async fn a_copy_of_a_signed_message_that_was_handled_is_not_handled() {
    let scene = Scene::new(&[]).await;
    let key = || AuthKey::from_bytes([7; 32]).unwrap();
    let url = || scene.url().parse().unwrap();
    let client = RedisClient::connect(url(), Some(key())).await.unwrap();
    let note =
        |number| Call::new(actor(&client, "scribe"), ScribeNote { sender: 1, number }).durable();
    note(1).tell().await.unwrap();
    let mut raw = scene.server.raw().await;
    let stored = raw.run(&format!("XRANGE {} - +", scene.key("mail"))).await;
    let entry = stored.list().remove(0).list().remove(1).list().remove(1);
    let Reply::Bytes(message) = entry else {
        panic!("{entry:?}");
    };
    let system = System::new("signed");
    let history = scene.history.clone();
    super::scribe::spawn(&system, move || super::scribe::Scribe::new(&history));
    let broker = RedisBroker::open(url(), Some(key()), system.inlet())
        .await
        .unwrap();
    assert_eq!(note(2).await.unwrap(), 2);
    for _ in 0..10 {
        let mail = scene.key("mail");
        let words: [&[u8]; 5] = [b"XADD", mail.as_bytes(), b"*", b"m", &message];
        raw.command(&words).await;
    }
    assert_eq!(note(3).await.unwrap(), 3);
    let numbers: Vec<_> = scene
        .history
        .begun()
        .iter()
        .map(|turn| turn.number)
        .collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(broker.stats().stale, 10);
    client.close().await;
    conclib::spi::Broker::close(&broker).await;
    assert_eq!(scene.waiting().await, 0);
    system.shutdown().await;
}
