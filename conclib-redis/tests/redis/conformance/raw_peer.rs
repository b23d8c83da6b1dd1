//! Peer that opens a pipe by hand, and writes any bytes into it.

use std::sync::atomic::{AtomicU64, Ordering};

use conclib_testing::conformance::RawPeer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex, split};
use tokio::sync::watch;

use crate::faults::forged::{CLOSE, DATA, READ, VERSION, data, message_to, now, open, search_of};
use crate::faults::raw::Raw;
use crate::server;

/// Bytes that may be under way in one direction.
const WINDOW: u64 = 1024 * 1024;

/// Bytes of one packet.
const CHUNK: usize = 64 * 1024;

/// Connects to the system of a namespace that has the actor `subject`.
pub async fn connect(namespace: &str) -> Box<dyn RawPeer> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let here = format!("conclib:{namespace}:raw-{next}");
    // Late answers to the search are none of the pipe.
    let [searched, number] = [2 * next, 2 * next + 1].map(u64::to_be_bytes);
    let (mut publisher, mut spy) = (raw().await, raw().await);
    spy.run(&format!("SSUBSCRIBE {here}")).await;
    let all = format!("conclib:{namespace}:find");
    let packet = search_of("subject", searched, now(), &here);
    publisher.publish(&all, &packet).await;
    let there = loop {
        let found = message_to(&mut spy, searched).await;
        // The others answer, too, that they do not have it.
        if found[26] != 0 {
            break String::from_utf8(found[27..].to_vec()).unwrap();
        }
    };
    let pipe = open(&mut publisher, &mut spy, &there, number, &here).await;
    let (near, far) = duplex(CHUNK);
    tokio::spawn(carry(far, publisher, spy, there, [number, pipe]));
    Box::new(near)
}

async fn raw() -> Raw {
    Raw::connect(server::socket()).await.unwrap()
}

/// Carries bytes in both directions, until either end closes the pipe. `numbers` are those of the
/// pipe, here and there.
async fn carry(
    stream: DuplexStream,
    mut publisher: Raw,
    mut spy: Raw,
    there: String,
    numbers: [[u8; 8]; 2],
) {
    let [number, pipe] = numbers;
    let (mut reader, mut writer) = split(stream);
    // Bytes that were read here, and there.
    let (read, mut to_tell) = watch::channel(0_u64);
    let (read_there, mut told) = watch::channel(0_u64);
    let incoming = async {
        loop {
            let packet = message_to(&mut spy, number).await;
            if packet[1] == CLOSE {
                return;
            }
            // A read has its count where data has its number.
            let at = if packet[1] == DATA { 18 } else { 10 };
            let count = u64::from_be_bytes(packet[at..at + 8].try_into().unwrap());
            read_there.send_if_modified(|read| std::mem::replace(read, count.max(*read)) < count);
            if packet[1] == DATA && writer.write_all(&packet[26..]).await.is_ok() {
                read.send_modify(|read| *read += packet.len() as u64 - 26);
            }
        }
    };
    let outgoing = async {
        let (mut next, mut sent) = (0, 0);
        let mut bytes = vec![0; CHUNK];
        loop {
            let has_room = sent - *told.borrow_and_update() + CHUNK as u64 <= WINDOW;
            tokio::select! {
                read = reader.read(&mut bytes), if has_room => {
                    let len = read.unwrap_or(0);
                    if len == 0 {
                        let close = [&[VERSION, CLOSE][..], &pipe].concat();
                        publisher.publish(&there, &close).await;
                        return;
                    }
                    let packet = data(pipe, next, &bytes[..len]);
                    publisher.publish(&there, &packet).await;
                    (next, sent) = (next + 1, sent + len as u64);
                }
                _ = to_tell.changed() => {
                    let read = to_tell.borrow_and_update().to_be_bytes();
                    let packet = [&[VERSION, READ][..], &pipe, &read].concat();
                    publisher.publish(&there, &packet).await;
                }
                _ = told.changed() => {}
            }
        }
    };
    tokio::select! {
        () = incoming => {}
        () = outgoing => {}
    }
}
