//! Bare commands as written by hand with fred: both ends subscribe once, a
//! PUBLISH is the request and a PUBLISH the reply. The payload has the id, and no
//! body, name or deadline. Everything that has come is answered in one pipeline.
//!
//! A durable request is an XADD to a stream that a consumer group reads by a
//! blocking XREADGROUP, over a connection of its own; up to 64 entries that were
//! read together are answered by PUBLISH, and removed by XACK and XDEL, in one
//! pipeline. Nothing finds repetitions, keeps an answer, or has a second owner
//! wait for the first to die.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fred::bytes::Bytes;
use fred::interfaces::{ClientLike, EventInterface, PubsubInterface, StreamsInterface};
use fred::prelude::{Builder, Client as Connection, Config, ReconnectPolicy, ServerConfig, Value};
use fred::types::{Message, RespVersion};
use redis_harness::{Address, Client};
use tokio::sync::Mutex;
use tokio::sync::broadcast::Receiver;

/// Length of a request and of a reply, as conclib's.
const LEN: usize = 64;

/// Channel of the requests, and first part of the names of the channels of the
/// clients. The number of a client is in the payload.
const REQUESTS: &str = "bench:requests";
const REPLIES: &str = "bench:replies:";

/// Stream of the durable requests, its group and the only consumer of that, and
/// the field of an entry.
const STREAM: &str = "bench:stream";
const GROUP: &str = "servers";
const CONSUMER: &str = "server";
const FIELD: &str = "m";

/// Entries that are read at once, as conclib's.
const READ: u64 = 64;

/// Entries as they are read: their ids and fields, by their stream.
type Entries = HashMap<String, Vec<(String, HashMap<String, Bytes>)>>;

/// First byte of a message that needs no answer.
const TELL: u8 = 1;

#[derive(Clone)]
struct Bare {
    connection: Connection,
    number: u64,
    replies: Arc<Mutex<Receiver<Message>>>,
}

/// Connects to the server; so many messages may wait for their reader. fred takes
/// memory for all of them at once.
async fn connect(address: &Address, waiting: usize) -> Connection {
    let server = match address {
        Address::Unix(path) => ServerConfig::Unix { path: path.clone() },
        Address::Tcp(port) => ServerConfig::new_centralized("127.0.0.1", *port),
    };
    let config = Config { server, version: RespVersion::RESP3, ..Config::default() };
    let connection = Builder::from_config(config)
        .with_performance_config(|performance| performance.broadcast_channel_capacity = waiting)
        .with_connection_config(|connection| connection.tcp.nodelay = Some(true))
        .set_policy(ReconnectPolicy::new_constant(0, 100))
        .build()
        .expect("the configuration is valid");
    connection.init().await.expect("the server runs");
    connection
}

fn payload(message: Message) -> Bytes {
    message.value.into_bytes().expect("a message is bytes")
}

/// Publishes messages: one by itself, several in a pipeline.
async fn publish(connection: &Connection, mut messages: Vec<(String, Bytes)>) {
    if messages.len() < 2 {
        if let Some((channel, message)) = messages.pop() {
            let _: u64 = connection.publish(channel, message).await.expect("the server runs");
        }
        return;
    }
    let pipeline = connection.pipeline();
    for (channel, message) in messages {
        let _: Value = pipeline.publish(channel, message).await.expect("it is queued");
    }
    let _: Value = pipeline.last().await.expect("the server runs");
}

/// Reads the number of the client, after the first byte.
fn client(payload: &[u8]) -> u64 {
    u64::from_be_bytes(payload[1..9].try_into().expect("eight bytes"))
}

