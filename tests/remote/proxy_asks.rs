//! Asks from other processes: the same actor, message and reference wherever
//! the asker is.
#![allow(
    clippy::mutable_key_type,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test"
)]

use std::collections::HashSet;
use std::thread;
use std::time::Duration;

use conclib::prelude::*;
use conclib::wire::{Codec, CodecError};
use serde_json::json;
use support::outside::{
    Desk, DeskCalls, DeskDouble, DeskNote, DeskOrigin, DeskPromise, DeskWait, House, Place, Road,
    on_every_road, settle,
};
use support::{NoGood, poll_once, until};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

on_every_road! {
    an_ask_right_after_serve_succeeds,
    each_of_2000_askers_gets_its_own_answer,
    one_handler_for_here_and_there,
    what_is_passed_on_came_from_where_it_came,
    one_body_for_here_and_there,
    references,
    a_recipient,
    a_reply_to_pick_up_later,
    blocking,
    a_fallback,
    a_full_mailbox_refuses_and_others_are_served,
    the_oldest_that_makes_room_is_told_so,
    large_bodies_of_bytes_come_and_go_whole,
}

async fn an_ask_right_after_serve_succeeds(road: Road) -> conclib::Result {
    let mut place = Place::new(road)?;
    for n in 0..200 {
        let house = House::open_at(place).await?;
        let client = house.client().await?;
        assert_eq!(client.ask("desk", DeskDouble { n }).await?, 2 * n);
        house.system.shutdown().await;
        place = house.place;
    }
    Ok(())
}

async fn each_of_2000_askers_gets_its_own_answer(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let client = house.client().await?;
    let mut askers = JoinSet::new();
    for n in 0..2000 {
        let client = client.clone();
        askers.spawn(async move { (n, client.ask("desk", DeskDouble { n }).await) });
    }
    let mut answered = 0;
    while let Some(asker) = askers.join_next().await {
        let (n, answer) = asker?;
        assert_eq!(answer, Ok(2 * n));
        answered += 1;
    }
    assert_eq!(answered, 2000);
    // The message is counted after its answer was sent.
    until(|| house.handled() == 2000).await;
    Ok(())
}

async fn one_handler_for_here_and_there(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let client = house.client().await?;
    for n in 0..5 {
        let here = house.desk.ask(DeskDouble { n }).await?;
        assert_eq!(client.ask("desk", DeskDouble { n }).await?, here);
    }

    assert_eq!(house.desk.origin().await?, "local");
    let there = client.ask("desk", DeskOrigin {}).await?;
    match road {
        Road::Unix => assert_eq!(there, format!("process {}", std::process::id())),
        Road::Tcp => assert!(there.starts_with("peer 127."), "{there}"),
    }
    // A local message after a remote one has a local origin.
    assert_eq!(house.desk.origin().await?, "local");
    Ok(())
}

/// Forwards requests to the desk.
#[actor(urn = "porter")]
struct Porter(ActorRef<Desk>);

#[actor]
impl Porter {
    #[handler]
    async fn origin(&mut self, which: DeskOrigin, ctx: &mut Context<Self>) -> Deferred<String> {
        ctx.forward(&self.0, which).await
    }
}

async fn what_is_passed_on_came_from_where_it_came(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let client = house.client().await?;
    let porter = house.system.spawn(Porter(house.desk.clone()))?;
    let straight = client.ask("desk", DeskOrigin {}).await?;
    assert_ne!(straight, "local");
    assert_eq!(client.ask("porter", DeskOrigin {}).await?, straight);
    assert_eq!(porter.ask(DeskOrigin {}).await?, "local");
    Ok(())
}

async fn one_body_for_here_and_there(road: Road) -> conclib::Result {
    /// Works with a typed reference, independent of the place of the actor.
    async fn body(desk: ActorRef<Desk>) -> conclib::Result {
        desk.started().await?;
        assert_eq!(desk.double(4).await?, 8);
        assert_eq!(desk.ask(DeskDouble { n: 5 }).await?, 10);
        desk.note(6).tell().await?;
        desk.note(7).try_tell()?;
        let later = desk.double(8).timeout(Duration::from_secs(20)).reply();
        assert_eq!(later.await?.await?, 16);
        let owned = desk.double(9).owned();
        assert_eq!(tokio::spawn(async move { owned.await }).await??, 18);
        let error = desk.refuse("no".into()).await.unwrap_err();
        assert_eq!(error, AskError::Handler(NoGood("no".into())));
        let error = desk.explode("bang".into()).await.unwrap_err();
        assert!(error.to_string().contains("bang"), "{error}");
        assert_eq!(desk.urn(), "desk");
        Ok(())
    }

    let house = House::open(road).await?;
    body(house.desk.clone()).await?;
    house.desk.stopped().await;

    let (desk, watch) = support::outside::desk();
    house.system.spawn(desk)?;
    body(house.client().await?.actor("desk")?).await?;
    assert_eq!(watch.log.lines(), ["6", "7"]);
    assert_eq!(house.watch.log.lines(), watch.log.lines());
    Ok(())
}

