//! Streams of replies as frames, and peers that break the rules: only the
//! affected stream ends.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context as Poller, Poll};

use crate::house::{
    House, PATIENCE, bytes, doubles, read_frame, read_to_end, request, soon, until,
};
use conclib::prelude::*;
use conclib::wire::{
    Codec, CodecError, DeliveryClass, Envelope, FIRST_CREDIT, Frame, RequestId, Response,
    ResponseKind, Wants,
};
use conclib_net::{Client, LocalBroker};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{UnixListener, UnixStream};

#[actor(urn = "counter")]
#[derive(Clone, Default)]
struct Counter {
    made: Arc<AtomicU64>,
    open: Arc<AtomicUsize>,
}

#[actor]
impl Counter {
    #[message]
    fn count(&mut self, to: u64) -> impl Stream<Item = u64> {
        self.open.fetch_add(1, Ordering::SeqCst);
        Numbers(self.clone(), 0..to)
    }

    #[message]
    fn one(&mut self) -> u64 {
        1
    }
}

impl Counter {
    fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    fn made(&self) -> u64 {
        self.made.load(Ordering::SeqCst)
    }
}

struct Numbers(Counter, std::ops::Range<u64>);

impl Stream for Numbers {
    type Item = u64;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Poller<'_>) -> Poll<Option<u64>> {
        self.0.made.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(self.1.next())
    }
}

impl Drop for Numbers {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

const ID: RequestId = RequestId::from_u128(1);

/// House with a counter, and a peer that writes raw bytes.
struct Stage {
    house: House,
    broker: LocalBroker,
    counter: Counter,
    stream: UnixStream,
}

impl Stage {
    async fn new() -> Self {
        let house = House::new();
        let counter = Counter::default();
        house.system.spawn(counter.clone()).unwrap();
        let broker = house.open().await;
        let stream = house.raw().await;
        Self {
            house,
            broker,
            counter,
            stream,
        }
    }

    async fn send(&mut self, frame: Frame<'_>) {
        self.stream.write_all(&bytes(&frame)).await.unwrap();
    }

