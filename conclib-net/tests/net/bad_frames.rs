//! Peers that send invalid frames, or too many frames, are disconnected, and
//! other clients are not affected.

use crate::house::{House, bytes, doubles, read_frame, read_to_end, request, soon, until};
use conclib::wire::{Frame, RequestId, Response, ResponseKind};
use tokio::io::AsyncWriteExt as _;

const DOUBLE: &[u8] = br#"{"n":4}"#;
const GOODBYE: &[u8] = &[0, 0, 0, 1, 4];

fn body_of(frame: &[u8]) -> &[u8] {
    match Frame::decode(frame).unwrap() {
        Frame::Response(Response {
            kind: ResponseKind::Reply,
            body,
            ..
        }) => body,
        other => panic!("no reply: {other:?}"),
    }
}

/// Sends `bad` after a good request that is not answered yet; the connection
/// is closed, and a good client is served before, meanwhile and afterwards.
async fn is_thrown_out(bad: &[u8]) {
    let mut house = House::new();
    let broker = house.open().await;
    let good = house.client().await;
    let mut stream = house.raw().await;
    stream
        .write_all(&bytes(&request(1, "Ponder", b"{}")))
        .await
        .unwrap();
    let unanswered = house.request().await;

    stream.write_all(bad).await.unwrap();
    assert!(doubles(&good, 1).await);
    assert_eq!(read_to_end(&mut stream).await, GOODBYE);
    until(|| broker.stats().connections == 1).await;
    assert_eq!(broker.stats().thrown_out, 1);

    // The error is ignored: the peer is disconnected.
    unanswered.respond(&1_u64).unwrap();
    assert!(doubles(&good, 2).await);
}

#[support::test]
async fn a_length_of_4_gib_is_not_waited_for() {
    is_thrown_out(&[0xFF; 4]).await;
}

#[support::test]
async fn a_length_one_over_the_limit_is_refused() {
    let len = u32::try_from(conclib::wire::MAX_FRAME + 1).unwrap();
    is_thrown_out(&len.to_be_bytes()).await;
}

#[support::test]
async fn garbage_is_no_frame() {
    is_thrown_out(b"\0\0\0\x05GET /").await;
}

#[support::test]
async fn a_frame_of_no_bytes_is_none() {
    is_thrown_out(&[0; 4]).await;
}

#[support::test]
async fn a_request_that_ends_in_its_head_is_none() {
    let frame = bytes(&request(2, "double", DOUBLE));
    let cut = 20_u32;
    is_thrown_out(&[&cut.to_be_bytes(), &frame[4..24]].concat()).await;
}

#[support::test]
async fn an_answer_to_nothing_is_refused() {
    let response = Frame::Response(Response {
        id: RequestId::from_u128(1),
        kind: ResponseKind::Reply,
        codec: conclib::wire::Codec::Json,
        body: b"8",
    });
    is_thrown_out(&bytes(&response)).await;
}

#[support::test]
async fn a_second_request_with_the_id_of_one_that_is_under_way_is_refused() {
    is_thrown_out(&bytes(&request(1, "Ponder", b"{}"))).await;
}

#[support::test]
async fn a_frame_that_is_cut_off_by_the_end_is_noticed() {
    let house = House::new();
    let broker = house.open().await;
    let good = house.client().await;
    let mut stream = house.raw().await;
    let frame = bytes(&request(1, "double", DOUBLE));
    stream.write_all(&frame[..frame.len() - 1]).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(read_to_end(&mut stream).await, b"");
    until(|| broker.stats().connections == 1).await;
    assert_eq!(broker.stats().thrown_out, 1);
    assert!(doubles(&good, 1).await);
}

#[support::test]
async fn an_id_may_be_used_again_when_it_is_answered() {
    let house = House::new();
    let _broker = house.open().await;
    let mut stream = house.raw().await;
    for _ in 0..3 {
        stream
            .write_all(&bytes(&request(1, "double", DOUBLE)))
            .await
            .unwrap();
        assert_eq!(body_of(&soon(read_frame(&mut stream)).await.unwrap()), b"8");
    }
}

#[support::test]
async fn a_peer_that_floods_and_does_not_read_is_not_read_from() {
    let house = House::new();
    let broker = house.open().await;
    let good = house.client().await;
    let mut stream = house.raw().await;
    let text = format!(r#"{{"text":"{}"}}"#, "x".repeat(1000));
    let frame = bytes(&request(1, "echo", text.as_bytes()));
    // Each id is free again when its answer is in the buffer, so these are all
    // good requests; some are refused because the mailbox is full.
    let mut written = 0;
    let mut id = 1_u128;
    let flood = async {
        loop {
            let mut frame = frame.clone();
            id += 1;
            frame[5..21].copy_from_slice(&id.to_be_bytes());
            stream.write_all(&frame).await.unwrap();
            written += frame.len();
        }
    };
    let serve = async {
        for n in 0..2000 {
            assert!(doubles(&good, n).await);
        }
    };
    tokio::select! {
        () = flood => unreachable!("it only ends by being stuck"),
        () = serve => {}
    }
    // Bound for the buffers of the sockets, the waiting bytes and the requests
    // under way, much less than the peer offers.
    assert!(written < 16 * 1024 * 1024, "{written} bytes were read");
    assert_eq!(broker.stats().thrown_out, 0);
}
