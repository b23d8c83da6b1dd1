//! Signed records: a relay without the key can end a connection, and do nothing
//! else to it.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;

use crate::house::{House, ask, bytes, doubles, request, soon, until};
use conclib::spi::Broker as _;
use conclib_net::{Address, AuthKey, Client, LocalBroker};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Change that a relay makes to the first bytes that pass in one direction after
/// it was told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attack {
    Flip,
    Drop,
    Repeat,
    Reorder,
    Inject,
    Cut,
}

const ATTACKS: [Attack; 6] = [
    Attack::Flip,
    Attack::Drop,
    Attack::Repeat,
    Attack::Reorder,
    Attack::Inject,
    Attack::Cut,
];

/// Relay without the key in front of a server. It attacks its first connection,
/// once the test has set an attack, and passes all later ones on.
struct Relay {
    address: SocketAddr,
    attack: tokio::sync::watch::Sender<Option<(Attack, bool)>>,
}

impl Relay {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (attack, told) = tokio::sync::watch::channel(None);
        tokio::spawn(async move {
            for number in 0.. {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(server).await.unwrap();
                let told = told.clone();
                tokio::spawn(async move {
                    let (from_client, to_client) = client.into_split();
                    let (from_server, to_server) = server.into_split();
                    let told = move |upward| {
                        let attack = *told.borrow();
                        attack
                            .filter(|(_, up)| *up == upward && number == 0)
                            .map(|(attack, _)| attack)
                    };
                    let upward = told.clone();
                    tokio::select! {
                        () = pass(from_client, to_server, move || upward(true)) => {}
                        () = pass(from_server, to_client, move || told(false)) => {}
                    }
                });
            }
        });
        Self { address, attack }
    }
}

async fn pass<R, W>(mut from: R, mut to: W, attack: impl Fn() -> Option<Attack>)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut kept = Vec::new();
    let mut is_over = false;
    loop {
        let mut piece = vec![0; 64 * 1024];
        let read = from.read(&mut piece).await.unwrap_or(0);
        if read == 0 {
            return;
        }
        piece.truncate(read);
        let pieces = match attack() {
            Some(attack) if !is_over => {
                is_over = attack != Attack::Reorder || !kept.is_empty();
                let middle = piece.len() / 2;
                match attack {
                    Attack::Flip => piece[middle] ^= 1,
                    Attack::Drop => piece.clear(),
                    Attack::Repeat => piece.extend_from_within(..),
                    Attack::Cut => drop(piece.remove(middle)),
                    // A request as the peer would send it, but for the record.
                    Attack::Inject => piece.extend(bytes(&request(7, "double", b"{\"n\":1}"))),
                    Attack::Reorder if kept.is_empty() => {
                        kept = std::mem::take(&mut piece);
                    }
                    Attack::Reorder => piece.append(&mut kept),
                }
                piece
            }
            _ => piece,
        };
        if to.write_all(&pieces).await.is_err() {
            return;
        }
    }
}

struct Signed {
    house: House,
    broker: LocalBroker,
    key: AuthKey,
}

async fn signed(url: &str) -> Signed {
    let house = House::new();
    let key = AuthKey::random().unwrap();
    let address = Address::parse(url).unwrap();
    let broker = LocalBroker::open(&address, Some(key.clone()), house.system.inlet()).await;
    Signed {
        house,
        broker: broker.unwrap(),
        key,
    }
}

impl Signed {
    fn port(&self) -> u16 {
        let (url, _) = self.broker.url().split_once('?').unwrap();
        url.rsplit_once(':').unwrap().1.parse().unwrap()
    }

    async fn client(&self, address: impl std::fmt::Display) -> Arc<Client> {
        let address = Address::parse(&format!("tcp://{address}")).unwrap();
        soon(Client::connect(&address, Some(self.key.clone())))
            .await
            .unwrap()
    }
}

#[support::test]
async fn all_that_a_relay_does_to_signed_bytes_ends_the_connection_and_nothing_else() {
    for attack in ATTACKS {
        for upward in [true, false] {
            let mut signed = signed("tcp://127.0.0.1:0?integrity=always").await;
            let server = SocketAddr::from(([127, 0, 0, 1], signed.port()));
            let relay = Relay::to(server).await;
            // The client has no wish of its own: the server decides.
            let client = signed.client(relay.address).await;
            assert!(doubles(&client, 1).await, "{attack:?}");
            let admitted = signed.broker.stats().admitted;

            relay.attack.send_replace(Some((attack, upward)));
            // The client connects again by itself, and what was changed was
            // neither handled nor taken for an answer.
            let mut right = 0;
            while signed.broker.stats().admitted == admitted || right == 0 {
                let text = format!("{attack:?} {right}");
                let asked = crate::house::DeskEcho { text: text.clone() };
                // A request that was dropped has no answer.
                let time = std::time::Duration::from_millis(500);
                let asked = ask(&client, asked).timeout(time).await;
                if let Ok(answer) = asked {
                    assert_eq!(answer, text);
                    right += 1;
                }
            }
            assert!(signed.house.requests.try_recv().is_err());
            if upward && attack != Attack::Drop {
                until(|| signed.broker.stats().thrown_out == 1).await;
            }
            client.close().await;
            signed.broker.close().await;
        }
    }
}

#[support::test]
async fn bytes_to_another_machine_are_signed_by_themselves() {
    // Address of this machine on a network, if it is on one: bytes to it never
    // leave the machine, and neither end can know that.
    let own = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        Ok(socket.local_addr()?.ip())
    });
    let Some(own) = own.ok().filter(|own| !IpAddr::is_loopback(own)) else {
        return;
    };
    let signed = signed(&format!("tcp://{own}:0?plaintext=allow")).await;
    let client = signed
        .client(format_args!("{own}:{}?plaintext=allow", signed.port()))
        .await;
    assert!(doubles(&client, 21).await);
    // A relay on this machine sees that its bytes are not those of a session.
    let relay = Relay::to(SocketAddr::new(own, signed.port())).await;
    let relayed = signed.client(relay.address).await;
    assert!(doubles(&relayed, 21).await);
    relay.attack.send_replace(Some((Attack::Flip, true)));
    while signed.broker.stats().thrown_out == 0 {
        let _ = doubles(&relayed, 21).await;
    }
    assert!(doubles(&client, 21).await);
}

#[support::test]
async fn large_messages_and_many_at_once_pass_signed() {
    let signed = signed("tcp://127.0.0.1:0?integrity=always").await;
    let client = signed
        .client(format_args!("127.0.0.1:{}?integrity=always", signed.port()))
        .await;
    let text = "x".repeat(3_000_000);
    let large = crate::house::DeskEcho { text: text.clone() };
    let small = futures_util::future::join_all((0..1000).map(|n| {
        let client = client.clone();
        async move { doubles(&client, n).await }
    }));
    let (large, small) = tokio::join!(ask(&client, large), small);
    assert!(large == Ok(text) && small.into_iter().all(|right| right));
}
