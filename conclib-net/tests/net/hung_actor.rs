//! Actor that answers nothing, and other actors behind the same connection.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::time::Duration;

use crate::house::{House, PATIENCE, Ponder, ask, bytes, read_frame, soon, until};
use conclib::prelude::*;
use conclib::spi::Remote;
use conclib::wire::{Codec, DeliveryClass, Envelope, Frame, RequestId, ResponseKind, Wants};
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::task::JoinSet;

/// Second actor, which is never busy.
#[actor(urn = "bell")]
struct Bell;

#[actor]
impl Bell {
    #[message]
    fn ring(&mut self, n: u64) -> u64 {
        n
    }
}

fn request<'a>(id: u128, to: &'a str, message: &'a str, timeout: Duration) -> Frame<'a> {
    Frame::Request(Envelope {
        id: RequestId::from_u128(id),
        to,
        message,
        timeout,
        trace: "",
        codec: Codec::Json,
        fingerprint: 0,
        wants: Wants::Reply,
        class: DeliveryClass::AtMostOnce,
        attempt: 1,
        priority: None,
        chain: &[],
        body: br#"{"n":7}"#,
    })
}

/// Request that the desk keeps, unanswered.
fn ponder(id: u128) -> Frame<'static> {
    request(id, "desk", "Ponder", PATIENCE)
}

async fn send(stream: &mut UnixStream, frame: &Frame<'_>) {
    soon(stream.write_all(&bytes(frame))).await.unwrap();
}

/// Asks the bell, and counts the failures that come before its answer.
async fn failures_until_the_bell_answers(stream: &mut UnixStream) -> usize {
    let ring = bytes(&request(u128::MAX, "bell", "ring", PATIENCE));
    soon(stream.write_all(&ring)).await.unwrap();
    let mut failures = 0;
    loop {
        let frame = soon(read_frame(stream)).await.unwrap();
        match Frame::decode(&frame).unwrap() {
            Frame::Response(answer) if answer.id == RequestId::from_u128(u128::MAX) => {
                assert_eq!((answer.kind, answer.body), (ResponseKind::Reply, &b"7"[..]));
                return failures;
            }
            Frame::Response(answer) => {
                assert_eq!(answer.kind, ResponseKind::Failure);
                failures += 1;
            }
            frame => panic!("{frame:?}"),
        }
    }
}

#[support::test(start_paused = true)]
async fn a_request_whose_deadline_has_passed_is_answered_and_leaves_its_place_to_others() {
    let mut house = House::new();
    house.system.spawn(Bell).unwrap();
    let _broker = house.open().await;
    let mut stream = house.raw().await;
    for id in 0..256 {
        let short = request(id, "desk", "Ponder", Duration::from_secs(1));
        send(&mut stream, &short).await;
    }
    let mut asked = Vec::new();
    for _ in 0..256 {
        asked.push(house.request().await);
    }
    // The peer sends no cancellation, and the server ends the requests all the
    // same.
    for _ in 0..256 {
        let frame = soon(read_frame(&mut stream)).await.unwrap();
        let Ok(Frame::Response(answer)) = Frame::decode(&frame) else {
            panic!("{frame:?}");
        };
        assert_eq!(answer.kind, ResponseKind::Failure);
    }
    send(&mut stream, &ponder(256)).await;
    let next = house.request().await;
    // Answers that come too late are not sent: the next one is that of the bell.
    for late in asked {
        late.respond(&1_u64).unwrap();
    }
    assert_eq!(failures_until_the_bell_answers(&mut stream).await, 0);
    drop(next);
}

#[support::test]
async fn one_actor_has_a_quarter_of_the_places_and_refuses_more_at_once() {
    let mut house = House::new();
    house.system.spawn(Bell).unwrap();
    let _broker = house.open().await;
    let mut stream = house.raw().await;
    for id in 0..2000 {
        send(&mut stream, &ponder(id)).await;
    }
    let refused = failures_until_the_bell_answers(&mut stream).await;
    assert_eq!(refused, 2000 - 256);
    // An answer makes room for one more.
    house.request().await.respond(&1_u64).unwrap();
    soon(read_frame(&mut stream)).await.unwrap();
    for id in 3000..3002 {
        send(&mut stream, &ponder(id)).await;
    }
    assert_eq!(failures_until_the_bell_answers(&mut stream).await, 1);
}

#[support::test]
async fn requests_that_were_cancelled_leave_their_places_to_others_and_are_bounded() {
    let mut house = House::new();
    house.system.spawn(Bell).unwrap();
    let _broker = house.open().await;
    let mut stream = house.raw().await;
    let mut held = Vec::new();
    for id in 0..1024 {
        send(&mut stream, &ponder(id)).await;
        // The handler has put the request aside before it is cancelled.
        held.push(house.request().await);
        let cancel = Frame::Cancel(RequestId::from_u128(id));
        send(&mut stream, &cancel).await;
    }
    assert_eq!(failures_until_the_bell_answers(&mut stream).await, 0);
    for id in 2000..2100 {
        send(&mut stream, &ponder(id)).await;
    }
    assert_eq!(failures_until_the_bell_answers(&mut stream).await, 100);
    assert!(house.requests.try_recv().is_err());
    // Requests that the desk lets go make room for the next ones.
    held.truncate(1000);
    for id in 3000..3024 {
        send(&mut stream, &ponder(id)).await;
        held.push(house.request().await);
    }
}

#[support::test]
async fn a_client_that_closed_is_seen_at_once_whatever_is_under_way() {
    let mut house = House::new();
    house.system.spawn(Bell).unwrap();
    let broker = house.open().await;
    let mut stream = house.raw().await;
    let actors: Vec<_> = (0..16).map(|n| format!("desk-{n}")).collect();
    let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
    for name in &actors {
        let requests = sender.clone();
        let desk = house.system.actor(crate::house::Desk { requests });
        desk.urn(name.as_str()).spawn().unwrap();
    }
    // Largest number of requests for one client.
    let mut id = 0;
    for name in &actors {
        for _ in 0..1024 / actors.len() {
            id += 1;
            let frame = request(id, name, "Ponder", PATIENCE);
            send(&mut stream, &frame).await;
        }
    }
    let mut asked = Vec::new();
    while asked.len() < 600 {
        asked.push(soon(seen.recv()).await.unwrap());
    }
    drop(stream);
    until(|| broker.stats().connections == 0).await;
    assert!(house.requests.try_recv().is_err());
}

#[support::test]
async fn one_slow_actor_does_not_hold_up_the_asks_of_its_client_to_others() {
    let mut house = House::new();
    house.system.spawn(Bell).unwrap();
    let _broker = house.open().await;
    let client = house.client().await;
    let mut slow = JoinSet::new();
    for n in 0..1500 {
        slow.spawn(ask(&client, Ponder { n }).into_future());
    }
    until(|| client.stats().in_flight == 256).await;
    let mut asked = Vec::new();
    for _ in 0..256 {
        asked.push(house.request().await);
    }
    let bell = Remote::new(client.clone(), Urn::new("bell"));
    let rung = Call::new(bell, BellRing { n: 3 }).timeout(PATIENCE);
    assert_eq!(rung.await, Ok(3));
    assert_eq!(client.stats().in_flight, 256);

    // Each answer lets one more of them go.
    for request in asked {
        request.respond(&1_u64).unwrap();
    }
    for _ in 256..1500 {
        house.request().await.respond(&1_u64).unwrap();
    }
    while let Some(asker) = soon(slow.join_next()).await {
        assert_eq!(asker.unwrap(), Ok(1));
    }
    assert_eq!(client.stats().in_flight, 0);
}
