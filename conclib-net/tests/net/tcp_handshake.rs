//! Access over TCP.

use std::os::unix::fs::PermissionsExt as _;

use crate::house::{
    House, REFUSAL, SERVER_HELLO, doubles, hello, read_message, read_to_end, soon, until,
};
use conclib::spi::Broker as _;
use conclib_net::{Address, AuthKey, Client, ConnectError, KeyError, LocalBroker, OpenError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

struct Door {
    house: House,
    broker: LocalBroker,
    address: Address,
    key: AuthKey,
}

async fn door() -> Door {
    let house = House::new();
    let key = AuthKey::random().unwrap();
    let address = Address::parse("tcp://127.0.0.1:0").unwrap();
    let broker = LocalBroker::open(&address, Some(key.clone()), house.system.inlet())
        .await
        .unwrap();
    let address = Address::parse(broker.url()).unwrap();
    Door {
        house,
        broker,
        address,
        key,
    }
}

impl Door {
    async fn stream(&self) -> TcpStream {
        let host = self.broker.url().strip_prefix("tcp://").unwrap();
        TcpStream::connect(host).await.unwrap()
    }

    /// Checks that a good client is accepted and served.
    async fn serves(&self) -> bool {
        let client = Client::connect(&self.address, Some(self.key.clone()))
            .await
            .unwrap();
        let served = doubles(&client, 21).await;
        client.close().await;
        served
    }
}

#[support::test]
async fn whoever_has_the_key_gets_in_and_the_port_is_a_real_one() {
    let door = door().await;
    assert!(!door.broker.url().ends_with(":0"), "{}", door.broker.url());
    assert!(door.serves().await);
    assert_eq!(door.broker.stats().wrong_key, 0);
    drop(door.house);
}

#[support::test]
async fn a_wrong_key_is_a_typed_error_and_is_counted() {
    let door = door().await;
    let other = AuthKey::random().unwrap();
    let error = Client::connect(&door.address, Some(other))
        .await
        .unwrap_err();
    assert!(matches!(error, ConnectError::Auth { .. }), "{error}");
    assert!(error.to_string().contains(door.broker.url()));
    assert_eq!(door.broker.stats().wrong_key, 1);
    assert!(door.serves().await);
}

#[support::test]
async fn without_a_key_neither_side_starts() {
    let door = door().await;
    let error = Client::connect(&door.address, None).await.unwrap_err();
    assert!(matches!(error, ConnectError::KeyNeeded { .. }), "{error}");
    let address = Address::parse("tcp://127.0.0.1:0").unwrap();
    let error = LocalBroker::open(&address, None, door.house.system.inlet())
        .await
        .unwrap_err();
    assert!(matches!(error, OpenError::KeyNeeded { .. }), "{error}");
}

#[support::test]
async fn a_client_that_claims_to_need_no_key_is_refused() {
    let door = door().await;
    let mut stream = door.stream().await;
    stream.write_all(&hello(false, [7; 32])).await.unwrap();
    assert_eq!(read_message(&mut stream).await.unwrap()[2], REFUSAL);
    assert_eq!(read_to_end(&mut stream).await, b"");
    assert_eq!(door.broker.stats().wrong_key, 1);
    assert!(door.serves().await);
}

#[support::test]
async fn a_replayed_handshake_is_refused() {
    let door = door().await;
    // An attacker in the middle records the bytes of a good client.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let middle = format!("tcp://{}", listener.local_addr().unwrap());
    let middle = Address::parse(&middle).unwrap();
    let relay = async {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut server = door.stream().await;
        let hello = read_message(&mut client).await.unwrap();
        server.write_all(&hello).await.unwrap();
        client
            .write_all(&read_message(&mut server).await.unwrap())
            .await
            .unwrap();
        let proof = read_message(&mut client).await.unwrap();
        server.write_all(&proof).await.unwrap();
        client
            .write_all(&read_message(&mut server).await.unwrap())
            .await
            .unwrap();
        (hello, proof)
    };
    let good = Client::connect(&middle, Some(door.key.clone()));
    let (recorded, good) = tokio::join!(relay, good);
    good.unwrap();

    let (hello, proof) = recorded;
    let mut stream = door.stream().await;
    stream.write_all(&hello).await.unwrap();
    assert_eq!(read_message(&mut stream).await.unwrap()[2], SERVER_HELLO);
    stream.write_all(&proof).await.unwrap();
    assert_eq!(read_message(&mut stream).await.unwrap()[2], REFUSAL);
    assert_eq!(door.broker.stats().wrong_key, 1);
}

#[support::test]
async fn a_reflected_challenge_is_refused_by_both_sides() {
    let door = door().await;
    // Server: all its bytes are sent back to it.
    let mut stream = door.stream().await;
    stream.write_all(&hello(true, [7; 32])).await.unwrap();
    let challenge = read_message(&mut stream).await.unwrap();
    stream.write_all(&challenge).await.unwrap();
    assert_eq!(read_to_end(&mut stream).await, b"");
    let mut stream = door.stream().await;
    stream.write_all(&challenge).await.unwrap();
    assert_eq!(read_message(&mut stream).await.unwrap()[2], REFUSAL);
    assert_eq!(door.broker.stats().admitted, 0);

    // Client: it gets its own bytes back, once unchanged and once with the role
    // of a server.
    for kind in [1, SERVER_HELLO] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let echo = format!("tcp://{}", listener.local_addr().unwrap());
        let echo = Address::parse(&echo).unwrap();
        let mirror = async {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut hello = read_message(&mut client).await.unwrap();
            hello[2] = kind;
            client.write_all(&hello).await.unwrap();
            if let Ok(mut proof) = read_message(&mut client).await {
                proof[2] = crate::house::WELCOME;
                client.write_all(&proof).await.unwrap();
            }
        };
        let (client, ()) = tokio::join!(Client::connect(&echo, Some(door.key.clone())), mirror);
        let error = client.unwrap_err();
        let refused = match kind {
            SERVER_HELLO => matches!(error, ConnectError::Impostor { .. }),
            _ => matches!(error, ConnectError::NotConclib { .. }),
        };
        assert!(refused, "{error}");
    }
}

