//! Tests with small limits.

mod flood;

use std::sync::Arc;

use conclib::System;
use conclib::prelude::*;
use conclib::spi::{Failure, Outlet, Remote};
use conclib::wire::{DeliveryClass, Frame, ResponseKind, Wants};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::LocalBroker;
use super::limits::BrokerLimits;
use crate::{Address, Client, ConnectError, LinkLimits};

#[actor(urn = "desk")]
struct Desk;

#[actor]
impl Desk {
    #[message]
    fn fill(&mut self, len: usize) -> String {
        "x".repeat(len)
    }
}

struct House {
    _system: System,
    broker: LocalBroker,
    address: Address,
    directory: TempDir,
}

impl House {
    async fn with(limits: BrokerLimits) -> Self {
        let system = System::new("test");
        system.spawn(Desk).unwrap();
        let directory = TempDir::new().unwrap();
        let address = Address::unix(directory.path().join("app.sock")).unwrap();
        let broker = LocalBroker::open_with(&address, None, system.inlet(), limits)
            .await
            .unwrap();
        Self {
            _system: system,
            broker,
            address,
            directory,
        }
    }

    async fn client(&self) -> Result<Arc<Client>, ConnectError> {
        Client::connect(&self.address, None).await
    }

    async fn stream(&self) -> UnixStream {
        UnixStream::connect(self.directory.path().join("app.sock"))
            .await
            .unwrap()
    }
}

fn with_link(change: impl FnOnce(&mut LinkLimits)) -> BrokerLimits {
    let mut limits = BrokerLimits::default();
    change(&mut limits.link);
    limits
}

async fn is_served(client: &Arc<Client>) -> bool {
    let desk = Remote::new(client.clone() as Arc<dyn Outlet>, Urn::new("desk"));
    Call::new(desk, DeskFill { len: 3 }).await.as_deref() == Ok("xxx")
}

#[support::test]
async fn one_connection_too_many_is_refused_and_the_others_stay() {
    let house = House::with(BrokerLimits {
        connections: 2,
        ..BrokerLimits::default()
    })
    .await;
    let clients = [house.client().await.unwrap(), house.client().await.unwrap()];
    let error = house.client().await.unwrap_err();
    assert!(matches!(error, ConnectError::Full { .. }), "{error}");
    assert!(is_served(&clients[0]).await && is_served(&clients[1]).await);

    clients[0].close().await;
    while house.broker.stats().connections == 2 {
        tokio::task::yield_now().await;
    }
    assert!(is_served(&house.client().await.unwrap()).await);
}

#[support::test]
async fn one_handshake_too_many_ends_one_that_says_nothing() {
    let house = House::with(BrokerLimits {
        handshakes: 3,
        ..BrokerLimits::default()
    })
    .await;
    let mut idle = Vec::new();
    for _ in 0..10 {
        idle.push(house.stream().await);
        // A good client is accepted at once all the same.
        assert!(is_served(&house.client().await.unwrap()).await);
    }
    while house.broker.stats().turned_away < 8 {
        tokio::task::yield_now().await;
    }
    let mut told = 0;
    for stream in &mut idle {
        let mut refusal = [0; 6];
        match stream.try_read(&mut refusal) {
            // Reads a message of four bytes: a refusal with its reason.
            Ok(_) => told += usize::from(refusal[..4] == [0, 4, 5, 7]),
            // The remaining handshakes still work.
            Err(_) => drop(crate::handshake::greet(stream, None, false).await.unwrap()),
        }
    }
    assert_eq!(told, 8);
}

