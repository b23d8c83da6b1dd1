//! Messages that others publish into the channels of a namespace.

use conclib::prelude::*;
use conclib::wire::{Codec, DeliveryClass, Envelope, Frame, RequestId, Wants};
use conclib_net::AuthKey;
use conclib_redis::{RedisBroker, RedisClient, RedisUrl};
use hmac::Mac as _;
use support::processes::eventually;

use super::history::History;
use super::raw::{Raw, Reply};
use super::worker::{Worker, WorkerWork};
use super::{ask, client, serve};
use crate::server;

/// Kinds of packets, and their version.
pub const VERSION: u8 = 1;
const FIND: u8 = 1;
const FOUND: u8 = 2;
const OPEN: u8 = 3;
const ACCEPT: u8 = 4;
pub const DATA: u8 = 5;
pub const READ: u8 = 6;
pub const CLOSE: u8 = 7;

async fn raw() -> Raw {
    Raw::connect(server::socket()).await.unwrap()
}

/// Channels of a namespace.
async fn channels(raw: &mut Raw, namespace: &str) -> Vec<String> {
    let pattern = format!("conclib:{namespace}:*");
    let found = raw.run(&format!("PUBSUB SHARDCHANNELS {pattern}")).await;
    found.list().into_iter().map(Reply::text).collect()
}

/// Next message of a subscription: its channel and its bytes.
async fn message(raw: &mut Raw) -> (String, Vec<u8>) {
    loop {
        let mut parts = raw.reply().await.list().into_iter().map(|part| match part {
            Reply::Bytes(bytes) => bytes,
            _ => Vec::new(),
        });
        let kind = parts.next().unwrap();
        let channel = String::from_utf8(parts.next().unwrap()).unwrap();
        if kind == b"smessage" {
            return (channel, parts.next().unwrap());
        }
    }
}

fn dropped(stats: conclib_redis::RedisStats) -> u64 {
    stats.forged + stats.stale
}

/// Garbage, half packets, a MiB of each kind, and 8 MiB.
fn garbage() -> Vec<Vec<u8>> {
    let mut all = vec![
        b"hello".to_vec(),
        vec![0; 100],
        vec![0xFF; 100],
        b"[".repeat(100_000),
    ];
    for kind in 0..=8 {
        let mut packet = vec![VERSION, kind];
        packet.extend([0xAB; 200]);
        for len in [1, 2, 3, 9, 10, 17, 18, 26, 33, 34, 50, 202] {
            all.push(packet[..len].to_vec());
        }
        packet.resize(1024 * 1024, kind);
        all.push(packet);
    }
    all.push(vec![DATA; 8 * 1024 * 1024]);
    all
}

#[support::test]
async fn garbage_and_half_packets_and_8_mib_harm_nobody() {
    for key in [None, Some(AuthKey::random().unwrap())] {
        let namespace = server::namespace();
        let url = format!("redis+unix://{}?ns={namespace}", server::socket());
        let url: RedisUrl = url.parse().unwrap();
        let (system, history) = (System::new("garbage"), History::default());
        system.spawn(Worker::new(&history)).unwrap();
        let broker = RedisBroker::open(url.clone(), key.clone(), system.inlet());
        let broker = broker.await.unwrap();
        let client = RedisClient::connect(url, key.clone()).await.unwrap();
        assert_eq!(ask(&client, "worker", WorkerWork { id: 1 }).await, Ok(1));
        let mut raw = raw().await;
        let mut channels = channels(&mut raw, &namespace).await;
        channels.retain(|name| name.contains(":in:") || name.ends_with(":find"));
        assert_eq!(channels.len(), 3, "two inboxes, and that of all proxies");
        let mut published = 0;
        for channel in &channels {
            for packet in garbage() {
                assert_eq!(raw.publish(channel, &packet).await, 1);
                published += 1;
            }
        }
        let gone = || dropped(client.stats()) + dropped(broker.stats());
        match key {
            Some(_) => eventually("all are counted", || gone() == published).await,
            None => eventually("most are counted", || gone() > published / 2).await,
        }
        for id in 2..100 {
            assert_eq!(ask(&client, "worker", WorkerWork { id }).await, Ok(id));
        }
        assert_eq!(
            (client.stats().reconnects, broker.stats().reconnects),
            (0, 0)
        );
        client.close().await;
        conclib::spi::Broker::close(&broker).await;
        system.shutdown().await;
        history.check_executed_once();
    }
}

