//! References and control requests that a hostile peer makes up, in JSON.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::time::Duration;

use conclib::prelude::*;
use conclib::spi::{MAX_CONTROL_WAITS, MAX_REFERENCES, NodeId};
use serde_json::{Value, json};
use support::until;

use crate::far_pair::{Way, on_every_way, pair};
use crate::far_references::{PublisherCalls, Reader};
use crate::memory::MAX_EXPORTS;

on_every_way! {
    a_key_that_was_not_exported_is_refused,
    an_address_in_a_reference_is_not_connected_to,
    a_reference_to_an_actor_of_another_type_is_refused,
    a_body_has_a_limited_number_of_references,
    a_link_keeps_a_limited_number_of_actors,
    a_guessed_key_permits_neither_an_end_nor_a_look,
    the_number_of_waits_is_limited,
    a_reference_in_json,
}

/// Reference as a peer writes it.
fn reference(urn: &str, node: NodeId, key: u64, weak: bool) -> Value {
    let node = node.to_string();
    let home = json!({"node": node, "url": "tcp://192.0.2.1:1", "key": key});
    json!({"urn": urn, "home": home, "weak": weak})
}

async fn a_key_that_was_not_exported_is_refused(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    let made_up = reference("reader", at.home.node(), 7, false);
    let body = json!({ "reader": made_up });
    let refused = at.ask_json("publisher", "subscribe", body).await;
    let text = refused.unwrap_err().to_string();
    assert!(
        text.contains("was not exported over this connection"),
        "{text}"
    );
    assert!(at.far.readers().await?.is_empty());
    Ok(())
}

async fn an_address_in_a_reference_is_not_connected_to(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    let nobody = TcpListener::bind("127.0.0.1:0")?;
    nobody.set_nonblocking(true)?;
    let url = format!("tcp://{}", nobody.local_addr()?);
    // A key of a strong reference is looked for before its address.
    for (weak, key) in [(false, 0), (true, 0), (true, 1)] {
        let mut made_up = reference("reader", NodeId::random(), key, weak);
        made_up["home"]["url"] = json!(url);
        let body = json!({ "reader": made_up });
        let name = if weak {
            "subscribe_weakly"
        } else {
            "subscribe"
        };
        let refused = at.ask_json("publisher", name, body).await;
        let text = refused.unwrap_err().to_string();
        assert!(
            text.contains("there is no connection to the system"),
            "{text}"
        );
        let connected = nobody.accept().map(drop);
        assert_eq!(connected.unwrap_err().kind(), ErrorKind::WouldBlock);
    }
    Ok(())
}

async fn a_reference_to_an_actor_of_another_type_is_refused(
    way: impl Into<Way>,
) -> conclib::Result {
    let at = pair(way).await?;
    let body = json!({"reader": reference("publisher", at.away.node(), 0, false)});
    let refused = at.ask_json("publisher", "subscribe", body).await;
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("does not handle the messages"), "{text}");

    let body = json!({"recipient": reference("publisher", at.away.node(), 0, false)});
    let refused = at.ask_json("publisher", "subscribe_recipient", body).await;
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("does not handle the messages"), "{text}");

    let body = json!({"reader": reference("publisher", at.away.node(), 0, true)});
    let refused = at.ask_json("publisher", "subscribe", body).await;
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("of the other kind"), "{text}");
    Ok(())
}

async fn a_body_has_a_limited_number_of_references(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    let one = reference("none", at.away.node(), 0, false);
    for (count, accepted) in [(MAX_REFERENCES, true), (MAX_REFERENCES + 1, false)] {
        let body = json!({"one": null, "more": vec![one.clone(); count], "pairs": []});
        let answer = at.ask_json("publisher", "Lists", body).await;
        assert_eq!(answer.is_ok(), accepted, "{answer:?}");
    }
    Ok(())
}

async fn a_link_keeps_a_limited_number_of_actors(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    let reader = at.home.spawn(Reader::default())?;
    for _ in 0..MAX_EXPORTS {
        at.far.subscribe(reader.clone()).await?;
    }
    let refused = at.far.subscribe(reader.clone()).await.unwrap_err();
    assert!(
        refused.to_string().contains("more than 100 references"),
        "{refused}"
    );
    at.far.clear().await?;
    until(|| at.kept() == 0).await;
    at.far.subscribe(reader.clone()).await?;
    Ok(())
}

async fn a_guessed_key_permits_neither_an_end_nor_a_look(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    // The peer holds a reference to another actor, whose key is known.
    let _reader = at.far.hire().await?;
    for key in 0..10 {
        for request in ["stop", "stop-now", "kill", "snapshot"] {
            let request = format!("conclib:{request}");
            let refused = at.ask_json("publisher", &request, json!(key)).await;
            assert!(
                matches!(refused, Err(AskError::NotPermitted { .. })),
                "{refused:?}"
            );
        }
    }
    let state = at
        .ask_json("publisher", "conclib:state", json!(null))
        .await?;
    assert_eq!(state, "Running");
    let unknown = at.ask_json("publisher", "conclib:later", json!(null)).await;
    assert!(
        matches!(unknown, Err(AskError::NoSuchMessage { .. })),
        "{unknown:?}"
    );
    let malformed = at.ask_json("publisher", "conclib:state", json!("x")).await;
    assert!(
        matches!(malformed, Err(AskError::Codec { .. })),
        "{malformed:?}"
    );
    Ok(())
}

async fn the_number_of_waits_is_limited(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    let mut waits = Vec::new();
    for _ in 0..MAX_CONTROL_WAITS {
        let far = at.far.clone();
        waits.push(tokio::spawn(async move { far.stopped().await }));
    }
    until(|| at.pending() == MAX_CONTROL_WAITS).await;
    tokio::time::timeout(Duration::from_secs(60), async {
        let refused = at
            .ask_json("publisher", "conclib:stopped", json!(null))
            .await;
        assert!(
            matches!(refused, Err(AskError::MailboxFull { .. })),
            "{refused:?}"
        );
    })
    .await?;
    waits.iter().for_each(|wait| wait.abort());
    until(|| at.pending() == 0).await;
    at.publisher.kill().await;
    let refused = at
        .ask_json("publisher", "conclib:stopped", json!(null))
        .await;
    assert!(
        matches!(refused, Err(AskError::NoSuchActor { .. })),
        "{refused:?}"
    );
    Ok(())
}

async fn a_reference_in_json(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    let reader = at.home.actor(Reader::default()).urn("reader").spawn()?;
    let body = json!({"reader": reference("reader", at.home.node(), 0, true)});
    at.ask_json("publisher", "subscribe_weakly", body).await?;
    assert_eq!(at.far.publish("in json".into()).await?, 1);
    let answer = at.ask_json("publisher", "me", json!({})).await?;
    assert_eq!(answer["urn"], "publisher");
    assert_eq!(answer["home"]["node"], at.away.node().to_string());
    assert_eq!(answer["weak"], false);
    // The peer did not decode the reference, so nothing is kept.
    until(|| at.kept_away() == 0).await;
    drop(reader);
    Ok(())
}