/// Answers the requests in the stream, for ever.
async fn serve_stream(reader: Connection, writer: Connection) {
    loop {
        let entries: Entries = reader
            .xreadgroup_map(GROUP, CONSUMER, Some(READ), Some(0), false, STREAM, ">")
            .await
            .expect("the server runs");
        let pipeline = writer.pipeline();
        let mut ids = Vec::new();
        for (id, mut fields) in entries.into_values().flatten() {
            let request = fields.remove(FIELD).expect("the field of a request");
            let channel = format!("{REPLIES}{}", client(&request));
            let _: Value = pipeline.publish(channel, request).await.expect("it is queued");
            ids.push(id);
        }
        let _: Value = pipeline.xack(STREAM, GROUP, ids.clone()).await.expect("it is queued");
        let _: Value = pipeline.xdel(STREAM, ids).await.expect("it is queued");
        let _: Value = pipeline.last().await.expect("the server runs");
    }
}

impl Client for Bare {
    async fn serve(address: Address, ready: impl FnOnce() + Send) {
        let connection = connect(&address, 1 << 15).await;
        let mut requests = connection.message_rx();
        connection.subscribe(REQUESTS).await.expect("the server runs");
        let reader = connect(&address, 1).await;
        // The group of a run before is there, and has read all.
        let _: Result<Value, _> = reader.xgroup_create(STREAM, GROUP, "$", true).await;
        tokio::spawn(serve_stream(reader, connection.clone()));
        ready();
        while let Ok(first) = requests.recv().await {
            let mut replies = Vec::new();
            let mut next = Some(payload(first));
            while let Some(request) = next {
                if request[0] != TELL {
                    let channel = format!("{REPLIES}{}", client(&request));
                    // A reply is as long as a short request.
                    replies.push((channel, request.slice(..LEN)));
                }
                next = requests.try_recv().ok().map(payload);
            }
            publish(&connection, replies).await;
        }
    }

    async fn connect(address: &Address) -> Self {
        let connection = connect(address, 1 << 10).await;
        let replies = Arc::new(Mutex::new(connection.message_rx()));
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        connection.subscribe(format!("{REPLIES}{number}")).await.expect("the server runs");
        Self { connection, number, replies }
    }

    async fn ask(&self) {
        self.send(0, &[]).await;
        self.reply().await;
    }

    async fn tell(&self) {
        self.send(TELL, &[]).await;
    }

    async fn settle(&self) {
        self.ask().await;
    }

    async fn carry(&self, text: &str) {
        self.send(0, text.as_bytes()).await;
        self.reply().await;
    }

    async fn ask_durably(&self) -> bool {
        let request = self.request(0, &[]);
        let entry = (FIELD, request);
        let _: Value = self
            .connection
            .xadd(STREAM, false, None::<()>, "*", entry)
            .await
            .expect("the server runs");
        // Each request has one reply, whichever of the tasks gets it.
        self.reply().await;
        true
    }

    async fn ask_many(&self, rounds: u64, in_flight: u64) {
        let mut replies = self.replies.lock().await;
        let (mut sent, mut received) = (0, 0);
        let mut free = in_flight;
        while received < rounds {
            let mut requests = Vec::new();
            while free > 0 && sent < rounds {
                requests.push((REQUESTS.to_owned(), self.request(0, &[])));
                (sent, free) = (sent + 1, free - 1);
            }
            publish(&self.connection, requests).await;
            let mut next = Some(replies.recv().await.expect("the server runs"));
            while let Some(reply) = next {
                assert_eq!(client(&payload(reply)), self.number);
                (received, free) = (received + 1, free + 1);
                next = replies.try_recv().ok();
            }
        }
    }
}

impl Bare {
    fn request(&self, kind: u8, text: &[u8]) -> Bytes {
        let mut request = Vec::with_capacity(LEN + text.len());
        request.push(kind);
        request.extend_from_slice(&self.number.to_be_bytes());
        request.resize(LEN, 0);
        request.extend_from_slice(text);
        request.into()
    }

    async fn send(&self, kind: u8, text: &[u8]) {
        let request = self.request(kind, text);
        let _: u64 = self.connection.publish(REQUESTS, request).await.expect("the server runs");
    }

    async fn reply(&self) {
        let reply = self.replies.lock().await.recv().await.expect("the server runs");
        assert_eq!(client(&payload(reply)), self.number);
    }
}

fn main() -> ExitCode {
    redis_harness::main::<Bare>()
}
