//! Start and end of a proxy: in order, under load, and with others after it.

use std::fs;
use std::future::IntoFuture;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use conclib::AuthKey;
use conclib::error::{AddressError, ConnectError, LinkError, OpenError, ServeError};
use conclib::prelude::*;
use support::outside::{
    BellRing, Desk, DeskDouble, DeskWait, House, Place, Road, on_every_road, settle,
};
use support::{alive, poll_once, until};
use tokio::task::{JoinSet, spawn_blocking};

on_every_road! {
    a_shutdown_lets_what_is_under_way_be_answered,
    a_shutdown_under_load_leaves_no_doubt,
    a_proxy_that_is_closed_early,
    a_system_that_is_dropped_leaves_nothing,
    a_client_that_is_dropped_leaves_nothing,
    the_place_of_a_live_proxy_is_refused,
    a_client_outlives_its_server,
    garbage_harms_nobody,
}

const SOON: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(40);

/// Checks that asks fail without a server, with the right error of each kind.
async fn nobody_is_there(place: &Place, client: &ProxyClient) -> conclib::Result {
    assert!(!place.has_file());
    let error = loop {
        let ask = client.ask("desk", DeskDouble { n: 1 });
        match ask.timeout(SHORT).await.unwrap_err() {
            // The client learns of the closed connection by this error.
            AskError::Disconnected { .. } => {}
            error => break error,
        }
    };
    assert!(matches!(error, AskError::Unreachable { .. }), "{error}");
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    let error = place.connect().await.unwrap_err();
    assert!(
        matches!(error, ConnectError::Link(LinkError::NobodyThere { .. })),
        "{error}"
    );
    assert!(error.to_string().contains(place.url()), "{error}");
    Ok(())
}

async fn a_shutdown_lets_what_is_under_way_be_answered(road: Road) -> conclib::Result {
    let mut house = House::open(road).await?;
    let client = house.client().await?;
    let in_turn = client.ask("desk", DeskWait { n: 1 }).reply().await?;
    let keeper = house.watch.turn().await?;
    let behind = client.ask("desk", DeskDouble { n: 4 }).reply().await?;
    settle(&client).await?;

    let system = house.system.clone();
    let ending = tokio::spawn(async move { system.shutdown().await });
    // The name is taken, until the system is shutting down and no name can be
    // had.
    let newcomer = || house.system.spawn(support::outside::Bell);
    until(|| matches!(newcomer(), Err(SpawnError::ShuttingDown { .. }))).await;
    // The proxy then refuses new requests, and clients learn of it in time.
    until(|| !house.place.has_file()).await;
    while let Delivery::MayHaveRun = client
        .ask("desk", DeskDouble { n: 1 })
        .timeout(SHORT)
        .await
        .unwrap_err()
        .delivery()
    {}

    keeper.open();
    assert_eq!(in_turn.await?, 1);
    assert_eq!(behind.await?, 8);
    let report = ending.await?;
    assert_eq!((report.stopped, report.is_clean()), (2, true));
    nobody_is_there(&house.place, &client).await
}

/// Each ask that comes while the system ends is handled, or surely is not.
async fn a_shutdown_under_load_leaves_no_doubt(road: Road) -> conclib::Result {
    for _ in 0..5 {
        let house = House::open(road).await?;
        let client = house.client().await?;
        let mut askers = JoinSet::new();
        for n in 0..8 {
            let client = client.clone();
            askers.spawn(async move {
                loop {
                    let ask = client.ask("desk", DeskDouble { n });
                    match ask.timeout(Duration::from_secs(1)).await {
                        Ok(doubled) => assert_eq!(doubled, 2 * n),
                        Err(error) => break error,
                    }
                }
            });
        }
        settle(&client).await?;
        house.system.shutdown().await;
        for error in askers.join_all().await {
            assert_eq!(error.delivery(), Delivery::NotDelivered, "{error}");
        }
    }
    Ok(())
}

async fn a_proxy_that_is_closed_early(road: Road) -> conclib::Result {
    let mut house = House::open(road).await?;
    let client = house.client().await?;
    let under_way = client.ask("desk", DeskWait { n: 1 }).reply().await?;
    let keeper = house.watch.turn().await?;
    house.proxy.close().await;
    house.proxy.close().await;
    let urn = house.desk.urn();
    let lost = AskError::Disconnected {
        urn,
        delivery: Delivery::MayHaveRun,
    };
    assert_eq!(under_way.await, Err(lost));
    nobody_is_there(&house.place, &client).await?;

    // The actors live on, and can be served again.
    keeper.open();
    assert_eq!(house.desk.ask(DeskDouble { n: 2 }).await?, 4);
    let again = house.place.serve(&house.system).await?;
    assert_eq!(again.url(), house.proxy.url());
    let back = client.ask("desk", DeskDouble { n: 3 }).timeout(SOON);
    assert_eq!(back.await?, 6);
    assert!(house.system.shutdown().await.is_clean());
    nobody_is_there(&house.place, &client).await
}

