//! Peers that write invalid frames are disconnected, or get an error; other clients are served.

use std::time::Duration;

use conclib_core::wire::{
    Codec, DeliveryClass, Envelope, Frame, MAX_FRAME, RequestId, Response, ResponseKind, Wants,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::{Stage, SubjectCalls};
use crate::conformance::rig::RawPeer;

type Raw = Box<dyn RawPeer>;

/// Longest time until a peer is disconnected that writes an invalid frame.
const PROMPTLY: Duration = Duration::from_secs(20);

const DOUBLE: &[u8] = br#"{"n":4}"#;

/// Encoded request to `subject`.
fn request(id: u128, message: &str, body: &[u8]) -> Vec<u8> {
    bytes(&Frame::Request(Envelope {
        id: RequestId::from_u128(id),
        to: "subject",
        message,
        timeout: Duration::from_secs(60),
        trace: "",
        codec: Codec::Json,
        fingerprint: 0,
        wants: Wants::Reply,
        class: DeliveryClass::AtMostOnce,
        attempt: 1,
        priority: None,
        chain: &[],
        body,
    }))
}

fn bytes(frame: &Frame<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame.encode(&mut bytes).unwrap();
    bytes
}

/// Reads one frame that is no announcement of the system, without its length.
async fn read(peer: &mut Raw) -> Vec<u8> {
    loop {
        let len = peer.read_u32().await.unwrap();
        let mut frame = vec![0; len as usize];
        peer.read_exact(&mut frame).await.unwrap();
        if !matches!(Frame::decode(&frame), Ok(Frame::Hello { .. })) {
            return frame;
        }
    }
}

/// Reads one response.
async fn response(peer: &mut Raw) -> (u128, ResponseKind, Vec<u8>) {
    let frame = read(peer).await;
    match Frame::decode(&frame) {
        Ok(Frame::Response(response)) => {
            (response.id.as_u128(), response.kind, response.body.to_vec())
        }
        other => panic!("no response: {other:?}"),
    }
}

/// Sends `bad` after a request that is under way. The peer is disconnected, its request is
/// cancelled, and a client is served before and after.
async fn is_thrown_out(at: &mut Stage, bad: &[u8]) {
    let Some(mut peer) = at.rig().raw().await else {
        return;
    };
    let left = at.probe.record().left;
    let n = 100 + left as u64;
    let body = format!(r#"{{"n":{n}}}"#);
    let asked = request(1, "until_left", body.as_bytes());
    peer.write_all(&asked).await.unwrap();
    at.probe.has_begun(n).await;
    // The end may come before all is written.
    let _ = peer.write_all(bad).await;
    let _ = peer.flush().await;
    let mut rest = Vec::new();
    // A reset is an end, too.
    let end = timeout(PROMPTLY, peer.read_to_end(&mut rest)).await;
    assert!(end.is_ok(), "still connected after {PROMPTLY:?}");
    assert!(
        rest.len() < 200,
        "{} bytes for an invalid frame",
        rest.len()
    );
    at.probe.until(|record| record.left == left + 1).await;
    assert_eq!(at.subject.double(21).await, Ok(42));
}

/// Lengths, kinds and heads of no frame.
pub async fn a_peer_that_writes_no_frames_is_disconnected(at: &mut Stage) {
    let longer = u32::try_from(MAX_FRAME + 1).unwrap().to_be_bytes();
    let good = request(2, "double", DOUBLE);
    let cut = [&20_u32.to_be_bytes()[..], &good[4..24]].concat();
    let garbage = &b"\0\0\0\x05GET /"[..];
    for bad in [&[0xFF; 4][..], &longer, &[0; 4], garbage, &cut] {
        is_thrown_out(at, bad).await;
    }
}

/// Frames that are valid, and not allowed at that point.
pub async fn a_peer_that_breaks_the_protocol_is_disconnected(at: &mut Stage) {
    let unasked = Response {
        id: RequestId::from_u128(77),
        kind: ResponseKind::Reply,
        codec: Codec::Json,
        body: b"8",
    };
    let again = request(1, "double", DOUBLE);
    for bad in [bytes(&Frame::Response(unasked)), again] {
        is_thrown_out(at, &bad).await;
    }
}

/// A frame that is cut off by the end of the connection.
pub async fn a_frame_that_is_cut_off_harms_no_other(at: &mut Stage) {
    let Some(mut peer) = at.rig().raw().await else {
        return;
    };
    let frame = request(1, "note", br#"{"n":1,"body":""}"#);
    peer.write_all(&frame[..frame.len() - 1]).await.unwrap();
    peer.shutdown().await.unwrap();
    let mut rest = Vec::new();
    let _ = peer.read_to_end(&mut rest).await;
    assert_eq!(at.subject.double(21).await, Ok(42));
    assert!(at.probe.record().begun.is_empty());
}

/// Frames in pieces of any size.
pub async fn frames_may_come_in_pieces(at: &mut Stage) {
    let Some(mut peer) = at.rig().raw().await else {
        return;
    };
    let two = [request(1, "double", DOUBLE), request(2, "double", DOUBLE)].concat();
    let mut cuts: Vec<_> = (0..=two.len())
        .map(|cut| vec![&two[..cut], &two[cut..]])
        .collect();
    cuts.push(two.chunks(1).collect());
    for pieces in cuts {
        for piece in pieces {
            peer.write_all(piece).await.unwrap();
            peer.flush().await.unwrap();
            // Lets the other end read this piece alone.
            tokio::task::yield_now().await;
        }
        for _ in 0..2 {
            let (_, kind, body) = response(&mut peer).await;
            assert_eq!((kind, &*body), (ResponseKind::Reply, &b"8"[..]));
        }
    }
}

/// Bodies, messages and actors that there are not: an error for the sender, who may go on.
pub async fn a_request_that_cannot_be_served_fails_alone(at: &mut Stage) {
    let Some(mut peer) = at.rig().raw().await else {
        return;
    };
    let deep = ["[".repeat(100_000), "]".repeat(100_000)].concat();
    let bad = [
        ("double", &b"{"[..]),
        ("double", b""),
        ("double", br#"{"n":-1}"#),
        ("double", br#"{"n":4}{"n":4}"#),
        ("double", deep.as_bytes()),
        ("no_such_message", DOUBLE),
        ("conclib:no-such-request", DOUBLE),
    ];
    for (id, (message, body)) in (1..).zip(bad) {
        peer.write_all(&request(id, message, body)).await.unwrap();
        let (answered, kind, _) = response(&mut peer).await;
        assert_eq!((answered, kind), (id, ResponseKind::Failure), "{message}");
    }
    peer.write_all(&request(9, "double", DOUBLE)).await.unwrap();
    assert_eq!(response(&mut peer).await.1, ResponseKind::Reply);
}

/// Cancels, credits and releases of nothing.
pub async fn late_frames_do_no_harm(at: &mut Stage) {
    let Some(mut peer) = at.rig().raw().await else {
        return;
    };
    let id = RequestId::from_u128(5);
    for frame in [Frame::Cancel(id), Frame::Credit { id, items: 7 }] {
        peer.write_all(&bytes(&frame)).await.unwrap();
    }
    peer.write_all(&request(5, "double", DOUBLE)).await.unwrap();
    let answer = response(&mut peer).await;
    assert_eq!(answer, (5, ResponseKind::Reply, b"8".to_vec()));
}

/// A peer that sends requests and reads no answers: its requests are not read without bound, and
/// other clients are served meanwhile.
pub async fn a_peer_that_does_not_read_holds_up_no_other(at: &mut Stage) {
    let Some(mut peer) = at.rig().raw().await else {
        return;
    };
    let body = format!(r#"{{"body":"{}"}}"#, "x".repeat(1000));
    let mut written = 0_usize;
    let flood = async {
        for id in 1.. {
            let frame = request(id, "echo", body.as_bytes());
            if peer.write_all(&frame).await.is_err() {
                // Disconnected: that is a bound, too.
                std::future::pending::<()>().await;
            }
            written += frame.len();
        }
    };
    let serve = async {
        for n in 0..2000 {
            assert_eq!(at.subject.double(n).await, Ok(2 * n));
        }
    };
    tokio::select! {
        () = flood => unreachable!("it ends by being stuck"),
        () = serve => {}
    }
    assert!(written < 32 * 1024 * 1024, "{written} bytes were read");
}
