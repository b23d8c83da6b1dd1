//! A server that goes away, and comes back.

use std::time::Duration;

use crate::house::{House, Ponder, ask, bytes, doubles, request, soon, until};
use conclib::prelude::*;
use conclib::wire::Broker as _;
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

#[support::test]
async fn an_ask_during_an_outage_ends_by_its_deadline() {
    let house = House::new();
    let broker = house.open().await;
    let client = house.client().await;
    broker.close().await;
    until(|| !client.stats().connected).await;
    let error = ask(&client, Ponder { n: 1 })
        .timeout(Duration::from_millis(20))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            AskError::Deadline {
                delivery: Delivery::NotDelivered,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(client.stats().in_flight, 0);
}

#[support::test]
async fn what_has_not_left_at_a_disconnect_was_not_delivered() {
    let house = House::new();
    // A server that lets in and then reads nothing: what is large stays here.
    let listener = UnixListener::bind(&house.path).unwrap();
    let (client, mut server) = tokio::join!(house.client(), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let hello = crate::house::read_message(&mut stream).await.unwrap();
        let mut answer = hello.clone();
        answer[2] = crate::house::SERVER_HELLO;
        stream.write_all(&answer).await.unwrap();
        stream
            .write_all(&[0, 1, crate::house::WELCOME])
            .await
            .unwrap();
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
    // The small one is there as a whole.
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

    // The next one can start while the old one still has something to say.
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
    assert_eq!(answer[17], conclib::wire::ResponseKind::Failure as u8);
    assert!(house.requests.try_recv().is_err());
}
