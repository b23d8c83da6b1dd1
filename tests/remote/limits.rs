//! Limits of a link that the users of a proxy and of a client set.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test"
)]

use std::time::Duration;

use conclib::LinkLimits;
use conclib::error::{ConnectError, ServeError};
use conclib::prelude::*;
use conclib::wire::CodecError;
use futures_util::{StreamExt, stream};
use support::outside::{
    BellRing, Desk, DeskCalls as _, DeskDouble, DeskFill, DeskRefuse, DeskWait, House, Place, Road,
    desk, on_every_road, settle,
};
use support::until;

on_every_road! {
    a_request_over_the_limit_of_the_proxy_fails_alone,
    a_reply_over_the_limit_of_the_client_fails_alone,
    an_item_over_the_limit_of_the_client_ends_its_stream_alone,
    a_proxy_with_a_smaller_window_refuses_and_a_client_with_one_waits,
    a_reference_takes_limits_too,
}

/// Limit of a frame in these tests, and a body that is longer.
const FRAME: usize = 20_000;
const LONG: usize = 1_000_000;

fn limits(change: impl FnOnce(&mut LinkLimits)) -> LinkLimits {
    let mut limits = LinkLimits::default();
    change(&mut limits);
    limits
}

/// House whose proxy has these limits.
async fn house(road: Road, limits: LinkLimits) -> conclib::Result<House> {
    House::open_with(Place::new(road)?, |serve| serve.limits(limits)).await
}

/// Limit in an error that says that a body is too large, and the fate of the message.
fn too_large<E>(error: AskError<E>) -> (usize, Delivery) {
    match error {
        AskError::Codec {
            error, delivery, ..
        } => match *error {
            CodecError::TooLarge { limit } => (limit, delivery),
            error => panic!("{error}"),
        },
        error => panic!("another error: {:?}", error.delivery()),
    }
}

async fn a_request_over_the_limit_of_the_proxy_fails_alone(road: Road) -> conclib::Result {
    let mut house = house(road, limits(|limits| limits.frame = FRAME)).await?;
    let (client, other) = (house.client().await?, house.client().await?);
    let waits = tokio::spawn(client.ask("desk", DeskWait { n: 7 }).into_future());
    let keeper = house.watch.turn().await?;

    for long in [FRAME, LONG] {
        let why = "x".repeat(long);
        let error = client.ask("desk", DeskRefuse { why: why.clone() }).await;
        let (limit, delivery) = too_large(error.unwrap_err());
        assert_eq!(delivery, Delivery::NotDelivered);
        // The head has some of the bytes.
        assert!((FRAME - 200..FRAME).contains(&limit), "{limit}");
        let told = client.ask("desk", DeskRefuse { why }).tell().await;
        match told.unwrap_err() {
            TellError::Failed { error, .. } => {
                assert_eq!(too_large(error).1, Delivery::NotDelivered);
            }
            error => panic!("{error}"),
        }
    }
    // Both connections are the first ones, and the limit is for one direction.
    settle(&client).await?;
    settle(&other).await?;
    keeper.open();
    assert_eq!(waits.await??, 7);
    let reply = other.ask("desk", DeskFill { bytes: LONG }).await?;
    assert_eq!(reply.len(), LONG);
    let why = "x".repeat(FRAME - 200);
    let error = client.ask("desk", DeskRefuse { why }).await.unwrap_err();
    assert!(matches!(error, AskError::Handler(_)), "{error}");
    Ok(())
}

async fn a_reply_over_the_limit_of_the_client_fails_alone(road: Road) -> conclib::Result {
    let mut house = House::open(road).await?;
    let small = limits(|limits| limits.frame = FRAME);
    let client = house.place.connecting().limits(small).await?;
    let other = house.client().await?;
    for bytes in [FRAME, LONG] {
        let error = client.ask("desk", DeskFill { bytes }).await.unwrap_err();
        let (limit, delivery) = too_large(error);
        assert_eq!(delivery, Delivery::MayHaveRun);
        assert!((FRAME - 200..FRAME).contains(&limit), "{limit}");
    }
    let waits = tokio::spawn(client.ask("desk", DeskWait { n: 7 }).into_future());
    let keeper = house.watch.turn().await?;
    let filled = tokio::spawn(client.ask("desk", DeskFill { bytes: LONG }).into_future());
    settle(&client).await?;
    keeper.open();
    assert_eq!(waits.await??, 7);
    too_large(filled.await?.unwrap_err());
    assert_eq!(client.ask("desk", DeskDouble { n: 21 }).await?, 42);
    let why = "x".repeat(LONG);
    let refused = client.ask("desk", DeskRefuse { why }).await.unwrap_err();
    // The error of the handler quotes all of it.
    too_large(refused);
    let reply = other.ask("desk", DeskFill { bytes: LONG }).await?;
    assert_eq!(reply.len(), LONG);
    Ok(())
}

