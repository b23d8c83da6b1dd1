//! The graph of waiting actors is empty after a remote ask has ended in any
//! way.
//!
//! The graph belongs to the process, so each test has a process of its own.

use std::sync::Arc;
use std::time::Duration;

use conclib::__private::is_anybody_waiting;
use conclib::prelude::*;
use conclib::spi::{Origin, Outcome, ReplySink};
use conclib::wire::{
    Codec, DeliveryClass, Envelope, MAX_CHAIN_STEPS, RequestId, ResponseEnvelope, ResponseKind,
    Wants,
};
use support::nodes::{NodeCalls, NodeHoldAndPass, NodePass, Pair, node};
use support::outside::{Road, on_every_road};
use support::until;

on_every_road! {
    alone;
    it_is_answered,
    it_would_close_a_circle,
    its_asker_drops_it,
    its_time_is_over,
    its_connection_is_closed,
    its_actor_panics,
    its_actor_is_killed,
    it_is_answered_later,
    asks_from_outside_of_turns_enter_nobody,
}

async fn nobody_waits() {
    until(|| !is_anybody_waiting()).await;
}

async fn it_is_answered(road: Road) -> conclib::Result {
    let mut pair = Pair::open(road).await?;
    let asked = pair.nodes[0].ask_held().reply().await?;
    let keeper = pair.watches[1].turn().await;
    assert!(is_anybody_waiting());
    let waiting = &pair.homes[0].system.snapshot().actors[0].waiting_for;
    assert_eq!(waiting, &[Urn::new("b")?]);
    keeper.open();
    assert_eq!(asked.await?, "end");
    nobody_waits().await;
    Ok(())
}

async fn it_would_close_a_circle(road: Road) -> conclib::Result {
    let pair = Pair::open(road).await?;
    assert!(pair.nodes[0].pass(2).await.is_err());
    nobody_waits().await;
    Ok(())
}

async fn its_asker_drops_it(road: Road) -> conclib::Result {
    let mut pair = Pair::open(road).await?;
    let given_up = pair.nodes[0].give_up().reply().await?;
    let in_b = pair.watches[1].turn().await;
    let in_a = pair.watches[0].turn().await;
    assert!(is_anybody_waiting());
    in_a.open();
    assert_eq!(given_up.await?, "gave up");
    // The turn in the other system continues, and no actor waits for it.
    nobody_waits().await;
    in_b.open();
    Ok(())
}

async fn its_time_is_over(road: Road) -> conclib::Result {
    let mut pair = Pair::open(road).await?;
    let waited = pair.nodes[0].wait_for(50).reply().await?;
    let in_b = pair.watches[1].turn().await;
    assert!(waited.await?.contains("within 50ms"));
    nobody_waits().await;
    in_b.open();
    Ok(())
}

async fn its_connection_is_closed(road: Road) -> conclib::Result {
    let mut pair = Pair::open(road).await?;
    let asked = pair.nodes[0].ask_held().reply().await?;
    let in_b = pair.watches[1].turn().await;
    assert!(is_anybody_waiting());
    pair.homes[1].proxy.close().await;
    let error = asked.await.unwrap_err().to_string();
    assert!(error.contains("was lost"), "{error}");
    nobody_waits().await;
    in_b.open();
    Ok(())
}

async fn its_actor_panics(road: Road) -> conclib::Result {
    let mut pair = Pair::open(road).await?;
    let asked = pair.nodes[0].ask_to_explode().reply().await?;
    let in_b = pair.watches[1].turn().await;
    assert!(is_anybody_waiting());
    in_b.open();
    let error = asked.await.unwrap_err().to_string();
    assert!(error.contains("it explodes"), "{error}");
    nobody_waits().await;
    Ok(())
}

