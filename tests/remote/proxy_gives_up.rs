//! Remote askers that leave, or whose deadline passes.

use std::future::IntoFuture;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use conclib::prelude::*;
use conclib::spi::{Answerer, Origin, Outcome, Outlet, Remote, ReplySink, Room, SendRefused};
use conclib::wire::{Codec, DeliveryClass, Envelope, RequestId, Wants};
use serde_json::json;
use support::outside::{
    Desk, DeskCalls, DeskDouble, DeskNote, DeskPromise, DeskWait, House, Road, on_every_road,
    settle,
};
use support::{alive, next_dead_letter, poll_once, until};
use tokio::runtime::Builder;
use tokio::time::Instant;

on_every_road! {
    a_request_whose_asker_left_is_skipped,
    a_reply_that_is_dropped_is_skipped,
    a_json_ask_that_is_dropped_is_skipped,
    a_turn_whose_asker_left_goes_on,
    every_ask_ends_by_its_deadline,
    no_time_at_all,
    a_nested_ask_has_what_is_left,
    a_client_that_goes_takes_its_requests_along,
}

/// Upper limit for every deadline and delay of these tests.
const SOON: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(40);

/// Makes the desk busy, and drops the asker of the request behind.
async fn left_behind<L>(
    road: Road,
    ask: impl AsyncFnOnce(&ProxyClient) -> conclib::Result<L>,
) -> conclib::Result {
    let mut house = House::open(road).await?;
    let mut events = house.system.events();
    let client = house.client().await?;
    let busy = client.ask("desk", DeskWait { n: 1 }).reply().await?;
    let keeper = house.watch.turn().await?;

    let asker = ask(&client).await?;
    settle(&client).await?;
    drop(asker);
    settle(&client).await?;

    keeper.open();
    let letter = next_dead_letter(&mut events).await;
    assert_eq!(letter.cause, DeadLetterCause::AskerLeft);
    assert_eq!((letter.urn.as_str(), letter.message), ("desk", "wait"));
    assert_eq!(busy.await?, 1);
    assert_eq!(client.ask("desk", DeskDouble { n: 3 }).await?, 6);
    assert_eq!(house.watch.log.lines(), ["begin 1", "end 1"]);
    assert_eq!(house.system.snapshot().dead_letters, 1);
    Ok(())
}

async fn a_request_whose_asker_left_is_skipped(road: Road) -> conclib::Result {
    left_behind(road, async |client| {
        let mut asking = client.ask("desk", DeskWait { n: 2 }).into_future();
        assert!(poll_once(&mut asking).is_pending());
        Ok(asking)
    })
    .await
}

async fn a_reply_that_is_dropped_is_skipped(road: Road) -> conclib::Result {
    left_behind(road, async |client| {
        Ok(client.ask("desk", DeskWait { n: 2 }).reply().await?)
    })
    .await
}

async fn a_json_ask_that_is_dropped_is_skipped(road: Road) -> conclib::Result {
    left_behind(road, async |client| {
        let client = client.clone();
        let body = json!({ "n": 2 });
        let mut asking =
            Box::pin(async move { client.ask_json("desk", "wait", &body, SOON).await });
        assert!(poll_once(&mut asking).is_pending());
        Ok(asking)
    })
    .await
}

async fn a_turn_whose_asker_left_goes_on(road: Road) -> conclib::Result {
    let mut house = House::open(road).await?;
    let client = house.client().await?;
    let asked = client.ask("desk", DeskWait { n: 1 }).reply().await?;
    let keeper = house.watch.turn().await?;
    drop(asked);
    settle(&client).await?;
    keeper.open();
    // Asks on the same connection, to show that the cancelled answer does no
    // harm.
    assert_eq!(client.ask("desk", DeskDouble { n: 3 }).await?, 6);
    assert_eq!(house.watch.log.lines(), ["begin 1", "end 1"]);
    assert_eq!(house.system.snapshot().dead_letters, 0);
    Ok(())
}