#[actor(urn = "texts")]
struct Texts;

#[actor]
impl Texts {
    /// Items of these lengths.
    #[message]
    fn of(&mut self, lens: Vec<usize>) -> impl Stream<Item = String> {
        stream::iter(lens).map(|len| "x".repeat(len))
    }
}

async fn an_item_over_the_limit_of_the_client_ends_its_stream_alone(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    house.system.spawn(Texts)?;
    let small = limits(|limits| limits.frame = FRAME);
    let client = house.place.connecting().limits(small).await?;
    let texts: ActorRef<Texts> = client.actor("texts")?;
    let mut good = texts.of(vec![3; 100]).await?;
    assert_eq!(good.next().await.unwrap()?, "xxx");

    let mut cut = texts.of(vec![3, LONG, 3]).await?;
    assert_eq!(cut.next().await.unwrap()?, "xxx");
    too_large(cut.next().await.unwrap().unwrap_err());
    assert!(cut.next().await.is_none());

    // The other stream goes on over the same connection.
    assert_eq!(good.count().await, 99);
    Ok(())
}

async fn a_proxy_with_a_smaller_window_refuses_and_a_client_with_one_waits(
    road: Road,
) -> conclib::Result {
    // A quarter of the window, for one actor.
    let small = limits(|limits| limits.window = 4);
    let mut house = house(road, small).await?;
    let client = house.client().await?;
    let waits = tokio::spawn(client.ask("desk", DeskWait { n: 1 }).into_future());
    let keeper = house.watch.turn().await?;
    let error = client.ask("desk", DeskDouble { n: 1 }).await.unwrap_err();
    assert!(matches!(error, AskError::MailboxFull { .. }), "{error}");
    settle(&client).await?;

    let patient = house.place.connecting().limits(small).await?;
    let first = tokio::spawn(patient.ask("desk", DeskDouble { n: 2 }).into_future());
    let serving = || {
        let links = house.system.snapshot().links;
        links.iter().filter(|link| link.serving == 1).count()
    };
    until(|| serving() == 2).await;
    let short = Duration::from_millis(50);
    let second = patient.ask("desk", DeskDouble { n: 3 }).timeout(short);
    let error = second.await.unwrap_err();
    assert!(matches!(error, AskError::Deadline { .. }), "{error}");
    patient.ask("bell", BellRing {}).await?;
    keeper.open();
    assert_eq!((waits.await??, first.await??), (1, 4));
    Ok(())
}

async fn a_reference_takes_limits_too(road: Road) -> conclib::Result {
    let system = System::new("house");
    system.spawn(desk().0)?;
    let mut place = Place::new(road)?;
    let proxy = place.serve(&system).await?;
    let small = limits(|limits| limits.frame = FRAME);
    let connecting = Desk::connect(proxy.url(), place.key().cloned());
    let desk: ActorRef<Desk> = connecting.limits(small).await?;
    too_large(desk.fill(LONG).await.unwrap_err());
    assert_eq!(desk.fill(3).await?, "xxx");
    Ok(())
}

#[cfg(feature = "redis")]
#[support::test]
async fn limits_of_a_link_are_refused_for_a_url_of_redis() {
    let system = System::new("house");
    // No server is asked.
    for url in ["redis://127.0.0.1:1", "redis://127.0.0.1:1?channel=python"] {
        let served = Proxy::serve(&system, url).limits(LinkLimits::default());
        let error = served.await.unwrap_err();
        assert!(matches!(error, ServeError::NoLink), "{error}");
        let connected = ProxyClient::connect(url).limits(LinkLimits::default());
        let error = connected.await.unwrap_err();
        assert!(matches!(error, ConnectError::NoLink), "{error}");
        assert!(error.to_string().contains("takes none"));
    }
}
