//! Faults, and what is left behind.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use conclib::prelude::*;
use conclib_core::wire::Broker as _;
use conclib_net::AuthKey;
use conclib_redis::{PythonBroker, PythonClient, RedisBroker, RedisError};
use futures_util::future::join_all;

use super::server::Server;
use super::{Channels, Double, Doubled, Empty, ask};

#[actor(urn = "doubler")]
struct Doubler;

#[actor]
impl Doubler {
    #[handler]
    fn double(&mut self, Double { number }: Double) -> Doubled {
        Doubled { number: number * 2 }
    }
}

/// Actor whose answers tell its system.
#[actor(urn = "adder")]
struct Adder {
    plus: i64,
}

#[actor]
impl Adder {
    #[handler]
    fn double(&mut self, Double { number }: Double) -> Doubled {
        let number = number + self.plus;
        Doubled { number }
    }
}

/// Actor that answers when it is told to.
#[actor(urn = "slow")]
#[derive(Default)]
struct Slow {
    asked: Vec<ReplyTo<Doubled>>,
    seen: u64,
}

#[actor]
impl Slow {
    #[handler]
    fn double(&mut self, _: Double, ctx: &mut Context<Self>) -> Deferred<Doubled> {
        let (reply, deferred) = ctx.defer();
        self.asked.push(reply);
        self.seen += 1;
        deferred
    }

    #[message]
    fn seen(&mut self) -> u64 {
        self.seen
    }