    async fn count(&mut self, id: RequestId, to: &str) {
        let envelope = Envelope {
            id,
            to: "counter",
            message: "count",
            timeout: PATIENCE,
            trace: "",
            codec: Codec::Json,
            fingerprint: 0,
            wants: Wants::Reply,
            class: DeliveryClass::AtMostOnce,
            attempt: 1,
            priority: None,
            chain: &[],
            body: format!(r#"{{"to":{to}}}"#).as_bytes().to_owned().leak(),
        };
        self.send(Frame::Request(envelope)).await;
        assert_eq!(self.next().await, [2, 4, 2]);
    }

    /// Reads a frame, without its id.
    async fn next(&mut self) -> Vec<u8> {
        let mut frame = soon(read_frame(&mut self.stream)).await.unwrap();
        frame.drain(1..17);
        frame
    }

    async fn items(&mut self, numbers: std::ops::Range<u32>) {
        for n in numbers {
            assert_eq!(self.next().await, [&[5], n.to_string().as_bytes()].concat());
        }
    }

    /// Checks that no frame is left: the answer to this request comes after all
    /// others.
    async fn nothing_else_comes(&mut self) {
        self.send(request(9, "double", br#"{"n":4}"#)).await;
        assert_eq!(self.next().await, [&[2, 0, 2], &b"8"[..]].concat());
    }
}

#[support::test]
async fn items_come_as_far_as_there_is_credit_for_them() {
    let mut stage = Stage::new().await;
    stage.count(ID, "40").await;
    stage.items(0..FIRST_CREDIT).await;
    stage.nothing_else_comes().await;
    stage.send(Frame::Credit { id: ID, items: 5 }).await;
    stage.items(32..37).await;
    stage.nothing_else_comes().await;
    stage.send(Frame::Credit { id: ID, items: 4 }).await;
    stage.items(37..40).await;
    assert_eq!(stage.next().await, [6, 0]);
    // The id is free again.
    stage.count(ID, "1").await;
    stage.items(0..1).await;
    assert_eq!(stage.next().await, [6, 0]);
}

#[support::test]
async fn a_cancel_ends_a_stream_and_the_next_can_have_its_id() {
    let mut stage = Stage::new().await;
    stage.count(ID, "1000000").await;
    stage.items(0..FIRST_CREDIT).await;
    stage.send(Frame::Cancel(ID)).await;
    stage.count(ID, "2").await;
    stage.items(0..2).await;
    assert_eq!(stage.next().await, [6, 0]);
    until(|| stage.counter.open() == 0).await;
    // Late frames do no harm.
    stage.send(Frame::Cancel(ID)).await;
    stage.send(Frame::Credit { id: ID, items: 7 }).await;
    stage.nothing_else_comes().await;
    assert_eq!(stage.broker.stats().thrown_out, 0);
}

#[support::test]
async fn credit_without_bounds_is_bounded_by_the_bytes_that_wait() {
    let mut stage = Stage::new().await;
    let good = stage.house.client().await;
    stage.count(ID, "1000000000").await;
    for _ in 0..3 {
        let items = u32::MAX;
        stage.send(Frame::Credit { id: ID, items }).await;
    }
    for n in 0..1000 {
        assert!(doubles(&good, n).await);
    }
    assert!(stage.counter.made() < 100_000, "{}", stage.counter.made());
    // The items come once the client reads.
    stage.items(0..200_000).await;
    assert_eq!(stage.broker.stats().thrown_out, 0);
    drop(stage.stream);
    until(|| stage.counter.open.load(Ordering::SeqCst) == 0).await;
}

#[support::test]
async fn what_only_a_server_sends_is_refused() {
    let item = Frame::Item { id: ID, body: b"1" };
    let end = Frame::End {
        id: ID,
        failure: None,
    };
    for frame in [item, end] {
        let mut stage = Stage::new().await;
        stage.count(ID, "1000000").await;
        stage.items(0..FIRST_CREDIT).await;
        stage.send(frame).await;
        assert_eq!(read_to_end(&mut stage.stream).await, [0, 0, 0, 1, 4]);
        until(|| stage.broker.stats().thrown_out == 1).await;
        until(|| stage.counter.open() == 0).await;
    }
}

#[support::test]
async fn a_request_with_the_id_of_an_open_stream_is_refused() {
    let mut stage = Stage::new().await;
    stage.count(ID, "1000000").await;
    stage.items(0..FIRST_CREDIT).await;
    stage.send(request(1, "double", br#"{"n":4}"#)).await;
    assert_eq!(read_to_end(&mut stage.stream).await, [0, 0, 0, 1, 4]);
    until(|| stage.counter.open() == 0).await;
    assert_eq!(stage.broker.stats().thrown_out, 1);
}

/// Client, and a server whose part the test plays.
async fn played() -> (House, Arc<Client>, UnixStream) {
    let house = House::new();
    let listener = UnixListener::bind(&house.path).unwrap();
    let (client, server) = tokio::join!(house.client(), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        crate::house::welcome(&mut stream).await;
        stream
    });
    (house, client, server)
}

async fn tell(server: &mut UnixStream, frame: Frame<'_>) {
    server.write_all(&bytes(&frame)).await.unwrap();
}

/// The id of the request that comes now.
async fn asked(server: &mut UnixStream) -> RequestId {
    let frame = soon(read_frame(server)).await.unwrap();
    match Frame::decode(&frame).unwrap() {
        Frame::Request(envelope) => envelope.id,
        other => panic!("no request: {other:?}"),
    }
}

async fn hears(server: &mut UnixStream, frame: Frame<'_>) {
    let heard = soon(read_frame(server)).await.unwrap();
    assert_eq!(Frame::decode(&heard).unwrap(), frame);
}

async fn answer(server: &mut UnixStream, id: RequestId, kind: ResponseKind, body: &[u8]) {
    let codec = Codec::Bincode;
    let response = Response {
        id,
        kind,
        codec,
        body,
    };
    tell(server, Frame::Response(response)).await;
}

/// Asks for a stream, and gets one.
async fn open(client: &Arc<Client>, server: &mut UnixStream) -> (RequestId, Items<u64>) {
    let (items, id) = tokio::join!(crate::house::ask(client, CounterCount { to: 7 }), async {
        let id = asked(server).await;
        answer(server, id, ResponseKind::Stream, &[]).await;
        id
    });
    (id, items.unwrap())
}

/// Checks that the connection still works.
async fn still_good(client: &Arc<Client>, server: &mut UnixStream) {
    let (one, ()) = tokio::join!(crate::house::ask(client, CounterOne {}), async {
        let id = asked(server).await;
        answer(server, id, ResponseKind::Reply, &[1]).await;
    });
    assert_eq!(one, Ok(1));
}

async fn ends_in_a_codec_error(items: &mut Items<u64>) -> String {
    let error = items.next().await.unwrap().unwrap_err();
    let AskError::Codec { urn, error, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(urn, "desk");
    assert_eq!(items.next().await, None);
    error.to_string()
}

#[support::test]
async fn a_reader_gives_credit_as_it_reads() {
    let (_house, client, mut server) = played().await;
    let (id, mut items) = open(&client, &mut server).await;
    for _ in 0..FIRST_CREDIT {
        tell(&mut server, Frame::Item { id, body: &[3] }).await;
    }
    for _ in 0..FIRST_CREDIT / 2 {
        assert_eq!(soon(items.next()).await, Some(Ok(3)));
    }
    let items_read = FIRST_CREDIT / 2;
    let credit = Frame::Credit {
        id,
        items: items_read,
    };
    hears(&mut server, credit).await;
    drop(items);
    hears(&mut server, Frame::Cancel(id)).await;
    still_good(&client, &mut server).await;
}

#[support::test]
async fn more_items_than_credit_end_their_stream_alone() {
    let (_house, client, mut server) = played().await;
    let (bad, mut flooded) = open(&client, &mut server).await;
    let (id, mut other) = open(&client, &mut server).await;
    for _ in 0..=FIRST_CREDIT {
        tell(
            &mut server,
            Frame::Item {
                id: bad,
                body: &[3],
            },
        )
        .await;
    }
    hears(&mut server, Frame::Cancel(bad)).await;
    for _ in 0..FIRST_CREDIT {
        assert_eq!(flooded.next().await, Some(Ok(3)));
    }
    let text = ends_in_a_codec_error(&mut flooded).await;
    assert!(text.contains("credit"), "{text}");
    tell(&mut server, Frame::Item { id, body: &[4] }).await;
    assert_eq!(soon(other.next()).await, Some(Ok(4)));
    still_good(&client, &mut server).await;
}

#[support::test]
async fn an_item_that_does_not_decode_ends_its_stream_alone() {
    let (_house, client, mut server) = played().await;
    let long = vec![0; conclib::wire::MAX_BODY + 1];
    for body in [&b""[..], &[253, 1], &[1, 1], &long] {
        let (id, mut items) = open(&client, &mut server).await;
        tell(&mut server, Frame::Item { id, body: &[5] }).await;
        tell(&mut server, Frame::Item { id, body }).await;
        tell(&mut server, Frame::Item { id, body: &[6] }).await;
        assert_eq!(soon(items.next()).await, Some(Ok(5)));
        soon(ends_in_a_codec_error(&mut items)).await;
        hears(&mut server, Frame::Cancel(id)).await;
        still_good(&client, &mut server).await;
    }
}

#[support::test]
async fn what_belongs_to_no_stream_is_passed_over() {
    let (_house, client, mut server) = played().await;
    let (id, mut items) = open(&client, &mut server).await;
    let unknown = RequestId::from_u128(99);
    let failure = None;
    tell(
        &mut server,
        Frame::Item {
            id: unknown,
            body: &[1],
        },
    )
    .await;
    tell(
        &mut server,
        Frame::End {
            id: unknown,
            failure,
        },
    )
    .await;
    tell(&mut server, Frame::Item { id, body: &[5] }).await;
    tell(&mut server, Frame::End { id, failure }).await;
    tell(&mut server, Frame::Item { id, body: &[6] }).await;
    tell(&mut server, Frame::End { id, failure }).await;
    assert_eq!(soon(items.next()).await, Some(Ok(5)));
    assert_eq!(soon(items.next()).await, None);
    drop(items);
    still_good(&client, &mut server).await;
}

#[support::test]
async fn an_end_that_cannot_be_read_is_no_silent_end() {
    let (_house, client, mut server) = played().await;
    let (id, mut items) = open(&client, &mut server).await;
    let failure = Some((Codec::Bincode, &[77][..]));
    tell(&mut server, Frame::End { id, failure }).await;
    let error = soon(items.next()).await.unwrap().unwrap_err();
    assert!(matches!(error, AskError::Codec { .. }), "{error}");
    assert_eq!(items.next().await, None);
}

#[support::test]
async fn an_answer_of_the_other_kind_is_an_error() {
    let (_house, client, mut server) = played().await;
    let (one, id) = tokio::join!(crate::house::ask(&client, CounterOne {}), async {
        let id = asked(&mut server).await;
        answer(&mut server, id, ResponseKind::Stream, &[]).await;
        id
    });
    let error = one.unwrap_err();
    assert!(matches!(error, AskError::Codec { .. }), "{error}");
    hears(&mut server, Frame::Cancel(id)).await;

    let (many, ()) = tokio::join!(crate::house::ask(&client, CounterCount { to: 1 }), async {
        let id = asked(&mut server).await;
        answer(&mut server, id, ResponseKind::Reply, &[1]).await;
    });
    let error = many.unwrap_err();
    let AskError::Codec { error, .. } = error else {
        panic!("{error}");
    };
    assert!(matches!(*error, CodecError::Malformed { .. }), "{error}");
    still_good(&client, &mut server).await;
}

#[support::test]
async fn a_server_that_dies_cuts_its_streams_off() {
    let (_house, client, mut server) = played().await;
    let (id, mut items) = open(&client, &mut server).await;
    tell(&mut server, Frame::Item { id, body: &[5] }).await;
    drop(server);
    assert_eq!(soon(items.next()).await, Some(Ok(5)));
    let error = soon(items.next()).await.unwrap().unwrap_err();
    assert!(
        matches!(
            error,
            AskError::Disconnected {
                delivery: Delivery::MayHaveRun,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(items.next().await, None);
}