async fn every_ask_ends_by_its_deadline(road: Road) -> conclib::Result {
    let mut house = House::open(road).await?;
    let client = house.client().await?;
    let urn = house.desk.urn();
    let late = || AskError::Deadline {
        urn: urn.clone(),
        after: SHORT,
        delivery: Delivery::MayHaveRun,
    };
    let began = Instant::now();

    // A reply that is never sent, and a turn that does not end. Both are surely
    // begun only after these waits.
    let promised = client.ask("desk", DeskPromise {}).reply().await?;
    let _promise = house.watch.promise().await?;
    let error = promised.timeout(SHORT).await.unwrap_err();
    assert!(matches!(error, AskError::Deadline { .. }), "{error}");
    let in_turn = client.ask("desk", DeskWait { n: 1 }).reply().await?;
    let keeper = house.watch.turn().await?;
    assert_eq!(in_turn.timeout(SHORT).await, Err(late()));

    // Requests behind it, sent in every way.
    let behind = client.ask("desk", DeskWait { n: 2 }).timeout(SHORT);
    assert_eq!(behind.await, Err(late()));
    let picked_up = client.ask("desk", DeskWait { n: 3 }).timeout(SHORT).reply();
    assert_eq!(picked_up.await?.await, Err(late()));
    let body = json!({ "n": 4 });
    let in_json = client.ask_json("desk", "wait", &body, SHORT).await;
    assert_eq!(in_json, Err(late()));

    let took = began.elapsed();
    assert!(took >= 5 * SHORT && took < SOON, "{took:?}");
    // By then the other side knows, too.
    settle(&client).await?;
    keeper.open();
    assert_eq!(client.ask("desk", DeskDouble { n: 3 }).await?, 6);
    assert_eq!(house.watch.log.lines(), ["begin 1", "end 1"]);
    Ok(())
}

/// No request is sent.
async fn no_time_at_all(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let client = house.client().await?;
    let deadline = AskError::Deadline {
        urn: house.desk.urn(),
        after: Duration::ZERO,
        delivery: Delivery::NotDelivered,
    };
    for n in 0..50 {
        let ask = client.ask("desk", DeskNote { n }).timeout(Duration::ZERO);
        assert_eq!(ask.await, Err(deadline.clone()));
    }
    settle(&client).await?;
    client.ask("desk", DeskDouble { n: 0 }).await?;
    assert!(house.watch.log.lines().is_empty());
    Ok(())
}

/// Asks the desk, which does not answer.
#[actor(urn = "front")]
struct Front {
    desk: ActorRef<Desk>,
    given: Option<Duration>,
}

#[actor]
impl Front {
    #[message]
    async fn nest(&mut self) {
        self.given = match self.desk.promise().timeout(60 * SOON).await {
            Err(AskError::Deadline { after, .. }) => Some(after),
            other => panic!("{other:?}"),
        };
    }

    /// Timeout that the desk got.
    #[message]
    fn given(&mut self) -> Option<Duration> {
        self.given
    }
}

async fn a_nested_ask_has_what_is_left(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    house.system.spawn(Front {
        desk: house.desk.clone(),
        given: None,
    })?;
    let client = house.client().await?;
    let given = loop {
        // Both may end at the same moment.
        let _ = client.ask("front", FrontNest {}).timeout(SHORT).await;
        // Otherwise the deadline passed before the turn.
        if let Some(given) = client.ask("front", FrontGiven {}).await? {
            break given;
        }
    };
    // The remaining time is counted in milliseconds.
    assert!(given <= SHORT + Duration::from_millis(1), "{given:?}");
    Ok(())
}

async fn a_client_that_goes_takes_its_requests_along(road: Road) -> conclib::Result {
    let mut house = House::open(road).await?;
    let mut events = house.system.events();
    let client = house.client().await?;
    let busy = client.ask("desk", DeskWait { n: 1 }).reply().await?;
    let keeper = house.watch.turn().await?;
    settle(&client).await?;
    let tasks = alive();

    // This client sends no goodbye: its runtime is dropped.
    let elsewhere = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let other = elsewhere.handle().spawn(house.place.connect()).await??;
    let behind = other.ask("desk", DeskWait { n: 2 }).reply().await?;
    settle(&other).await?;
    elsewhere.shutdown_background();
    let error = behind.await.unwrap_err();
    assert!(matches!(error, AskError::Disconnected { .. }), "{error}");
    until(|| alive() == tasks).await;

    keeper.open();
    let letter = next_dead_letter(&mut events).await;
    assert_eq!(letter.cause, DeadLetterCause::AskerLeft);
    assert_eq!(busy.await?, 1);
    assert_eq!(house.watch.log.lines(), ["begin 1", "end 1"]);
    Ok(())
}