async fn a_system_that_is_dropped_leaves_nothing(road: Road) -> conclib::Result {
    let tasks = alive();
    let mut house = House::open(road).await?;
    let client = house.client().await?;
    let under_way = client.ask("desk", DeskWait { n: 1 }).reply().await?;
    let _keeper = house.watch.turn().await?;
    let House {
        system,
        place,
        desk,
        proxy,
        ..
    } = house;
    drop(system);
    assert_eq!(desk.stopped().await, Some(StopReason::Killed));
    let error = under_way.await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::MayHaveRun, "{error}");
    // The connections are closed after the actors have ended.
    let ask = || client.ask("desk", DeskDouble { n: 1 }).timeout(SHORT);
    while let Err(AskError::NoSuchActor { .. }) = ask().await {}
    nobody_is_there(&place, &client).await?;
    // Closing again has no effect.
    proxy.close().await;
    drop(client);
    until(|| alive() == tasks).await;
    Ok(())
}

async fn a_client_that_is_dropped_leaves_nothing(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let tasks = alive();
    for n in 0..20 {
        let client = house.client().await?;
        let (copy, desk) = (client.clone(), client.actor::<Desk>("desk")?);
        drop(client);
        assert_eq!(copy.ask("desk", DeskDouble { n }).await?, 2 * n);
        drop(copy);
        assert_eq!(desk.ask(DeskDouble { n }).await?, 2 * n);
    }
    until(|| alive() == tasks).await;
    Ok(())
}

async fn the_place_of_a_live_proxy_is_refused(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let client = house.client().await?;
    let other = System::new("other");
    let serve = Proxy::serve(&other, house.place.url()).key(AuthKey::random()?);
    let error = serve.await.unwrap_err();
    assert!(
        matches!(error, ServeError::Open(OpenError::InUse { .. })),
        "{error}"
    );
    let text = error.to_string();
    assert!(text.contains(house.place.url()), "{text}");
    // The system itself cannot take the address either.
    assert!(house.place.try_serve(&house.system).await.is_err());

    assert_eq!(client.ask("desk", DeskDouble { n: 1 }).await?, 2);
    house.client().await?.ask("bell", BellRing {}).await?;
    Ok(())
}

async fn a_client_outlives_its_server(road: Road) -> conclib::Result {
    let mut house = House::open(road).await?;
    let client = house.client().await?;
    for round in 0..3 {
        let asked = client.ask("desk", DeskWait { n: round }).reply().await?;
        drop(house.watch.turn().await?);
        assert_eq!(asked.await?, round);
        house.system.shutdown().await;
        nobody_is_there(&house.place, &client).await?;

        // Begun while no server is there.
        let mut waits = client
            .ask("desk", DeskDouble { n: round })
            .timeout(SOON)
            .into_future();
        assert!(poll_once(&mut waits).is_pending());
        house = House::open_at(house.place).await?;
        assert_eq!(waits.await?, 2 * round);
        // The message is counted after its answer was sent.
        until(|| house.handled() == 1).await;
    }
    Ok(())
}

/// Sends invalid bytes to a server, and waits until it closes the connection.
fn annoy(road: Road, place: &str, bytes: &[u8]) -> std::io::Result<()> {
    fn talk<S: Read + Write>(
        mut stream: S,
        bytes: &[u8],
        done: impl Fn(&S) -> std::io::Result<()>,
    ) {
        // The server may close the connection in the middle of it.
        let _ = stream.write_all(bytes).and_then(|()| done(&stream));
        let _ = stream.read_to_end(&mut Vec::new());
    }
    let Some((_, place)) = place.split_once("://") else {
        return Ok(());
    };
    match road {
        Road::Unix => talk(UnixStream::connect(place)?, bytes, |stream| {
            stream.shutdown(Shutdown::Write)
        }),
        Road::Tcp => talk(TcpStream::connect(place)?, bytes, |stream| {
            stream.shutdown(Shutdown::Write)
        }),
    }
    Ok(())
}

async fn garbage_harms_nobody(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let client = house.client().await?;
    let url = house.place.url().to_owned();
    let annoying = spawn_blocking(move || {
        let zeros = vec![0; 1 << 20];
        let ones = vec![0xFF; 1 << 16];
        let noise: Vec<u8> = (0..1_u32 << 16)
            .map(|n| (n.wrapping_mul(0x9E37_79B9) >> 24) as u8)
            .collect();
        for bytes in [
            &b""[..],
            b"x",
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            &zeros,
            &ones,
            &noise,
        ] {
            for _ in 0..5 {
                annoy(road, &url, bytes)?;
            }
        }
        std::io::Result::Ok(())
    });
    let mut asked = 0;
    while !annoying.is_finished() || asked < 100 {
        assert_eq!(
            client.ask("desk", DeskDouble { n: asked }).await?,
            2 * asked
        );
        asked += 1;
    }
    annoying.await??;
    let newcomer = house.client().await?;
    assert_eq!(newcomer.ask("desk", DeskDouble { n: 3 }).await?, 6);
    Ok(())
}

