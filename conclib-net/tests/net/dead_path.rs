//! Network path that dies silently: no reset, no end.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::house::{House, Ponder, ask, doubles, soon};
use conclib::prelude::*;
use conclib::spi::Broker as _;
use conclib::wire::{Frame, RequestId};
use conclib_net::{Address, AuthKey, Client, LocalBroker};
use tokio::io::{AsyncReadExt as _, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Relay in front of a server, which can silently drop all bytes.
struct Relay {
    address: SocketAddr,
    /// Number of connections, from the first one on, that drop all bytes.
    black: watch::Sender<usize>,
}

impl Relay {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (black, seen) = watch::channel(0);
        tokio::spawn(async move {
            for number in 1.. {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(server).await.unwrap();
                tokio::spawn(pass(number, client, server, seen.clone()));
            }
        });
        Self { address, black }
    }
}

/// Passes bytes on, until the path of this connection is dead. Then both ends
/// stay open, and no byte passes.
async fn pass(
    number: usize,
    mut client: TcpStream,
    mut server: TcpStream,
    mut black: watch::Receiver<usize>,
) {
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    tokio::select! {
        _ = copy(&mut from_client, &mut to_server) => {}
        _ = copy(&mut from_server, &mut to_client) => {}
        () = async { drop(black.wait_for(|black| *black >= number).await) } => {}
    }
    if *black.borrow() >= number {
        std::future::pending::<()>().await;
    }
}

async fn at(address: SocketAddr, key: &AuthKey) -> Arc<Client> {
    let address = Address::parse(&format!("tcp://{address}")).unwrap();
    soon(Client::connect(&address, Some(key.clone())))
        .await
        .unwrap()
}

fn port(broker: &LocalBroker) -> SocketAddr {
    broker
        .url()
        .strip_prefix("tcp://")
        .unwrap()
        .parse()
        .unwrap()
}

async fn open(house: &House) -> (LocalBroker, AuthKey) {
    let key = AuthKey::random().unwrap();
    let address = Address::parse("tcp://127.0.0.1:0").unwrap();
    let inlet = house.system.inlet();
    let broker = LocalBroker::open(&address, Some(key.clone()), inlet).await;
    (broker.unwrap(), key)
}

#[support::test(start_paused = true)]
async fn a_client_whose_path_died_silently_connects_again_by_itself() {
    let house = House::new();
    let (broker, key) = open(&house).await;
    let relay = Relay::to(port(&broker)).await;
    let client = at(relay.address, &key).await;
    assert!(doubles(&client, 1).await);

    relay.black.send_replace(1);
    for n in 0..3 {
        let short = ask(&client, Ponder { n }).timeout(Duration::from_millis(100));
        let error = short.await.unwrap_err();
        assert!(matches!(error, AskError::Deadline { .. }), "{error}");
    }
    // A request under way by then is lost, and the caller told long before its deadline.
    let lost = ask(&client, Ponder { n: 3 }).await.unwrap_err();
    assert!(matches!(lost, AskError::Disconnected { .. }), "{lost}");
    // The next request waits for the new connection.
    assert!(doubles(&client, 2).await);
    assert_eq!(client.stats().reconnects, 1);
}

#[support::test(start_paused = true)]
async fn a_server_that_lives_is_not_given_up_because_one_actor_is_slow() {
    let mut house = House::new();
    let (broker, key) = open(&house).await;
    let client = at(port(&broker), &key).await;
    let long = tokio::spawn(ask(&client, Ponder { n: 0 }).into_future());
    let unanswered = house.request().await;
    for n in 1..20 {
        let short = ask(&client, Ponder { n }).timeout(Duration::from_secs(1));
        let error = short.await.unwrap_err();
        assert!(matches!(error, AskError::Deadline { .. }), "{error}");
    }
    unanswered.respond(&5_u64).unwrap();
    assert_eq!(soon(long).await.unwrap(), Ok(5));
    assert_eq!(client.stats().reconnects, 0);
    assert_eq!(broker.stats().admitted, 1);
}

#[support::test(start_paused = true)]
async fn a_server_that_answers_nothing_is_asked_for_a_sign_of_life_once() {
    let house = House::new();
    let listener = tokio::net::UnixListener::bind(&house.path).unwrap();
    let (client, mut server) = tokio::join!(house.client(), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        crate::house::welcome(&mut stream).await;
        stream
    });
    for n in 0..5 {
        let short = ask(&client, Ponder { n }).timeout(Duration::from_millis(10));
        assert!(short.await.is_err());
    }
    let mut read = vec![0; 64 * 1024];
    let mut len = 0;
    let mut asked = Vec::<RequestId>::new();
    while asked.is_empty() {
        len += soon(server.read(&mut read[len..])).await.unwrap();
        let mut rest = &read[..len];
        while let Some((prefix, after)) = rest.split_first_chunk::<4>() {
            let Some(frame) = after.get(..u32::from_be_bytes(*prefix) as usize) else {
                break;
            };
            if let Frame::Request(envelope) = Frame::decode(frame).unwrap()
                && envelope.to != "desk"
            {
                asked.push(envelope.id);
            }
            rest = &after[frame.len()..];
        }
    }
    assert_eq!(asked.len(), 1);
    assert_eq!(client.stats().reconnects, 0);
    // No byte comes, so the client gives the connection up.
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(!client.stats().connected);
}