#[support::test]
async fn of_10_000_forged_and_replayed_packets_none_is_delivered_and_all_are_counted() {
    const FORGED: u64 = 10_000;
    let (namespace, key) = (server::namespace(), AuthKey::random().unwrap());
    let url = format!("redis+unix://{}?ns={namespace}", server::socket());
    let url: RedisUrl = url.parse().unwrap();
    let (system, history) = (System::new("forged"), History::default());
    system.spawn(Worker::new(&history)).unwrap();
    let broker = RedisBroker::open(url.clone(), Some(key.clone()), system.inlet());
    let broker = broker.await.unwrap();
    let client = RedisClient::connect(url, Some(key)).await.unwrap();
    // A spy reads everything.
    let mut publisher = raw().await;
    let mut spy = raw().await;
    let channels = channels(&mut publisher, &namespace).await;
    for channel in &channels {
        spy.run(&format!("SSUBSCRIBE {channel}")).await;
    }
    assert_eq!(ask(&client, "worker", WorkerWork { id: 1 }).await, Ok(1));
    assert_eq!(ask(&client, "worker", WorkerWork { id: 2 }).await, Ok(2));
    let mut seen = Vec::new();
    // Search, answer, open, accept, and at least two requests and replies.
    while seen.len() < 8 {
        seen.push(message(&mut spy).await);
    }
    for kind in 1..=DATA {
        assert!(
            seen.iter().any(|(_, packet)| packet[1] == kind),
            "none of kind {kind}"
        );
    }
    assert_eq!(dropped(client.stats()) + dropped(broker.stats()), 0);
    let mut forged = 0;
    'all: for round in 0.. {
        for (channel, packet) in &seen {
            let mut packet = packet.clone();
            if round % 2 == 1 {
                // Another byte is another in each round; that of a pipe's number finds no pipe.
                let at = 2 + round % (packet.len() - 2);
                packet[at] ^= 1;
            }
            publisher.publish(channel, &packet).await;
            forged += 1;
            if forged == FORGED {
                break 'all;
            }
        }
    }
    let gone = || dropped(client.stats()) + dropped(broker.stats());
    eventually("all are counted", || gone() >= FORGED).await;
    assert!(client.stats().forged > 0 && client.stats().stale > 0);
    assert!(broker.stats().forged > 0 && broker.stats().stale > 0);
    // The pipe is unharmed.
    for id in 3..100 {
        assert_eq!(ask(&client, "worker", WorkerWork { id }).await, Ok(id));
    }
    assert_eq!(gone(), FORGED);
    assert_eq!((client.stats().peers, broker.stats().peers), (1, 1));
    client.close().await;
    conclib::spi::Broker::close(&broker).await;
    system.shutdown().await;
    history.check_executed_once();
}

/// Time of the clock, in milliseconds since 1970.
pub fn now() -> u64 {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    u64::try_from(now.as_millis()).unwrap()
}

/// Packet that opens a pipe of that number, whose random bytes are that number twice.
fn opening(number: [u8; 8], issued: u64, answers_to: &str) -> Vec<u8> {
    let mut packet = vec![VERSION, OPEN];
    packet.extend(number);
    packet.extend(issued.to_be_bytes());
    packet.extend([number, number].concat());
    packet.extend(answers_to.as_bytes());
    packet
}

