//! Flood of connections that never end their handshake.

use conclib::System;
use conclib::spi::Broker as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{BrokerLimits, Desk, LocalBroker, is_served};
use crate::{Address, AuthKey, Client};

/// Relay with a slow path, on which a flood makes more connections
/// than there may be handshakes between two messages of a handshake.
async fn slow_way(server: String, flood: Flood) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut to_server = TcpStream::connect(&server).await.unwrap();
        let mut from_client = vec![0; 512];
        let mut from_server = vec![0; 512];
        let mut idle = Vec::new();
        loop {
            tokio::select! {
                Ok(len @ 1..) = client.read(&mut from_client) => {
                    to_server.write_all(&from_client[..len]).await.unwrap();
                }
                Ok(len @ 1..) = to_server.read(&mut from_server) => {
                    for _ in 0..flood.times {
                        let mut stream = TcpStream::connect(&server).await.unwrap();
                        stream.write_all(flood.says).await.unwrap();
                        idle.push(stream);
                    }
                    if client.write_all(&from_server[..len]).await.is_err() {
                        return;
                    }
                }
                else => return,
            }
        }
    });
    url
}

struct Flood {
    times: usize,
    says: &'static [u8],
}

#[support::test]
async fn a_flood_without_a_word_keeps_no_slow_client_out() {
    let system = System::new("test");
    system.spawn(Desk).unwrap();
    let key = AuthKey::random().unwrap();
    let address = Address::parse("tcp://127.0.0.1:0").unwrap();
    let limits = BrokerLimits {
        handshakes: 16,
        ..BrokerLimits::default()
    };
    let broker = LocalBroker::open_with(&address, Some(key.clone()), system.inlet(), limits)
        .await
        .unwrap();
    let server = broker.url().strip_prefix("tcp://").unwrap();
    for says in [&[][..], &[0], &[0, 45, 1, b'c', b'o']] {
        let flood = Flood { times: 64, says };
        let url = slow_way(server.to_owned(), flood).await;
        let address = Address::parse(&url).unwrap();
        let client = Client::connect(&address, Some(key.clone())).await;
        let client = client.unwrap_or_else(|error| panic!("{error} of {says:?}"));
        assert!(is_served(&client).await);
    }
}