#[support::test]
async fn a_handshake_may_be_cut_anywhere() {
    let door = door().await;
    let hello = hello(true, [7; 32]);
    for cut in 0..=hello.len() {
        let mut stream = door.stream().await;
        stream.write_all(&hello[..cut]).await.unwrap();
        drop(stream);
    }
    until(|| door.broker.stats().turned_away == hello.len() as u64 + 1).await;
    assert!(door.serves().await);
}

#[support::test]
async fn what_speaks_something_else_is_told_apart() {
    let door = door().await;
    let mut stream = door.stream().await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(read_to_end(&mut stream).await, b"");
    assert_eq!(door.broker.stats().turned_away, 1);

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let address = Address::parse(&address).unwrap();
    let web = async {
        let (mut client, _) = listener.accept().await.unwrap();
        client
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
        let _ = client.read(&mut [0; 1]).await;
    };
    let (client, ()) = tokio::join!(Client::connect(&address, Some(door.key.clone())), web);
    assert!(matches!(
        client.unwrap_err(),
        ConnectError::NotConclib { .. }
    ));
}

#[support::test]
async fn another_version_is_named() {
    let door = door().await;
    let mut hello = hello(true, [7; 32]);
    hello[11] = 9;
    let mut stream = door.stream().await;
    stream.write_all(&hello).await.unwrap();
    // Reason 1, and the version of this side.
    assert_eq!(
        read_message(&mut stream).await.unwrap(),
        [0, 4, REFUSAL, 1, 0, 5]
    );

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let address = Address::parse(&address).unwrap();
    let newer = async {
        let (mut client, _) = listener.accept().await.unwrap();
        read_message(&mut client).await.unwrap();
        client.write_all(&[0, 4, REFUSAL, 1, 0, 6]).await.unwrap();
    };
    let (client, ()) = tokio::join!(Client::connect(&address, Some(door.key.clone())), newer);
    let error = client.unwrap_err();
    assert!(
        matches!(
            error,
            ConnectError::Version {
                theirs: 6,
                ours: 5,
                ..
            }
        ),
        "{error}"
    );
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_wrong_keys_do_not_keep_a_good_one_out() {
    let door = door().await;
    let client = Client::connect(&door.address, Some(door.key.clone()))
        .await
        .unwrap();
    let mut attackers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let host = door.broker.url().strip_prefix("tcp://").unwrap().to_owned();
        attackers.spawn(async move {
            for _ in 0..1250 {
                let mut stream = TcpStream::connect(&host).await.unwrap();
                stream.write_all(&hello(true, [7; 32])).await.unwrap();
                assert_eq!(read_message(&mut stream).await.unwrap()[2], SERVER_HELLO);
                let proof = [&[0, 33, 3][..], &[0; 32]].concat();
                stream.write_all(&proof).await.unwrap();
                assert_eq!(read_message(&mut stream).await.unwrap()[2], REFUSAL);
            }
        });
    }
    let mut rounds = 0;
    while !attackers.is_empty() {
        assert!(door.serves().await);
        assert!(doubles(&client, rounds).await);
        rounds += 1;
        while let Some(attacker) = attackers.try_join_next() {
            attacker.unwrap();
        }
    }
    until(|| door.broker.stats().wrong_key == 10_000).await;
    assert_eq!(door.broker.stats().admitted, rounds + 1);
    soon(client.close()).await;
}

