//! Actors of the original package, asked by this process.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use conclib::prelude::*;
use conclib_core::Items;
use conclib_core::wire::{Outlet as _, Remote};
use conclib_process::OwnedChild;
use tokio::task::JoinSet;

use super::server::Server;
use super::{Channels, Double, Doubled, Empty, Line, Order, Place, ask, peer};

/// Starts the actors, and waits until their proxy listens.
async fn actors(channels: &Channels) -> OwnedChild {
    let actors = peer::start("actor.py", channels, &[]);
    channels
        .server
        .until_subscribers(&channels.inbound, 1)
        .await;
    actors
}

/// Number of told messages, as the Python actor counts them.
#[message(name = "Empty", reply = Told)]
struct HowMany {}

#[message]
struct Told {
    value: u64,
}

#[message(name = "Double", reply = Other)]
struct WithOtherReply {
    number: i64,
}

#[message]
#[derive(Debug)]
struct Other {
    text: String,
}

#[message]
struct Pair(u64, u64);

#[message(reply = Items<u64>)]
struct Count {}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_asks_at_once_get_their_own_answers() {
    let channels = Channels::at(Server::start().into());
    let _actors = actors(&channels).await;
    let client = channels.connect().await;
    let patterns = async || channels.server.command(&["PUBSUB", "NUMPAT"]).await;
    let mut asks = JoinSet::new();
    for number in 0..2000 {
        let client = client.clone();
        asks.spawn(async move {
            let Doubled { number: double } =
                ask(&client, "doubler", Double { number }).await.unwrap();
            assert_eq!(double, 2 * number);
        });
    }
    while let Some(asked) = asks.join_next().await {
        asked.unwrap();
        if asks.len() % 500 == 0 {
            assert_eq!(patterns().await, ["1"]);
        }
    }
    client.close().await;
    while patterns().await != ["0"] {
        tokio::task::yield_now().await;
    }
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn structs_arrive_as_models_and_models_as_structs() {
    let channels = Channels::new();
    let _actors = actors(&channels).await;
    let client = channels.connect().await;
    let lines = vec![
        Line {
            article: "tea".into(),
            count: 3,
        },
        Line {
            article: "cup".into(),
            count: 1,
        },
    ];
    let place = |lines: &[Line], note: Option<&str>| Place {
        customer: "Ada".into(),
        lines: lines.to_vec(),
        note: note.map(Into::into),
        placed: "2026-11-22T10:30:00Z".into(),
        weights: HashMap::from([("tea".into(), 0.25)]),
        express: true,
    };
    for (lines, note) in [(&*lines, None), (&[][..], Some("soon"))] {
        let order = ask(&client, "shop", place(lines, note)).await.unwrap();
        let expected = Order {
            number: 8,
            placed: "2026-11-22T10:30:00Z".into(),
            lines: lines.to_vec(),
            note: note.map(Into::into),
            first: lines.first().cloned(),
        };
        assert_eq!(order, expected);
    }
    ask(&client, "shop", Empty).await.unwrap();
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_told_message_is_queued_once_it_is_published() {
    let channels = Channels::new();
    let _actors = actors(&channels).await;
    let client = channels.connect().await;
    for number in -10..0 {
        ask(&client, "doubler", Double { number })
            .tell()
            .await
            .unwrap();
    }
    assert_eq!(ask(&client, "doubler", HowMany {}).await.unwrap().value, 10);
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ask_without_a_listener_fails_at_once() {
    let channels = Channels::new();
    let client = channels.connect().await;
    let began = Instant::now();
    let error = ask(&client, "doubler", Double { number: 1 })
        .await
        .unwrap_err();
    assert!(matches!(error, AskError::NoProxy { .. }), "{error}");
    let told = ask(&client, "doubler", Double { number: 1 }).tell().await;
    let Err(TellError::Failed { error, message }) = told else {
        panic!("{told:?}");
    };
    assert!(matches!(error, AskError::NoProxy { .. }), "{error}");
    assert_eq!(message.number, 1);
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_actor_that_raises_ends_the_ask_at_its_deadline() {
    let channels = Channels::new();
    let _actors = actors(&channels).await;
    let client = channels.connect().await;
    let asked = ask(
        &client,
        "doubler",
        Line {
            article: "tea".into(),
            count: 1,
        },
    );
    let error = asked.timeout(Duration::from_millis(300)).await.unwrap_err();
    assert!(matches!(error, AskError::Deadline { .. }), "{error}");
    // The error has ended the other actor, not this one.
    ask(&client, "shop", Empty).await.unwrap();
    assert!(client.outage().is_none());
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_does_not_fit_is_a_typed_error() {
    let channels = Channels::new();
    let _actors = actors(&channels).await;
    let client = channels.connect().await;
    let error = ask(&client, "doubler", WithOtherReply { number: 1 })
        .await
        .unwrap_err();
    assert!(matches!(error, AskError::Codec { .. }), "{error}");
}

#[support::test]
async fn requests_that_python_does_not_know_are_refused_before_they_are_sent() {
    let channels = Channels::new();
    let client = channels.connect().await;
    let durable = ask(&client, "doubler", Double { number: 1 })
        .durable()
        .await
        .unwrap_err();
    let pair = ask(&client, "doubler", Pair(1, 2)).await.unwrap_err();
    let stream = ask(&client, "doubler", Count {}).await.unwrap_err();
    for error in [durable.to_string(), pair.to_string(), stream.to_string()] {
        assert!(
            error.contains("at most once")
                || error.contains("named fields")
                || error.contains("no streams"),
            "{error}"
        );
    }
    assert!(matches!(
        pair,
        AskError::Unsupported {
            delivery: Delivery::NotDelivered,
            ..
        }
    ));
    assert!(matches!(
        stream,
        AskError::Unsupported {
            delivery: Delivery::NotDelivered,
            ..
        }
    ));
    let outlet: std::sync::Arc<dyn conclib_core::wire::Outlet> = client.clone();
    let remote = Remote::new(outlet, Urn::new("doubler"));
    let error = remote
        .ask_json("Double", &serde_json::json!([1]), Duration::from_secs(5))
        .await;
    assert!(
        matches!(error, Err(AskError::Unsupported { .. })),
        "{error:?}"
    );
}