/// Packet that searches the worker.
fn search(number: [u8; 8], issued: u64, answers_to: &str) -> Vec<u8> {
    search_of("worker", number, issued, answers_to)
}

/// Packet that searches the actor of that name.
pub fn search_of(urn: &str, number: [u8; 8], issued: u64, answers_to: &str) -> Vec<u8> {
    let mut packet = vec![VERSION, FIND];
    packet.extend(number);
    packet.extend(issued.to_be_bytes());
    packet.push(answers_to.len().try_into().unwrap());
    packet.extend(answers_to.as_bytes());
    packet.extend(urn.as_bytes());
    packet
}

/// Appends the signature of a packet to a channel.
fn signed(key: &AuthKey, channel: &str, mut packet: Vec<u8>) -> Vec<u8> {
    let mut mac = key.mac();
    mac.update(channel.as_bytes());
    mac.update(&packet);
    packet.extend_from_slice(&mac.finalize().into_bytes()[..16]);
    packet
}

/// Derives the key of the packets to the acceptor of a pipe, from the random bytes of both ends.
fn key_of_pipe(key: &AuthKey, opener: &[u8], acceptor: &[u8]) -> AuthKey {
    let mut mac = key.mac();
    for part in [b"conclib-redis pipe 1", &[0][..], opener, acceptor] {
        mac.update(part);
    }
    AuthKey::from_bytes(mac.finalize().into_bytes()).unwrap()
}