async fn its_actor_is_killed(road: Road) -> conclib::Result {
    let mut pair = Pair::open(road).await?;
    let asked = pair.nodes[0].ask_held().reply().await?;
    let _in_b = pair.watches[1].turn().await;
    // One request whose turn runs, and one that is queued.
    let (other, watch) = node();
    let other = pair.homes[0].system.actor(other).urn("other").spawn()?;
    watch.leads_to(pair.homes[1].far("b").await?);
    let queued = other.pass(1).reply().await?;
    until(|| pair.homes[1].system.snapshot().actors[0].depth == 1).await;
    pair.nodes[1].kill().await;
    for answer in [asked, queued] {
        let error = answer.await.unwrap_err().to_string();
        assert!(error.contains("stopped"), "{error}");
    }
    nobody_waits().await;
    Ok(())
}

async fn it_is_answered_later(road: Road) -> conclib::Result {
    let pair = Pair::open(road).await?;
    let [a, b] = &pair.nodes;
    let later = a.ask_for_later().reply().await?;
    while !b.has_kept().await? {}
    // `a` waits, but for no turn of `b`.
    assert_eq!(b.answer().await?, "end");
    assert_eq!(later.await?, "later");
    nobody_waits().await;
    Ok(())
}

async fn asks_from_outside_of_turns_enter_nobody(road: Road) -> conclib::Result {
    let mut pair = Pair::open(road).await?;
    let far = pair.homes[1].far("b").await?;
    let asked = far.hold_and_pass(0).reply().await?;
    let in_b = pair.watches[1].turn().await;
    far.pass(0).tell().await?;
    assert!(!is_anybody_waiting());
    in_b.open();
    assert_eq!(asked.await?, "end");
    assert_eq!(pair.nodes[0].beside().await?, "end");
    assert!(!is_anybody_waiting());
    Ok(())
}

/// Keeps the answers.
#[derive(Default)]
struct Answers(std::sync::Mutex<Vec<ResponseEnvelope>>);

impl ReplySink for Answers {
    fn respond(&self, id: RequestId, codec: Codec, outcome: Outcome) {
        let (response, _) = outcome.into_response(id, codec);
        self.0.lock().unwrap().push(response);
    }
}

fn step(mark: u64, via: u8, urn: &[u8], type_name: &[u8]) -> Vec<u8> {
    let mut step = mark.to_be_bytes().to_vec();
    step.push(via);
    for name in [urn, type_name] {
        step.push(u8::try_from(name.len()).unwrap());
        step.extend_from_slice(name);
    }
    step
}

