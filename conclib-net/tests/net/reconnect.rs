//! Server that ends, and is started again.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::time::Duration;

use crate::house::{House, Ponder, ask, bytes, doubles, request, soon, until};
use crate::warnings::Warnings;
use conclib::prelude::*;
use conclib::spi::Broker as _;
use conclib_net::{Address, AuthKey, Client, LocalBroker, OpenError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;

#[support::test]
async fn a_client_comes_back_by_itself_when_the_server_does() {
    let house = House::new();
    let client = {
        let _broker = house.open().await;
        house.client().await
    };
    for round in 1..=3 {
        until(|| !client.stats().connected).await;
        let _broker = house.open().await;
        // The ask waits for the connection.
        assert!(doubles(&client, round).await);
        assert_eq!(client.stats().reconnects, round);
    }
}

#[support::test]
async fn what_is_under_way_at_a_disconnect_may_have_run() {
    let mut house = House::new();
    let broker = house.open().await;
    let client = house.client().await;
    let asker = tokio::spawn({
        let client = client.clone();
        async move { ask(&client, Ponder { n: 1 }).await }
    });
    let _request = house.request().await;
    drop(broker);
    let error = soon(asker).await.unwrap().unwrap_err();
    assert!(
        matches!(
            error,
            AskError::Disconnected {
                delivery: Delivery::MayHaveRun,
                ..
            }
        ),
        "{error}"
    );

    let _broker = house.open().await;
    assert!(doubles(&client, 5).await);
    assert_eq!(client.stats().reconnects, 1);
}

#[support::test(start_paused = true)]
async fn an_ask_during_an_outage_ends_by_its_deadline_and_says_since_when_there_is_one() {
    let house = House::new();
    let broker = house.open().await;
    let client = house.client().await;
    broker.close().await;
    // The client begins to try.
    tokio::time::sleep(Duration::from_secs(20)).await;
    let short = Duration::from_millis(20);
    let ask = || Call::new(crate::house::desk(&client), Ponder { n: 1 }).timeout(short);
    let errors = [
        ask().await.unwrap_err(),
        crate::house::desk(&client)
            .ask_json("Ponder", &serde_json::json!({ "n": 1 }), short)
            .await
            .unwrap_err(),
        match ask().tell().await.unwrap_err() {
            TellError::Failed { error, .. } => error,
            error => panic!("{error}"),
        },
    ];
    for error in errors {
        assert_eq!(error.delivery(), Delivery::NotDelivered);
        let text = error.to_string();
        let AskError::Unreachable { outage, .. } = error else {
            panic!("{text}");
        };
        assert_eq!(outage.lasted.as_secs(), 20);
        let why = &*outage.why;
        assert!(why.contains("no server listens on"), "{why}");
        assert!(
            text.contains("no connection for 20.") && text.contains(why),
            "{text}"
        );
    }
    assert_eq!(client.stats().in_flight, 0);
}

#[support::test(start_paused = true)]
async fn a_server_that_comes_back_with_another_key_is_told_of_once_and_in_each_ask() {
    let warnings = Warnings::default();
    let _guard = support::subscribe(warnings.clone());
    let house = House::new();
    let open = |url: String, key: AuthKey| {
        let inlet = house.system.inlet();
        async move {
            let address = Address::parse(&url).unwrap();
            loop {
                match LocalBroker::open(&address, Some(key.clone()), inlet.clone()).await {
                    // A process that another test starts has the former socket until it runs its program.
                    Err(OpenError::InUse { .. }) => tokio::task::yield_now().await,
                    opened => break opened.unwrap(),
                }
            }
        }
    };
    let key = AuthKey::random().unwrap();
    let url = format!("tcp://127.0.0.1:{}", support::free_port());
    let broker = open(url.clone(), key.clone()).await;
    let address = Address::parse(&url).unwrap();
    let client = Client::connect(&address, Some(key)).await.unwrap();
    broker.close().await;
    drop(broker);
    let broker = open(url, AuthKey::random().unwrap()).await;
    while broker.stats().wrong_key < 5 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let ask = ask(&client, Ponder { n: 1 }).timeout(Duration::from_secs(3));
    let error = ask.await.unwrap_err();
    let AskError::Unreachable { outage, .. } = &error else {
        panic!("{error}");
    };
    assert!(outage.why.contains("has another authkey"), "{outage}");
    let warnings = warnings.lines();
    let of_the_key = |line: &&String| line.contains("has another authkey");
    assert_eq!(
        warnings.iter().filter(of_the_key).count(),
        1,
        "{warnings:#?}"
    );
}

#[support::test]
async fn what_has_not_left_at_a_disconnect_was_not_delivered() {
    let house = House::new();
    // The server does the handshake and then reads nothing, so a large request
    // stays in the client.
    let listener = UnixListener::bind(&house.path).unwrap();
    let (client, mut server) = tokio::join!(house.client(), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        crate::house::welcome(&mut stream).await;
        stream
    });
    let asker = |text: String| {
        let client = client.clone();
        tokio::spawn(async move {
            ask(&client, crate::house::DeskEcho { text })
                .await
                .unwrap_err()
                .delivery()
        })
    };
    let small = asker("x".into());
    until(|| client.stats().in_flight == 1).await;
    let large = asker("x".repeat(1024 * 1024 - 100));
    until(|| client.stats().in_flight == 2).await;
    // The small request arrives as a whole.
    server.read_exact(&mut [0; 20]).await.unwrap();
    drop(server);
    assert_eq!(soon(small).await.unwrap(), Delivery::MayHaveRun);
    assert_eq!(soon(large).await.unwrap(), Delivery::NotDelivered);
}

#[support::test]
async fn after_a_goodbye_answers_still_come_and_new_requests_go_to_the_next_server() {
    let mut house = House::new();
    let old = house.open().await;
    let client = house.client().await;
    let asker = tokio::spawn({
        let client = client.clone();
        async move { ask(&client, Ponder { n: 1 }).await }
    });
    let unanswered = house.request().await;
    old.refuse_new();
    assert!(!house.path.exists());
    until(|| !client.stats().connected).await;

    // The next server can start while the old one still sends answers.
    let new = house.open().await;
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { doubles(&client, 4).await }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    unanswered.respond(&7_u64).unwrap();
    assert_eq!(soon(asker).await.unwrap(), Ok(7));
    assert!(soon(waiting).await.unwrap());
    assert_eq!(new.stats().connections, 1);
    old.close().await;
    assert!(
        house.path.exists(),
        "the old one took the file of the new one along"
    );
}

#[support::test]
async fn a_request_that_crosses_the_goodbye_is_answered_and_not_delivered() {
    let mut house = House::new();
    let broker = house.open().await;
    let mut stream = house.raw().await;
    broker.refuse_new();
    assert_eq!(
        soon(crate::house::read_frame(&mut stream)).await.unwrap(),
        [4]
    );
    stream
        .write_all(&bytes(&request(1, "Ponder", b"{}")))
        .await
        .unwrap();
    let answer = soon(crate::house::read_frame(&mut stream)).await.unwrap();
    assert_eq!(answer[17], conclib::wire::ResponseKind::Failure.id());
    assert!(house.requests.try_recv().is_err());
}
