//! Many askers over one connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::house::{
    House, PATIENCE, Ponder, ask, bytes, doubles, read_frame, request, soon, until, welcome,
};
use conclib::spi::{Answerer, Failure, Outlet, SendRefused};
use conclib::wire::{Codec, DeliveryClass, Envelope, Frame, Response, ResponseKind, Wants};
use conclib_net::Client;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

/// Sends a request that is never answered, and counts its end.
fn send(client: &Arc<Client>, ended: &Arc<AtomicUsize>) -> Result<(), SendRefused> {
    let ended = ended.clone();
    let envelope = Envelope {
        id: client.next_id(),
        to: "desk",
        message: "Ponder",
        timeout: PATIENCE,
        trace: "",
        codec: Codec::Json,
        fingerprint: 0,
        wants: Wants::Reply,
        class: DeliveryClass::AtMostOnce,
        attempt: 1,
        priority: None,
        chain: &[],
        body: b"{}",
    };
    let answerer = Answerer::new(move |_| {
        ended.fetch_add(1, Ordering::SeqCst);
    });
    client
        .send(&envelope, answerer)
        .map_err(|(unsent, _)| unsent)
}

#[support::test]
async fn the_window_lets_256_requests_out_and_then_one_for_each_answer() {
    let mut house = House::new();
    let _broker = house.open().await;
    let client = house.client().await;
    let ended = Arc::new(AtomicUsize::new(0));
    for _ in 0..256 {
        send(&client, &ended).unwrap();
    }
    assert_eq!(send(&client, &ended), Err(SendRefused::Busy));

    let mut waiters = JoinSet::new();
    for _ in 0..10 {
        waiters.spawn(client.room("desk"));
    }
    until(|| waiters.len() == 10).await;
    tokio::task::yield_now().await;
    assert!(waiters.try_join_next().is_none());

    house.request().await.respond(&1_u64).unwrap();
    soon(waiters.join_next()).await.unwrap().unwrap().unwrap();
    assert_eq!(ended.load(Ordering::SeqCst), 1);
    assert!(
        waiters.try_join_next().is_none(),
        "one place, and more than one was woken"
    );

    // A woken sender that leaves passes its slot on.
    send(&client, &ended).unwrap();
    assert_eq!(send(&client, &ended), Err(SendRefused::Busy));
    for left in (0..9).rev() {
        house.request().await.respond(&1_u64).unwrap();
        soon(waiters.join_next()).await.unwrap().unwrap().unwrap();
        assert_eq!(waiters.len(), left);
    }
}

#[support::test]
async fn a_place_is_not_lost_with_a_waiter_that_left() {
    let mut house = House::new();
    let _broker = house.open().await;
    let client = house.client().await;
    let ended = Arc::new(AtomicUsize::new(0));
    for _ in 0..256 {
        send(&client, &ended).unwrap();
    }
    let mut first = Box::pin(client.room("desk"));
    let mut second = Box::pin(client.room("desk"));
    let waker = std::task::Waker::noop();
    assert!(
        first
            .as_mut()
            .poll(&mut std::task::Context::from_waker(waker))
            .is_pending()
    );
    assert!(
        second
            .as_mut()
            .poll(&mut std::task::Context::from_waker(waker))
            .is_pending()
    );
    let second = tokio::spawn(second);
    tokio::task::yield_now().await;

    house.request().await.respond(&1_u64).unwrap();
    until(|| ended.load(Ordering::SeqCst) == 1).await;
    drop(first);
    soon(second).await.unwrap().unwrap();
}

#[support::test]
async fn an_asker_that_leaves_gives_its_place_back_and_is_skipped() {
    let mut house = House::new();
    let _broker = house.open().await;
    let client = house.client().await;
    let asker = tokio::spawn({
        let client = client.clone();
        async move { ask(&client, Ponder { n: 1 }).await }
    });
    let request = house.request().await;
    assert_eq!(client.stats().in_flight, 1);
    asker.abort();
    let _ = asker.await;
    assert_eq!(client.stats().in_flight, 0);

    // The cancellation is on its way before this is, and the answer to what was
    // cancelled does not come.
    assert!(doubles(&client, 3).await);
    request.respond(&1_u64).unwrap();
    assert!(doubles(&client, 3).await);
    assert_eq!(client.stats().late, 0);
}