#[support::test]
async fn signed_requests_of_another_time_are_dropped_and_counted() {
    const MINUTE: u64 = 60_000;
    let (namespace, key) = (server::namespace(), AuthKey::random().unwrap());
    let url = format!("redis+unix://{}?ns={namespace}", server::socket());
    let (system, history) = (System::new("times"), History::default());
    system.spawn(Worker::new(&history)).unwrap();
    let broker = RedisBroker::open(url.parse().unwrap(), Some(key.clone()), system.inlet());
    let broker = broker.await.unwrap();
    let (mut publisher, mut spy) = (raw().await, raw().await);
    let channels = channels(&mut publisher, &namespace).await;
    let channel = |part: &str| channels.iter().find(|name| name.contains(part)).unwrap();
    let (all, inbox) = (channel(":find"), channel(":in:"));
    let answers_to = format!("conclib:{namespace}:spy");
    spy.run(&format!("SSUBSCRIBE {answers_to}")).await;
    let mut dropped = 0;
    let (stale, early) = (now() - 5 * MINUTE - 10_000, now() + MINUTE + 30_000);
    for issued in [0, stale - 60 * MINUTE, stale, early, u64::MAX] {
        for number in 1..=10 {
            let number = [number; 8];
            let packet = signed(&key, all, search(number, issued, &answers_to));
            assert_eq!(publisher.publish(all, &packet).await, 1);
            let packet = signed(&key, inbox, opening(number, issued, &answers_to));
            assert_eq!(publisher.publish(inbox, &packet).await, 1);
            dropped += 2;
        }
    }
    eventually("all are counted", || broker.stats().stale >= dropped).await;
    assert_eq!((broker.stats().stale, broker.stats().forged), (dropped, 0));
    assert_eq!((broker.stats().peers, history.executions()), (0, 0));
    // One of this time, made in the same way, is the first that is answered.
    let number = [99; 8];
    let packet = signed(&key, all, search(number, now(), &answers_to));
    publisher.publish(all, &packet).await;
    let (_, found) = message(&mut spy).await;
    assert_eq!((found[1], &found[2..10]), (FOUND, &number[..]));
    let packet = signed(&key, inbox, opening(number, now(), &answers_to));
    publisher.publish(inbox, &packet).await;
    let (_, accept) = message(&mut spy).await;
    assert_eq!((accept[1], &accept[2..10]), (ACCEPT, &number[..]));
    let pipe = key_of_pipe(&key, &[99; 16], &accept[18..34]);
    let work = request(Codec::Json, br#"{"id":7}"#);
    let packet = data(accept[10..18].try_into().unwrap(), 0, &work);
    let packet = signed(&pipe, inbox, packet);
    publisher.publish(inbox, &packet).await;
    eventually("the handler runs", || history.executions() == 1).await;
    assert_eq!((broker.stats().stale, broker.stats().forged), (dropped, 0));
    conclib::spi::Broker::close(&broker).await;
    system.shutdown().await;
}

/// Opens a pipe by hand, whose answers go to that channel, and returns its number there.
pub async fn open(
    raw: &mut Raw,
    spy: &mut Raw,
    inbox: &str,
    number: [u8; 8],
    answers_to: &str,
) -> [u8; 8] {
    let packet = opening(number, now(), answers_to);
    assert_eq!(raw.publish(inbox, &packet).await, 1);
    let accept = message_to(spy, number).await;
    assert_eq!(accept[1], ACCEPT);
    accept[10..18].try_into().unwrap()
}

/// Next packet for that pipe.
pub async fn message_to(spy: &mut Raw, number: [u8; 8]) -> Vec<u8> {
    loop {
        let (_, packet) = message(spy).await;
        if packet[2..10] == number {
            return packet;
        }
    }
}

pub fn data(pipe: [u8; 8], number: u64, bytes: &[u8]) -> Vec<u8> {
    let mut packet = vec![VERSION, DATA];
    packet.extend(pipe);
    packet.extend(number.to_be_bytes());
    packet.extend([0; 8]);
    packet.extend_from_slice(bytes);
    packet
}

fn request(codec: Codec, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let envelope = Envelope {
        id: RequestId::from_u128(1),
        to: "worker",
        message: "work",
        timeout: super::PATIENCE,
        trace: "",
        codec,
        fingerprint: 0,
        wants: Wants::Reply,
        class: DeliveryClass::AtMostOnce,
        attempt: 1,
        priority: None,
        chain: &[],
        body,
    };
    Frame::Request(envelope).encode(&mut bytes).unwrap();
    bytes
}

#[support::test]
async fn a_nested_bomb_in_a_pipe_that_was_opened_by_hand_is_an_answer() {
    let namespace = server::namespace();
    let url = format!("redis+unix://{}?ns={namespace}", server::socket());
    let (system, history) = (System::new("bomb"), History::default());
    system.spawn(Worker::new(&history)).unwrap();
    let broker = serve(&system, &url).await;
    let (mut publisher, mut spy) = (raw().await, raw().await);
    let channels = channels(&mut publisher, &namespace).await;
    let inbox = channels.iter().find(|name| name.contains(":in:")).unwrap();
    spy.run("SSUBSCRIBE conclib:spy").await;
    let bombs = [
        (Codec::Json, b"[".repeat(60_000)),
        (Codec::Json, b"{\"id\":".repeat(10_000)),
        (Codec::Bincode, vec![0xFD; 60_000]),
    ];
    for ((codec, body), number) in bombs.into_iter().zip(1..) {
        let number = [number; 8];
        let pipe = open(&mut publisher, &mut spy, inbox, number, "conclib:spy").await;
        let packet = data(pipe, 0, &request(codec, &body));
        assert_eq!(publisher.publish(inbox, &packet).await, 1);
        let answer = message_to(&mut spy, number).await;
        assert_eq!(answer[1], DATA, "the bomb is answered");
        // Bytes that are no frame end the pipe.
        publisher.publish(inbox, &data(pipe, 1, &[0xFF; 64])).await;
    }
    eventually("the pipes have ended", || broker.stats().peers == 0).await;
    let client = client(&url).await;
    assert_eq!(ask(&client, "worker", WorkerWork { id: 1 }).await, Ok(1));
    client.close().await;
    system.shutdown().await;
    history.check_executed_once();
}
