//! Answers to durable asks.

use std::time::Duration;

use conclib::prelude::*;
use support::processes::eventually;

use super::super::raw::Reply;
use super::scribe::{Scribe, ScribeNote, ScribeWait};
use super::{Scene, actor, client, serve};

#[support::test]
async fn an_answer_is_found_by_a_client_whose_connection_was_killed_meanwhile() {
    let scene = Scene::new(&[]).await;
    let (open, gate) = tokio::sync::watch::channel(false);
    let (system, history) = (System::new("gated"), scene.history.clone());
    super::scribe::spawn(&system, move || {
        let mut scribe = Scribe::new(&history);
        scribe.gate = Some(gate.clone());
        scribe
    });
    let broker = serve(&system, &scene.url()).await;
    let client = client(&scene.url()).await;
    for (number, command) in [
        (1, "CLIENT KILL TYPE pubsub"),
        (2, "CLIENT KILL TYPE pubsub SKIPME yes"),
        (3, "CLIENT KILL TYPE pubsub"),
    ] {
        open.send_replace(false);
        let wait = ScribeWait { sender: 1, number };
        let ask = Call::new(actor(&client, "scribe"), wait).durable();
        let ask = tokio::spawn(ask.timeout(Duration::from_secs(50)).into_future());
        eventually("the turn begins", || {
            scene.history.begun().len() as u64 == number
        })
        .await;
        let before = client.stats().reconnects + broker.stats().reconnects;
        assert_eq!(scene.server.run(command).await, Reply::Integer(2));
        // The turn ends while its asker is away.
        open.send_replace(true);
        assert_eq!(ask.await.unwrap().unwrap(), number);
        let now = || client.stats().reconnects + broker.stats().reconnects;
        eventually("both connect again", || now() >= before + 2).await;
    }
    assert_eq!(scene.history.begun().len(), 3, "a turn came again");
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn answers_that_were_taken_or_came_too_late_do_not_stay_in_the_server() {
    let scene = Scene::new(&[]).await;
    let (system, _broker) = scene.scribe(&scene.url()).await;
    let client = client(&scene.url()).await;
    let ask = |number| {
        let note = ScribeNote { sender: 1, number };
        Call::new(actor(&client, "scribe"), note).durable()
    };
    ask(1).await.unwrap();
    let kept = async || {
        let keys = scene.keys().await;
        let answers = keys.iter().find(|key| key.contains(":answers:")).cloned();
        match answers {
            Some(key) => scene.server.run(&format!("HLEN {key}")).await.integer(),
            None => 0,
        }
    };
    let settled = async || {
        while kept().await > 0 {
            tokio::task::yield_now().await;
        }
        scene.keys().await
    };
    let before = settled().await;
    let asks = (2..=1_001).map(|number| ask(number).into_future());
    for answer in futures_util::future::join_all(asks).await {
        answer.unwrap();
    }
    assert_eq!(settled().await, before);
    // Askers that do not wait.
    for number in 1_002..=1_020 {
        let late = ask(number).timeout(Duration::from_millis(1)).await;
        assert!(late.is_err() || late == Ok(number));
    }
    ask(1_021).await.unwrap();
    assert_eq!(settled().await, before);
    client.close().await;
    let kept = scene.keys().await;
    assert!(
        kept.iter()
            .all(|key| key.ends_with(":mail") || key.ends_with(":meta")),
        "{kept:?}"
    );
    system.shutdown().await;
    assert_eq!(scene.keys().await, [scene.key("meta")]);
    let left = scene
        .server
        .run(&format!("PTTL {}", scene.key("meta")))
        .await;
    assert!(
        left.integer() > 0,
        "the counts of an empty mailbox stay for ever"
    );
}