async fn references(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let (client, other) = (house.client().await?, house.client().await?);
    let desk: ActorRef<Desk> = client.actor("desk")?;
    let again = client.clone().actor("desk")?;
    assert_eq!(desk, again);
    assert_eq!(desk, desk.clone());
    assert_ne!(desk, client.actor("dask")?);
    assert_ne!(desk, house.desk, "another way to the same actor");
    assert_eq!(
        desk,
        other.actor("desk")?,
        "the same actor of the same system"
    );
    let set = HashSet::from([desk.clone(), again, house.desk.clone()]);
    assert_eq!(set.len(), 2);

    assert_eq!(desk.to_string(), "Desk (desk)");
    assert_eq!(desk.to_string(), house.desk.to_string());
    assert_eq!(format!("{desk:?}"), "ActorRef(Desk (desk))");
    assert_eq!(desk.urn(), house.desk.urn());
    assert_eq!(desk.state(), None);
    assert_eq!(desk.downgrade().upgrade(), Some(desk.clone()));

    // A name alone does not permit to end the actor, and each method says so.
    for end in [desk.stop(), desk.stop_now(), desk.kill()] {
        assert_eq!(end.await, StopReason::OutOfReach);
    }
    assert_eq!(desk.current_state().await?, State::Running);
    let stopped = tokio::spawn(async move { desk.stopped().await });
    assert_eq!(house.desk.state(), Some(State::Running));
    assert_eq!(client.ask("desk", DeskDouble { n: 2 }).await?, 4);
    // The wait for the end has to be there before the end.
    let links = || house.system.snapshot().links;
    until(|| links().iter().any(|link| link.serving > 0)).await;
    house.desk.stop().await;
    assert_eq!(stopped.await?, Some(StopReason::Stopped));
    Ok(())
}

async fn a_recipient(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let client = house.client().await?;
    let desk: ActorRef<Desk> = client.actor("desk")?;
    let both = [
        house.desk.recipient::<DeskDouble>(),
        desk.recipient::<DeskDouble>(),
    ];
    for (n, recipient) in (1..).zip(&both) {
        assert_eq!(recipient.ask(DeskDouble { n }).await?, 2 * n);
        assert_eq!(recipient.urn(), "desk");
    }
    let notes = desk.recipient::<DeskNote>();
    notes.ask(DeskNote { n: 3 }).tell().await?;
    notes.ask(DeskNote { n: 4 }).try_tell()?;
    desk.double(0).await?;
    assert_eq!(house.watch.log.lines(), ["3", "4"]);
    Ok(())
}

async fn a_reply_to_pick_up_later(road: Road) -> conclib::Result {
    let mut house = House::open(road).await?;
    let client = house.client().await?;
    let mut first = client.ask("desk", DeskWait { n: 1 }).reply().await?;
    let second = client.ask("desk", DeskDouble { n: 2 }).reply().await?;
    let keeper = house.watch.turn().await?;
    assert!(poll_once(&mut first).is_pending());
    keeper.open();
    assert_eq!(second.await?, 4);
    assert_eq!(first.await?, 1);
    Ok(())
}

async fn blocking(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let client = house.client().await?;
    let urn = house.desk.urn();

    let here = client.ask("desk", DeskDouble { n: 1 }).blocking();
    assert_eq!(here, Err(AskError::WouldBlock { urn: urn.clone() }));

    let (answer, answered) = oneshot::channel();
    let desk: ActorRef<Desk> = client.actor("desk")?;
    thread::spawn(move || {
        let doubled = desk.double(4).blocking();
        let refused = desk.refuse("no".into()).blocking();
        let nobody = client.ask("dask", DeskDouble { n: 1 }).blocking();
        let late = client.ask("desk", DeskPromise {});
        let late = late.timeout(Duration::from_millis(20)).blocking();
        // The test ends if this answer does not come.
        let _ = answer.send((doubled, refused, nobody, late));
    });
    let (doubled, refused, nobody, late) = answered.await?;
    assert_eq!(doubled, Ok(8));
    assert_eq!(refused, Err(AskError::Handler(NoGood("no".into()))));
    let nobody = nobody.unwrap_err();
    assert!(matches!(nobody, AskError::NoSuchActor { .. }), "{nobody}");
    let deadline = AskError::Deadline {
        urn,
        after: Duration::from_millis(20),
        delivery: Delivery::MayHaveRun,
    };
    assert_eq!(late, Err(deadline));
    Ok(())
}