    #[message]
    fn answer(&mut self) {
        for reply in self.asked.drain(..) {
            reply.send(Doubled { number: 5 });
        }
    }
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_published_by_hand_gets_the_three_keys() {
    let channels = Channels::new();
    let system = System::new("python");
    system.spawn(Doubler).unwrap();
    let broker = channels.serve(&system).await;
    for (urn, message, contents, reply) in [
        (
            "doubler",
            "Double",
            r#"{"number":4}"#,
            r#"{"message_id":"ID","message_type":"Doubled","contents":{"number":8}}"#,
        ),
        (
            "nobody",
            "Double",
            "{}",
            r#"{"message_id":"ID","message_type":"conclib.Failure","contents":"no_such_actor: no actor of that name lives here (`Double` to `nobody`)","failure":{"name":"no_such_actor","delivery":"NotDelivered","text":"no actor of that name lives here","fields":null}}"#,
        ),
    ] {
        let id = format!("{urn}-\u{1F980} 1");
        let request = serde_json::json!({
            "message_id": id, "message_type": message, "actor_urn": urn,
            "contents": serde_json::from_str::<serde_json::Value>(contents).unwrap(), "more": [1],
        });
        let receivers = channels
            .server
            .command(&["PUBLISH", &channels.inbound, &request.to_string()])
            .await;
        assert_eq!(receivers, ["1"]);
        // Subscribes after the publication, as the original does.
        let mut raw = channels.server.raw().await;
        let channel = format!("{}{id}", channels.outbound);
        raw.command(&["SUBSCRIBE", &channel]).await.unwrap();
        let got = raw.answer().await.unwrap();
        assert_eq!(got, ["message", &channel, &reply.replace("ID", &id)]);
    }
    broker.close().await;
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn rust_asks_rust_over_the_channel_of_python() {
    let channels = Channels::new();
    let system = System::new("python");
    let slow = system.spawn(Slow::default()).unwrap();
    system.spawn(Doubler).unwrap();
    let broker = channels.serve(&system).await;
    let client = channels.connect().await;
    assert_eq!(
        ask(&client, "doubler", Double { number: 3 })
            .await
            .unwrap()
            .number,
        6
    );
    let error = ask(&client, "nobody", Double { number: 3 })
        .await
        .unwrap_err();
    assert!(matches!(error, AskError::NoSuchActor { .. }), "{error}");
    let error = ask(&client, "doubler", Empty).await.unwrap_err();
    assert!(matches!(error, AskError::NoSuchMessage { .. }), "{error}");

    // An answer that comes during the shutdown is published.
    let asking = ask(&client, "slow", Double { number: 3 })
        .reply()
        .await
        .unwrap();
    while slow.seen().await.unwrap() == 0 {}
    broker.refuse_new();
    let error = ask(&client, "doubler", Double { number: 3 })
        .await
        .unwrap_err();
    assert!(matches!(error, AskError::Stopped { .. }), "{error}");
    slow.answer().await.unwrap();
    broker.close().await;
    assert_eq!(asking.await.unwrap().number, 5);
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_proxies_on_a_channel_do_not_contradict_each_other() {
    let channels = Channels::new();
    let (one, other) = (System::new("one"), System::new("other"));
    one.spawn(Doubler).unwrap();
    other.spawn(Slow::default()).unwrap();
    let brokers = (channels.serve(&one).await, channels.serve(&other).await);
    let client = channels.connect().await;
    for number in 0..20 {
        let doubled = ask(&client, "doubler", Double { number }).await.unwrap();
        assert_eq!(doubled.number, 2 * number);
    }
    let nobody = ask(&client, "nobody", Double { number: 1 });
    let error = nobody
        .timeout(Duration::from_millis(200))
        .await
        .unwrap_err();
    assert!(matches!(error, AskError::Deadline { .. }), "{error}");
    brokers.1.close().await;
    let error = ask(&client, "nobody", Double { number: 1 })
        .await
        .unwrap_err();
    assert!(matches!(error, AskError::NoSuchActor { .. }), "{error}");
    brokers.0.close().await;
}

/// Keeps the server from answering for some tenths of a second.
fn keep_busy(server: &Server) -> TcpStream {
    let mut busy = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    busy.write_all(b"EVAL 'for _ = 1, 2e7 do end' 0\r\n")
        .unwrap();
    busy
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_is_closing_does_not_contradict_another() {
    let channels = Channels::new();
    let (one, other) = (System::new("one"), System::new("other"));
    one.spawn(Doubler).unwrap();
    let slow = other.spawn(Slow::default()).unwrap();
    let (of_one, _of_other) = (channels.serve(&one).await, channels.serve(&other).await);
    let client = channels.connect().await;
    let number = 1;

    of_one.refuse_new();
    let asking = ask(&client, "slow", Double { number }).reply().await;
    // An answer to this request comes after one to the request before.
    let error = ask(&client, "doubler", Double { number }).await;
    let error = error.unwrap_err();
    assert!(matches!(error, AskError::Stopped { .. }), "{error}");
    while slow.seen().await.unwrap() < 1 {}
    slow.answer().await.unwrap();
    assert_eq!(asking.unwrap().await.unwrap().number, 5);
    of_one.close().await;

    for seen in 2..5 {
        let of_one = channels.serve(&one).await;
        let _busy = keep_busy(&channels.server);
        let ask = ask(&client, "slow", Double { number });
        let (asking, ()) = tokio::join!(ask.reply(), of_one.close());
        while slow.seen().await.unwrap() < seen {}
        slow.answer().await.unwrap();
        assert_eq!(asking.unwrap().await.unwrap().number, 5);
    }
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn systems_with_other_channels_never_meet() {
    let channels = [Channels::new(), Channels::new()];
    let mut systems = Vec::new();
    let mut clients = Vec::new();
    for (channels, plus) in channels.iter().zip([100, 200]) {
        let system = System::new("python");
        system.spawn(Adder { plus }).unwrap();
        systems.push((channels.serve(&system).await, system));
        clients.push(channels.connect().await);
    }
    // All at once, and each is answered by its own system.
    let asks = clients
        .iter()
        .zip([100, 200])
        .flat_map(|(client, plus)| (0..100).map(move |number| (client, number, plus)));
    join_all(asks.map(async |(client, number, plus)| {
        let sum = ask(client, "adder", Double { number }).await.unwrap();
        assert_eq!(sum.number, number + plus);
    }))
    .await;
    // The other one does not answer for a system that has ended.
    systems[0].0.close().await;
    let error = ask(&clients[0], "adder", Double { number: 1 })
        .await
        .unwrap_err();
    assert!(matches!(error, AskError::NoProxy { .. }), "{error}");
    let sum = ask(&clients[1], "adder", Double { number: 1 }).await;
    assert_eq!(sum.unwrap().number, 201);
    systems[1].0.close().await;
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_server_knows_of_the_end_of_a_broker_that_was_closed() {
    let channels = Channels::at(Server::start().into());
    let system = System::new("python");
    system.spawn(Doubler).unwrap();
    let client = channels.connect().await;
    for _ in 0..3 {
        let broker = channels.serve(&system).await;
        ask(&client, "doubler", Double { number: 1 }).await.unwrap();
        let _busy = keep_busy(&channels.server);
        broker.close().await;
        let error = ask(&client, "doubler", Double { number: 1 }).await;
        let error = error.unwrap_err();
        assert!(matches!(error, AskError::NoProxy { .. }), "{error}");
    }
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_on_the_server() {
    let channels = Channels::at(Server::start().into());
    let server = channels.server.clone();
    let state = async || {
        let clients = server.command(&["CLIENT", "LIST"]).await[0].lines().count();
        let patterns = server.command(&["PUBSUB", "NUMPAT"]).await;
        let names = server.command(&["PUBSUB", "CHANNELS"]).await;
        (clients, patterns, names, server.command(&["DBSIZE"]).await)
    };
    let before = state().await;
    let system = System::new("python");
    system.spawn(Doubler).unwrap();
    let broker = channels.serve(&system).await;
    let client = channels.connect().await;
    for number in 0..300 {
        ask(&client, "doubler", Double { number }).await.unwrap();
    }
    assert_eq!(server.command(&["PUBSUB", "NUMPAT"]).await, ["1"]);
    assert_eq!(
        server.command(&["PUBSUB", "CHANNELS"]).await,
        [&*channels.inbound]
    );
    client.close().await;
    client.close().await;
    broker.close().await;
    broker.close().await;
    let error = ask(&client, "doubler", Double { number: 1 })
        .await
        .unwrap_err();
    assert!(matches!(error, AskError::Disconnected { .. }), "{error}");
    while state().await != before {
        tokio::task::yield_now().await;
    }
    // The same after drops, without a word.
    let broker = channels.serve(&system).await;
    let client = channels.connect().await;
    drop((broker, client));
    while state().await != before {
        tokio::task::yield_now().await;
    }
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_ends_come_back_after_their_connections_are_killed() {
    let channels = Channels::at(Server::start().into());
    let server = channels.server.clone();
    let system = System::new("python");
    system.spawn(Doubler).unwrap();
    let slow = system.spawn(Slow::default()).unwrap();
    let broker = channels.serve(&system).await;
    let client = channels.connect().await;
    for round in 1..=3 {
        let asking = ask(&client, "slow", Double { number: 3 })
            .reply()
            .await
            .unwrap();
        while slow.seen().await.unwrap() < round {}
        server.command(&["CLIENT", "KILL", "TYPE", "PUBSUB"]).await;
        let error = asking.await.unwrap_err();
        assert!(matches!(error, AskError::Disconnected { .. }), "{error}");
        server.until_subscribers(&channels.inbound, 1).await;
        let doubled = ask(&client, "doubler", Double { number: 3 }).await.unwrap();
        assert_eq!(doubled.number, 6);
    }
    assert_eq!(server.command(&["PUBSUB", "NUMPAT"]).await, ["1"]);
    client.close().await;
    broker.close().await;
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_garbage_harms_nobody() {
    let channels = Channels::new();
    let system = System::new("python");
    system.spawn(Doubler).unwrap();
    let broker = channels.serve(&system).await;
    let client = channels.connect().await;
    let mut raw = channels.server.raw().await;
    let deep = format!(
        r#"{{"message_id":"d","message_type":"Double","actor_urn":"doubler","contents":{}1{}}}"#,
        r#"{"number":"#.repeat(50_000),
        "}".repeat(50_000),
    );
    let long = format!(
        r#"{{"message_id":"{}","message_type":"Double","actor_urn":"doubler","contents":{{}}}}"#,
        "i".repeat(256),
    );
    let large = format!(
        r#"{{"message_id":"l","message_type":"Double","actor_urn":"doubler","contents":{{"number":"{}"}}}}"#,
        "9".repeat(9 * 1024 * 1024),
    );
    let control =
        r#"{"message_id":"c","message_type":"conclib:stop","actor_urn":"doubler","contents":{}}"#;
    for garbage in ["", "{", "[]", "7", &deep, &long, control] {
        for _ in 0..20 {
            raw.command(&["PUBLISH", &channels.inbound, garbage])
                .await
                .unwrap();
        }
    }
    raw.command(&["PUBLISH", &channels.inbound, &large])
        .await
        .unwrap();
    // Requests that nobody ever subscribes for.
    let flood = 6000;
    for number in 0..flood {
        let request = format!(
            r#"{{"message_id":"n{number}","message_type":"Double","actor_urn":"doubler","contents":{{"number":1}}}}"#
        );
        raw.send(&["PUBLISH", &channels.inbound, &request])
            .await
            .unwrap();
    }
    for _ in 0..flood {
        assert_eq!(raw.answer().await.unwrap(), ["1"]);
    }
    let doubled = loop {
        match ask(&client, "doubler", Double { number: 3 }).await {
            // The flood may still be there.
            Err(AskError::MailboxFull { .. }) => {}
            answer => break answer.unwrap(),
        }
    };
    assert_eq!(doubled.number, 6);
    client.close().await;
    broker.close().await;
}

#[support::test]
async fn an_authkey_rules_the_channel_out_unless_the_url_allows_it() {
    let channels = Channels::new();
    let system = System::new("python");
    let key = || Some(AuthKey::random().unwrap());
    let error = PythonBroker::open(channels.url(), key(), system.inlet())
        .await
        .unwrap_err();
    assert!(matches!(error, RedisError::Unsigned), "{error}");
    let error = PythonClient::connect(channels.url(), key())
        .await
        .unwrap_err();
    assert!(matches!(error, RedisError::Unsigned), "{error}");
    let error = RedisBroker::open(channels.url(), None, system.inlet())
        .await
        .unwrap_err();
    assert!(matches!(error, RedisError::Url(_)), "{error}");

    let url = format!("{}&unsigned=allow", channels.url())
        .parse()
        .unwrap();
    PythonBroker::open(url, key(), system.inlet())
        .await
        .unwrap()
        .close()
        .await;
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_published_when_the_proxy_is_there_reaches_it() {
    let server = Server::shared();
    let proxy = async |channels: Channels| {
        let mut raw = channels.server.raw().await;
        let system = System::new("python");
        let broker = channels.serve(&system).await;
        let receivers = raw.command(&["PUBLISH", &channels.inbound, "{}"]).await;
        assert_eq!(receivers.unwrap(), ["1"]);
        broker.close().await;
    };
    for _ in 0..20 {
        // Several at once, so that the server is busy.
        join_all((0..10).map(|_| proxy(Channels::at(server.clone())))).await;
    }
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_without_permission_for_the_channels_gets_an_error() {
    let channels = Channels::at(Server::start().into());
    let rules = [
        "ACL",
        "SETUSER",
        "limited",
        "on",
        ">secret",
        "~*",
        "resetchannels",
        "+@all",
    ];
    assert_eq!(channels.server.command(&rules).await, ["OK"]);
    let url = channels.url().to_string();
    let url = url.replace("redis://", "redis://limited:secret@");
    let system = System::new("python");
    let opened = PythonBroker::open(url.parse().unwrap(), None, system.inlet()).await;
    assert!(
        matches!(opened, Err(RedisError::Command { .. })),
        "{opened:?}"
    );
    let connected = PythonClient::connect(url.parse().unwrap(), None).await;
    assert!(
        matches!(connected, Err(RedisError::Command { .. })),
        "{connected:?}"
    );
}