#[support::test]
async fn off_this_machine_it_takes_a_word_of_consent() {
    let house = House::new();
    let key = Some(AuthKey::random().unwrap());
    let open = |url: &str| {
        let address = Address::parse(url).unwrap();
        let (key, inlet) = (key.clone(), house.system.inlet());
        async move { LocalBroker::open(&address, key, inlet).await }
    };
    let error = open("tcp://0.0.0.0:0").await.unwrap_err();
    assert!(matches!(error, OpenError::Plaintext { .. }), "{error}");
    let broker = open("tcp://0.0.0.0:0?plaintext=allow").await.unwrap();
    broker.close().await;
    let address = Address::parse("tcp://192.0.2.1:9").unwrap();
    let error = Client::connect(&address, key).await.unwrap_err();
    assert!(matches!(error, ConnectError::Plaintext { .. }), "{error}");
}

#[support::test]
async fn a_port_in_use_and_a_port_of_nobody_are_told() {
    let door = door().await;
    let key = Some(door.key.clone());
    let again = LocalBroker::open(&door.address, key.clone(), door.house.system.inlet()).await;
    let error = again.unwrap_err();
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    door.broker.close().await;
    let error = Client::connect(&door.address, key).await.unwrap_err();
    assert!(matches!(error, ConnectError::NobodyThere { .. }), "{error}");
}

#[support::test]
async fn the_key_may_come_from_a_file_that_the_address_names() {
    let house = House::new();
    let file = house.directory.path().join("key");
    let url = format!("tcp://127.0.0.1:0?keyfile={}", file.display());
    let address = Address::parse(&url).unwrap();
    let open = || LocalBroker::open(&address, None, house.system.inlet());
    let error = open().await.unwrap_err();
    assert!(
        matches!(error, OpenError::Key(KeyError::File { .. })),
        "{error}"
    );

    std::fs::write(&file, AuthKey::random().unwrap().to_hex()).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = open().await.unwrap_err();
    assert!(
        matches!(error, OpenError::Key(KeyError::Exposed { .. })),
        "{error}"
    );

    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let broker = open().await.unwrap();
    let address = Address::parse(broker.url()).unwrap();
    assert!(doubles(&Client::connect(&address, None).await.unwrap(), 5).await);
}

#[support::test]
async fn a_unix_socket_with_a_key_asks_for_it_too() {
    let house = House::new();
    let key = AuthKey::random().unwrap();
    let inlet = house.system.inlet();
    let _broker = LocalBroker::open(&house.address, Some(key.clone()), inlet)
        .await
        .unwrap();
    let error = Client::connect(&house.address, None).await.unwrap_err();
    assert!(matches!(error, ConnectError::KeyNeeded { .. }), "{error}");
    let client = Client::connect(&house.address, Some(key)).await.unwrap();
    assert!(doubles(&client, 5).await);
}