#[support::test]
async fn a_file_that_a_killed_server_left_is_replaced() -> conclib::Result {
    let place = Place::new(Road::Unix)?;
    let socket = place.socket.clone().ok_or("no file")?;
    // The listener does not remove its file.
    drop(UnixListener::bind(&socket)?);
    assert!(place.has_file());
    let house = House::open_at(place).await?;
    let client = house.client().await?;
    assert_eq!(client.ask("desk", DeskDouble { n: 1 }).await?, 2);
    house.system.shutdown().await;
    assert!(!house.place.has_file());

    // A file that is no socket is never removed.
    fs::write(&socket, "precious")?;
    let system = System::new("other");
    let error = Proxy::serve(&system, house.place.url()).await.unwrap_err();
    assert!(
        matches!(error, ServeError::Open(OpenError::NotASocket { .. })),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&socket)?, "precious");
    Ok(())
}

#[support::test]
async fn one_system_at_two_places() -> conclib::Result {
    let house = House::open(Road::Unix).await?;
    let mut second = Place::new(Road::Tcp)?;
    second.serve(&house.system).await?;
    let clients = [house.client().await?, second.client().await?];
    for (n, client) in (1..).zip(&clients) {
        assert_eq!(client.ask("desk", DeskDouble { n }).await?, 2 * n);
    }
    house.system.shutdown().await;
    nobody_is_there(&house.place, &clients[0]).await?;
    nobody_is_there(&second, &clients[1]).await
}

#[support::test]
async fn who_does_not_have_the_key_stays_out() -> conclib::Result {
    let house = House::open(Road::Tcp).await?;
    let url = house.place.url();
    let wrong = ProxyClient::connect(url).key(AuthKey::random()?);
    let error = wrong.await.unwrap_err();
    assert!(
        matches!(error, ConnectError::Link(LinkError::Auth { .. })),
        "{error}"
    );
    let error = ProxyClient::connect(url).await.unwrap_err();
    assert!(
        matches!(error, ConnectError::Link(LinkError::KeyNeeded { .. })),
        "{error}"
    );
    let client = house.client().await?;
    assert_eq!(client.ask("desk", DeskDouble { n: 1 }).await?, 2);

    // A key protects a unix socket, too.
    let place = Place::new(Road::Unix)?;
    let key = AuthKey::random()?;
    let proxy = Proxy::serve(&house.system, place.url()).key(key.clone());
    let proxy = proxy.await?;
    let error = ProxyClient::connect(proxy.url()).await.unwrap_err();
    assert!(
        matches!(error, ConnectError::Link(LinkError::KeyNeeded { .. })),
        "{error}"
    );
    let client = ProxyClient::connect(proxy.url()).key(key).await?;
    assert_eq!(client.ask("desk", DeskDouble { n: 1 }).await?, 2);
    Ok(())
}

#[support::test]
async fn a_url_that_is_none() -> conclib::Result {
    let system = System::new("nowhere");
    for (url, said) in [
        ("http://127.0.0.1:80", "unix:///"),
        ("unix://app.sock", "three slashes"),
        ("tcp://127.0.0.1", "host and port"),
        ("tcp://127.0.0.1:x", "port"),
    ] {
        let serve = Proxy::serve(&system, url).await.unwrap_err();
        let connect = ProxyClient::connect(url).await.unwrap_err();
        assert!(matches!(serve, ServeError::Address(_)), "{serve}");
        assert!(matches!(connect, ConnectError::Address(_)), "{connect}");
        for text in [serve.to_string(), connect.to_string()] {
            assert!(text.contains(url) && text.contains(said), "{text}");
        }
    }
    let secret = ProxyClient::connect("tcp://me:pass@127.0.0.1:1").await;
    let error = secret.unwrap_err();
    assert!(
        matches!(error, ConnectError::Address(AddressError::Credentials)),
        "{error}"
    );
    assert!(!error.to_string().contains("pass@"), "{error}");

    // An address that other machines can reach needs an explicit option.
    let open = Proxy::serve(&system, "tcp://0.0.0.0:0").key(AuthKey::random()?);
    let error = open.await.unwrap_err();
    assert!(
        matches!(error, ServeError::Open(OpenError::Plaintext { .. })),
        "{error}"
    );
    let error = Proxy::serve(&system, "tcp://127.0.0.1:0")
        .await
        .unwrap_err();
    assert!(
        matches!(error, ServeError::Open(OpenError::KeyNeeded { .. })),
        "{error}"
    );
    Ok(())
}