#[support::test]
async fn a_reply_whose_reading_panics_ends_nothing_else() {
    let mut house = House::new();
    let _broker = house.open().await;
    let client = house.client().await;
    let envelope = Envelope {
        id: client.next_id(),
        to: "desk",
        message: "Ponder",
        timeout: PATIENCE,
        trace: "",
        codec: Codec::Json,
        fingerprint: 0,
        wants: Wants::Reply,
        class: DeliveryClass::AtMostOnce,
        attempt: 1,
        priority: None,
        chain: &[],
        body: b"{}",
    };
    let answerer = Answerer::new(|_| panic!("on purpose"));
    assert!(client.send(&envelope, answerer).is_ok());
    house.request().await.respond(&1_u64).unwrap();
    until(|| client.stats().in_flight == 0).await;
    assert!(doubles(&client, 3).await);
    assert_eq!(client.stats().reconnects, 0);
}

#[support::test]
async fn ids_are_new_each_time_and_grow() {
    let house = House::new();
    let _broker = house.open().await;
    let clients = [house.client().await, house.client().await];
    let ids: Vec<_> = (0..1000).map(|_| clients[0].next_id()).collect();
    assert!(ids.is_sorted());
    let mut all: Vec<_> = (0..1000).map(|_| clients[1].next_id()).chain(ids).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 2000);
    assert!(all.iter().all(|id| id.get_version_num() == 7));
}

/// Sends a request to an actor.
async fn push(peer: &mut UnixStream, id: u128, to: &str) {
    let Frame::Request(envelope) = request(id, "Ponder", b"{}") else {
        panic!("another frame");
    };
    let frame = Frame::Request(Envelope { to, ..envelope });
    peer.write_all(&bytes(&frame)).await.unwrap();
}

/// Reads the answer to a request: its failure, or `None` if there is a reply.
async fn pull(peer: &mut UnixStream, id: u128) -> Option<Failure> {
    let frame = soon(read_frame(peer)).await.unwrap();
    match Frame::decode(&frame).unwrap() {
        Frame::Response(Response {
            id: of,
            kind,
            codec,
            body,
        }) => {
            assert_eq!(of.as_u128(), id);
            (kind == ResponseKind::Failure).then(|| Failure::read(codec, body))
        }
        other => panic!("{other:?}"),
    }
}

#[support::test]
async fn a_greedy_peer_gets_mailbox_full_for_each_request_over_its_share() {
    let mut house = House::new();
    let broker = house.open().await;
    let good = house.client().await;
    let mut greedy = house.raw().await;
    // Each of them has left the mailbox, so only the share is full.
    let mut held = Vec::new();
    for id in 0..256 {
        push(&mut greedy, id, "desk").await;
        held.push(house.request().await);
    }
    for id in 256..266 {
        push(&mut greedy, id, "desk").await;
        assert_eq!(pull(&mut greedy, id).await, Some(Failure::MailboxFull));
    }
    assert!(house.requests.try_recv().is_err());

    // The share is that of one actor, and of one peer.
    push(&mut greedy, 300, "nobody").await;
    assert_eq!(pull(&mut greedy, 300).await, Some(Failure::NoSuchActor));
    assert!(doubles(&good, 1).await);

    // An answer makes room for one more.
    held.remove(0).respond(&1_u64).unwrap();
    assert_eq!(pull(&mut greedy, 0).await, None);
    push(&mut greedy, 301, "desk").await;
    held.push(house.request().await);
    push(&mut greedy, 302, "desk").await;
    assert_eq!(pull(&mut greedy, 302).await, Some(Failure::MailboxFull));
    assert_eq!(
        (broker.stats().connections, broker.stats().thrown_out),
        (2, 0)
    );
}

#[support::test]
async fn an_answer_after_its_asker_has_left_is_counted_in_the_snapshot() {
    let house = House::new();
    let listener = UnixListener::bind(&house.path).unwrap();
    let (client, mut server) = tokio::join!(house.client(), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        welcome(&mut stream).await;
        stream
    });
    client.serve(&house.system.inlet());
    let asker = tokio::spawn({
        let client = client.clone();
        async move { ask(&client, Ponder { n: 1 }).await }
    });
    let id = loop {
        let frame = soon(read_frame(&mut server)).await.unwrap();
        if let Ok(Frame::Request(request)) = Frame::decode(&frame) {
            break request.id;
        }
    };
    let link = || house.system.snapshot().links.remove(0);
    assert_eq!((link().late, link().pending), (0, 1));
    asker.abort();
    let _ = asker.await;
    // The server had answered before the cancellation came.
    let answer = Frame::Response(Response {
        id,
        kind: ResponseKind::Reply,
        codec: Codec::Json,
        body: b"1",
    });
    server.write_all(&bytes(&answer)).await.unwrap();
    until(|| link().late == 1).await;
    assert!(link().connected);
    let table = house.system.snapshot().to_string();
    assert!(table.contains(", late answers: 1, "), "{table}");
}