/// Keeps the answers.
#[derive(Default)]
struct Answers(Mutex<Vec<RequestId>>);

impl ReplySink for Answers {
    fn respond(&self, id: RequestId, _: Codec, _: Outcome) {
        if let Ok(mut answers) = self.0.lock() {
            answers.push(id);
        }
    }
}

/// The remaining time is sent with a request. A request that is not begun by
/// then is skipped, even without a cancellation.
#[support::test(start_paused = true)]
async fn a_request_that_is_late_is_not_begun() -> conclib::Result {
    let system = System::new("late");
    let (desk, mut watch) = support::outside::desk();
    let desk = system.spawn(desk)?;
    let mut events = system.events();
    let busy = desk.ask(DeskWait { n: 1 }).reply().await?;
    let keeper = watch.turn().await?;

    let answers = Arc::new(Answers::default());
    let mut body = Vec::new();
    Codec::Bincode.encode(&DeskNote { n: 2 }, &mut body)?;
    for (id, seconds) in [(1, 4), (2, 6)] {
        let envelope = Envelope {
            id: RequestId::from_u128(id),
            to: "desk",
            message: DeskNote::NAME,
            timeout: Duration::from_secs(seconds),
            trace: "",
            codec: Codec::Bincode,
            fingerprint: DeskNote::FINGERPRINT,
            wants: Wants::Reply,
            class: DeliveryClass::AtMostOnce,
            attempt: 1,
            priority: None,
            chain: &[],
            body: &body,
        };
        let sink = answers.clone();
        let delivered = system.inlet().deliver(&envelope, sink, Origin::Local);
        assert!(delivered.is_some());
    }
    tokio::time::advance(Duration::from_secs(5)).await;
    keeper.open();
    let letter = next_dead_letter(&mut events).await;
    assert_eq!(letter.cause, DeadLetterCause::AskerLeft);
    assert_eq!(busy.await?, 1);
    desk.ask(DeskDouble { n: 0 }).await?;
    assert_eq!(watch.log.lines(), ["begin 1", "end 1", "2"]);
    let answers = answers.0.lock().map_err(|_| "a sink panicked")?;
    let both = [1, 2].map(RequestId::from_u128);
    assert_eq!(*answers, both, "each is answered, once");
    Ok(())
}

/// Outlet that never has room.
struct Outage;

impl Outlet for Outage {
    fn send(&self, _: &Envelope<'_>, answerer: Answerer) -> Result<(), (SendRefused, Answerer)> {
        Err((SendRefused::Busy, answerer))
    }

    fn room(&self, _: &str) -> Room {
        Box::pin(std::future::pending())
    }

    fn cancel(&self, _: RequestId) {}

    fn next_id(&self) -> RequestId {
        RequestId::nil()
    }
}

/// A remote call without a timeout gets a default one.
#[support::test(start_paused = true)]
async fn every_call_from_outside_has_a_deadline() -> conclib::Result {
    let urn = Urn::new("desk")?;
    let remote = Remote::new(Arc::new(Outage), Ok(urn.clone()));
    let deadline = AskError::Deadline {
        urn,
        after: conclib::spi::DEFAULT_TIMEOUT,
        delivery: Delivery::NotDelivered,
    };
    let call = || Call::new(&remote, DeskDouble { n: 1 });
    let asked = call().await.unwrap_err();
    assert_eq!(asked, deadline);
    let queued = call().reply().await.map(drop).unwrap_err();
    assert!(
        matches!(&queued, TellError::Failed { error, .. } if error.to_string() == asked.to_string())
    );
    Ok(())
}