/// An invalid chain ends its own request, unhandled, with an error that says
/// why.
#[support::test(alone)]
async fn a_hostile_chain_is_refused() -> conclib::Result {
    let system = System::new("hostile");
    let (actor, mut watch) = node();
    let honest = system.actor(actor).urn("node").spawn()?;
    let mut body = Vec::new();
    Codec::Bincode.encode(&NodeHoldAndPass { left: 0 }, &mut body)?;
    let sink = Arc::new(Answers::default());
    let deliver = |id: u128, chain: &[u8]| {
        let envelope = Envelope {
            id: RequestId::from_u128(id),
            to: "node",
            message: NodeHoldAndPass::NAME,
            timeout: Duration::from_secs(60),
            trace: "",
            codec: Codec::Bincode,
            fingerprint: 0,
            wants: Wants::Reply,
            class: DeliveryClass::AtMostOnce,
            attempt: 1,
            priority: None,
            chain,
            body: &body,
        };
        system
            .inlet()
            .deliver(&envelope, sink.clone(), Origin::Local)
    };
    let first = step(1, 0, b"a", b"A");
    let with = |rest: Vec<u8>| [first.clone(), rest].concat();
    let many: Vec<_> = (0..=MAX_CHAIN_STEPS).flat_map(|_| first.clone()).collect();
    let hostile = [
        (first[..5].to_vec(), "cut short"),
        (first[..first.len() - 1].to_vec(), "cut short"),
        (step(0, 0, b"a", b"A"), "nobody's mark"),
        (step(1, 1, b"a", b"A"), "waits for none before it"),
        (with(step(2, 1, b"b", b"B")), "waits for none before it"),
        (with(step(2, 255, b"b", b"B")), "waits for none before it"),
        (with(step(2, 0, b"", b"B")), "urn"),
        (with(step(2, 0, b"a b", b"B")), "urn"),
        (with(step(2, 0, b"\xff", b"B")), "urn"),
        (with(step(2, 0, b"b", b"\x1b[31m")), "no printable name"),
        (with(step(2, 0, b"b", b"\xff")), "no printable name"),
        (many, "over 64 steps"),
    ];
    let count = hostile.len();
    for ((chain, why), id) in hostile.into_iter().zip(0..) {
        assert!(deliver(id, &chain).is_none(), "{why}");
        let answer = sink.0.lock().unwrap().pop().unwrap();
        assert_eq!(answer.kind, ResponseKind::Failure);
        let failure: conclib::spi::Failure = answer.codec.decode(&answer.body)?;
        let failure = format!("{failure:?}");
        assert!(failure.contains(why), "{failure}");
        assert!(failure.contains("NotDelivered"), "{failure}");
    }
    assert!(!is_anybody_waiting());
    assert_eq!(honest.pass(0).await?, "end");

    // A request with a valid chain ends by a later invalid one.
    let asked = deliver(count as u128, &first).expect("it waits");
    watch.turn().await.open();
    until(|| !sink.0.lock().unwrap().is_empty()).await;
    assert!(asked.waits(RequestId::nil(), b"hostile").is_none());
    sink.0.lock().unwrap().clear();
    let asked = deliver(99, &first).expect("it waits");
    let keeper = watch.turn().await;
    assert!(is_anybody_waiting());
    let ended = asked.waits(RequestId::from_u128(99), b"hostile");
    assert_eq!(ended.map(|ended| ended.kind), Some(ResponseKind::Failure));
    assert!(!is_anybody_waiting());
    keeper.open();
    assert_eq!(honest.pass(0).await?, "end");
    // The sink still gets the notice that the actor is done with the request.
    let done = sink
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|answer| answer.id.as_u128())
        .collect::<Vec<_>>();
    assert_eq!(done, [99]);
    Ok(())
}

/// Invented chains affect no other request, however many there are.
#[support::test(alone)]
async fn a_lying_chain_harms_no_honest_ask() -> conclib::Result {
    let mut pair = Pair::open(Road::Unix).await?;
    let busy = pair.nodes[1].hold_and_pass(1).reply().await?;
    let keeper = pair.watches[1].turn().await;
    let sink = Arc::new(Answers::default());
    let mut body = Vec::new();
    Codec::Bincode.encode(&NodePass { left: 0 }, &mut body)?;
    // The chains say that every actor waits for them, and so for `b`.
    for id in 0..50 {
        let mut chain = step(1 + id, 0, b"liar", b"Liar");
        for urn in [b"a", b"b"] {
            chain.extend(step(1000 + id, 0, urn, b"Node"));
        }
        let envelope = Envelope {
            id: RequestId::from_u128(id.into()),
            to: "b",
            message: NodePass::NAME,
            timeout: Duration::from_secs(60),
            trace: "",
            codec: Codec::Bincode,
            fingerprint: 0,
            wants: Wants::Reply,
            class: DeliveryClass::AtMostOnce,
            attempt: 1,
            priority: None,
            chain: &chain,
            body: &body,
        };
        let inlet = pair.homes[1].system.inlet();
        assert!(
            inlet
                .deliver(&envelope, sink.clone(), Origin::Local)
                .is_some()
        );
    }
    keeper.open();
    assert_eq!(busy.await?, "end", "`b` asks `a`");
    assert_eq!(pair.nodes[0].pass(1).await?, "end", "`a` asks `b`");
    until(|| sink.0.lock().unwrap().len() == 50).await;
    nobody_waits().await;
    Ok(())
}