/// Answers with values from the test.
#[actor(urn = "oracle")]
struct Oracle {
    requests: mpsc::UnboundedSender<RequestEnvelope>,
}

#[actor]
impl Oracle {
    #[message]
    fn age(&mut self) -> u64 {
        2600
    }

    #[fallback]
    async fn other(&mut self, request: RequestEnvelope) {
        // A request after the end of the test is ignored.
        let _ = self.requests.send(request);
    }
}

#[message(reply = String)]
struct WhoAmI {
    name: String,
}

/// Same name with another shape.
mod elsewhere {
    use super::*;

    #[message(reply = String)]
    pub struct WhoAmI {
        pub number: u64,
    }
}

async fn a_fallback(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let (sender, mut requests) = mpsc::unbounded_channel();
    house.system.spawn(Oracle { requests: sender })?;
    let client = house.client().await?;
    let who = |name: &str| WhoAmI { name: name.into() };

    let asked = client.ask("oracle", who("Ada")).reply().await?;
    let request = requests.recv().await.ok_or("no oracle")?;
    assert!(request.matches::<WhoAmI>());
    assert!(!request.matches::<DeskDouble>());
    assert_eq!(
        (request.to().as_str(), request.message()),
        ("oracle", "WhoAmI")
    );
    assert_eq!(request.codec(), Codec::Bincode);
    assert_eq!(request.extract::<WhoAmI>()?.name, "Ada");
    let mismatch = request
        .extract::<elsewhere::WhoAmI>()
        .map(drop)
        .unwrap_err();
    assert!(
        matches!(mismatch, CodecError::SchemaMismatch { .. }),
        "{mismatch}"
    );
    request.respond("a programmer")?;
    assert_eq!(asked.await?, "a programmer");

    // The answer is not read.
    let asked = client.ask("oracle", who("Eve")).reply().await?;
    drop(requests.recv().await);
    let urn = Urn::new("oracle")?;
    assert_eq!(asked.await, Err(AskError::NoReply { urn }));

    // The reply has another type: the asker gets an error.
    let asked = client.ask("oracle", who("Bob")).reply().await?;
    requests.recv().await.ok_or("no oracle")?.respond(&7_u64)?;
    let error = asked.await.unwrap_err();
    assert!(matches!(error, AskError::Codec { .. }), "{error}");

    // In JSON, without a type on either side.
    let json = tokio::spawn({
        let client = client.clone();
        async move {
            let body = json!({ "name": "Joan" });
            let patience = Duration::from_secs(20);
            client.ask_json("oracle", "AnyThing", &body, patience).await
        }
    });
    let request = requests.recv().await.ok_or("no oracle")?;
    assert_eq!(
        (request.message(), request.codec()),
        ("AnyThing", Codec::Json)
    );
    assert_eq!(request.decode::<serde_json::Value>()?["name"], "Joan");
    assert_eq!(request.body(), br#"{"name":"Joan"}"#);
    request.respond(&json!(["of", "Arc"]))?;
    assert_eq!(json.await??, json!(["of", "Arc"]));

    // A tell is done once it is queued.
    client.ask("oracle", who("Tim")).tell().await?;
    let request = requests.recv().await.ok_or("no oracle")?;
    assert_eq!(request.extract::<WhoAmI>()?.name, "Tim");
    request.respond("nobody asked")?;

    // Declared messages do not reach the fallback.
    assert_eq!(client.ask("oracle", OracleAge {}).await?, 2600);
    assert!(requests.try_recv().is_err());
    Ok(())
}

async fn a_full_mailbox_refuses_and_others_are_served(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let (desk, mut watch) = support::outside::desk();
    let small = house.system.actor(desk).urn("small").mailbox(2);
    let small = small.spawn()?;
    let client = house.client().await?;
    let mut asks = Vec::new();
    asks.push(client.ask("small", DeskWait { n: 0 }).reply().await?);
    let keeper = watch.turn().await?;
    for n in 1..=2 {
        asks.push(client.ask("small", DeskWait { n }).reply().await?);
    }

    let error = client.ask("small", DeskWait { n: 3 }).await.unwrap_err();
    let urn = small.urn();
    assert_eq!(error, AskError::MailboxFull { urn });
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    assert_eq!(client.ask("desk", DeskDouble { n: 4 }).await?, 8);
    settle(&client).await?;

    drop(keeper);
    for _ in 1..=2 {
        drop(watch.turn().await?);
    }
    for (n, ask) in (0..).zip(asks) {
        assert_eq!(ask.await?, n);
    }
    assert_eq!(client.ask("small", DeskDouble { n: 5 }).await?, 10);
    assert!(!watch.log.has("begin 3"));
    Ok(())
}

async fn the_oldest_that_makes_room_is_told_so(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let (desk, mut watch) = support::outside::desk();
    let forgetful = house.system.actor(desk).urn("forgetful").mailbox(1);
    let urn = forgetful.overflow(Overflow::DropOldest).spawn()?.urn();
    let mut events = house.system.events();
    let client = house.client().await?;

    let running = client.ask("forgetful", DeskWait { n: 0 }).reply().await?;
    let keeper = watch.turn().await?;
    let oldest = client.ask("forgetful", DeskDouble { n: 1 }).reply().await?;
    let newest = client.ask("forgetful", DeskDouble { n: 2 }).reply().await?;
    assert_eq!(oldest.await, Err(AskError::MailboxFull { urn }));
    let letter = support::next_dead_letter(&mut events).await;
    assert_eq!(letter.cause, DeadLetterCause::MailboxFull);
    keeper.open();
    assert_eq!((running.await?, newest.await?), (0, 4));
    Ok(())
}

/// Requests above the limit of one connection wait, at most until their
/// deadline.
#[support::test]
async fn a_client_with_too_much_under_way_waits() -> conclib::Result {
    let mut house = House::open(Road::Unix).await?;
    let client = house.client().await?;
    let first = client.ask("desk", DeskWait { n: 0 }).reply().await?;
    let keeper = house.watch.turn().await?;
    let mut under_way = JoinSet::new();
    let refused = loop {
        let ask = client.ask("desk", DeskDouble { n: 1 });
        let mut queueing = ask.timeout(Duration::from_secs(20)).reply();
        match poll_once(&mut queueing) {
            std::task::Poll::Ready(reply) => {
                let reply = reply?;
                under_way.spawn(reply);
            }
            std::task::Poll::Pending => break queueing,
        }
    };

    let told = client.ask("desk", DeskNote { n: 5 }).try_tell();
    let error = told.unwrap_err();
    assert!(matches!(error, TellError::Full { .. }), "{error}");
    assert_eq!(error.into_message().n, 5);
    let after = Duration::from_millis(20);
    let late = client.ask("desk", DeskDouble { n: 3 }).timeout(after);
    let urn = house.desk.urn();
    let deadline = AskError::Deadline {
        urn,
        after,
        delivery: Delivery::NotDelivered,
    };
    assert_eq!(late.await, Err(deadline));

    keeper.open();
    assert_eq!(first.await?, 0);
    assert_eq!(refused.await?.await?, 2);
    while let Some(reply) = under_way.join_next().await {
        assert_eq!(reply?, Ok(2));
    }
    Ok(())
}

#[actor(urn = "copier")]
struct Copier;

#[message(reply = Vec<u8>)]
struct Copy(Vec<u8>);

#[actor]
impl Copier {
    #[message]
    fn twice(&mut self, bytes: Vec<u8>, text: String) -> Result<(Vec<u8>, String), NoGood> {
        Ok(([&bytes[..], &bytes[..]].concat(), text))
    }

    #[handler]
    fn copy(&mut self, Copy(bytes): Copy) -> Vec<u8> {
        bytes
    }
}

async fn large_bodies_of_bytes_come_and_go_whole(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let _copier = house.system.spawn(Copier)?;
    let client = house.client().await?;
    let bytes: Vec<u8> = (0..3 << 20).map(|at: u32| at.to_le_bytes()[1]).collect();
    assert_eq!(client.ask("copier", Copy(bytes.clone())).await?, bytes);
    let text = "the end".to_owned();
    let twice = CopierTwice { bytes, text };
    let (copied, text) = client.ask("copier", twice).await?;
    assert_eq!((copied.len(), &*text), (6 << 20, "the end"));
    Ok(())
}