/// Connects, asks for `len` bytes so many times, and reads nothing.
async fn ask_and_do_not_read(house: &House, times: u128, len: usize) -> UnixStream {
    let mut stream = house.stream().await;
    crate::handshake::greet(&mut stream, None, false)
        .await
        .unwrap();
    let mut bytes = Vec::new();
    let body = format!(r#"{{"len":{len}}}"#);
    for id in 0..times {
        let envelope = conclib::wire::Envelope {
            id: conclib::wire::RequestId::from_u128(id),
            to: "desk",
            message: "fill",
            timeout: std::time::Duration::from_secs(60),
            trace: "",
            codec: conclib::wire::Codec::Json,
            fingerprint: 0,
            wants: Wants::Reply,
            class: DeliveryClass::AtMostOnce,
            attempt: 1,
            priority: None,
            chain: &[],
            body: body.as_bytes(),
        };
        Frame::Request(envelope).encode(&mut bytes).unwrap();
    }
    stream.write_all(&bytes).await.unwrap();
    stream
}

/// Reads the next frame after the hello.
async fn next_frame(stream: &mut UnixStream) -> Vec<u8> {
    loop {
        let len = stream.read_u32().await.unwrap() as usize;
        let mut frame = vec![0; len];
        stream.read_exact(&mut frame).await.unwrap();
        if !matches!(Frame::decode(&frame), Ok(Frame::Hello { .. })) {
            return frame;
        }
    }
}

#[support::test]
async fn answers_for_which_there_is_no_room_are_replaced_by_a_failure() {
    let limits = with_link(|link| {
        link.waiting = usize::MAX;
        link.stalled = 1024 * 1024;
    });
    let house = House::with(limits).await;
    let mut deaf = ask_and_do_not_read(&house, 100, 100_000).await;
    let good = house.client().await.unwrap();
    for _ in 0..100 {
        assert!(is_served(&good).await);
    }
    // The connection is up, and each request has an answer.
    let (mut replies, mut failures) = (0, 0);
    for _ in 0..100 {
        match Frame::decode(&next_frame(&mut deaf).await) {
            Ok(Frame::Response(answer)) if answer.kind == ResponseKind::Reply => replies += 1,
            Ok(Frame::Response(answer)) if answer.kind == ResponseKind::Failure => failures += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(replies >= 9 && failures > 0, "{replies} {failures}");
    assert_eq!(house.broker.stats().thrown_out, 0);
}

#[support::test]
async fn a_peer_that_takes_no_byte_for_too_long_is_thrown_out() {
    let limits = with_link(|link| link.frame_time = std::time::Duration::from_millis(200));
    let house = House::with(limits).await;
    let good = house.client().await.unwrap();
    let deaf = ask_and_do_not_read(&house, 100, 100_000).await;
    while house.broker.stats().thrown_out == 0 {
        assert!(is_served(&good).await);
    }
    assert!(is_served(&good).await);
    drop(deaf);
}

#[support::test]
async fn a_peer_that_does_not_read_is_not_read_from_before_that() {
    let limits = with_link(|link| link.waiting = 100_000);
    let house = House::with(limits).await;
    let good = house.client().await.unwrap();
    let mut deaf = ask_and_do_not_read(&house, 100, 100_000).await;
    for _ in 0..100 {
        assert!(is_served(&good).await);
    }
    // All answers come once the client reads.
    for _ in 0..100 {
        let frame = next_frame(&mut deaf).await;
        assert!(frame.len() > 100_000);
    }
    assert_eq!(house.broker.stats().thrown_out, 0);
}

#[support::test]
async fn what_finds_no_place_is_refused_and_the_reading_goes_on() {
    let house = House::with(with_link(|link| link.window = 1)).await;
    let mut stream = ask_and_do_not_read(&house, 50, 10).await;
    let mut replies = 0;
    for _ in 0..50 {
        let frame = next_frame(&mut stream).await;
        let Ok(Frame::Response(answer)) = Frame::decode(&frame) else {
            panic!("{frame:?}");
        };
        match answer.kind {
            ResponseKind::Reply => replies += 1,
            _ => assert_eq!(
                Failure::read(answer.codec, answer.body),
                Failure::MailboxFull
            ),
        }
    }
    assert!((1..50).contains(&replies), "{replies}");
    assert_eq!(house.broker.stats().connections, 1);
}
