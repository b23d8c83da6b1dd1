//! An invalid chain ends its request, and a chain in an invalid frame its
//! connection.

use crate::house::{House, bytes, doubles, read_frame, read_to_end, request, soon, until};
use conclib::wire::{Envelope, Frame, MAX_CHAIN, RequestId, Response, ResponseKind};
use tokio::io::AsyncWriteExt as _;

/// Chain with one waiting actor and its mark.
const CHAIN: &[u8] = b"\0\0\0\0\0\0\0\x01\0\x05asker\x05Asker";

fn with_chain(frame: Frame<'static>, chain: &[u8]) -> Vec<u8> {
    let Frame::Request(envelope) = frame else {
        panic!("no request: {frame:?}");
    };
    bytes(&Frame::Request(Envelope { chain, ..envelope }))
}

fn waits(id: u128, chain: &[u8]) -> Vec<u8> {
    bytes(&Frame::Waits {
        id: RequestId::from_u128(id),
        chain,
    })
}

/// Kind of an answer, and the id of its request.
fn answer(frame: &[u8]) -> (u128, ResponseKind) {
    match Frame::decode(frame).unwrap() {
        Frame::Response(Response { id, kind, .. }) => (id.as_u128(), kind),
        other => panic!("no answer: {other:?}"),
    }
}

#[support::test]
async fn a_chain_that_is_none_ends_its_request_alone() {
    let mut house = House::new();
    let _broker = house.open().await;
    let mut stream = house.raw().await;
    let asked = [1, 2].map(|id| with_chain(request(id, "Ponder", b"{}"), CHAIN));
    stream.write_all(&asked.concat()).await.unwrap();
    let [first, second] = [house.request().await, house.request().await];
    let more = [
        with_chain(request(3, "Ponder", b"{}"), &CHAIN[1..]),
        // Frames about an open request, an answered one, and an unknown one.
        waits(1, b"hostile"),
        waits(3, CHAIN),
        waits(9, CHAIN),
        waits(2, CHAIN),
    ];
    stream.write_all(&more.concat()).await.unwrap();
    for id in [3, 1] {
        let frame = soon(read_frame(&mut stream)).await.unwrap();
        assert_eq!(answer(&frame), (id, ResponseKind::Failure));
    }
    // The request is answered already.
    first.respond(&1_u64).unwrap();
    second.respond(&2_u64).unwrap();
    let frame = soon(read_frame(&mut stream)).await.unwrap();
    assert_eq!(answer(&frame), (2, ResponseKind::Reply));
}

/// Early answers do not let a client exceed its limit of requests.
#[support::test]
async fn a_request_that_is_told_early_keeps_its_place_until_its_actor_is_done() {
    let mut house = House::new();
    let broker = house.open().await;
    let mut stream = house.raw().await;
    let asked = with_chain(request(1, "Ponder", b"{}"), CHAIN);
    stream.write_all(&asked).await.unwrap();
    let _under_way = house.request().await;
    stream.write_all(&waits(1, b"hostile")).await.unwrap();
    let frame = soon(read_frame(&mut stream)).await.unwrap();
    assert_eq!(answer(&frame), (1, ResponseKind::Failure));
    stream.write_all(&asked).await.unwrap();
    read_to_end(&mut stream).await;
    until(|| broker.stats().thrown_out == 1).await;
}

#[support::test]
async fn an_empty_chain_and_one_that_is_too_long_are_no_frames() {
    let house = House::new();
    let broker = house.open().await;
    let good = house.client().await;
    let mut too_long = vec![8; 1];
    too_long.extend_from_slice(&[0; 16]);
    let empty = too_long.clone();
    too_long.resize(17 + MAX_CHAIN + 1, 0);
    for (frame, so_far) in [(too_long, 1), (empty, 2)] {
        let mut stream = house.raw().await;
        let len = u32::try_from(frame.len()).unwrap().to_be_bytes();
        stream.write_all(&len).await.unwrap();
        stream.write_all(&frame).await.unwrap();
        read_to_end(&mut stream).await;
        until(|| broker.stats().thrown_out == so_far).await;
        assert!(doubles(&good, 1).await);
    }
}
