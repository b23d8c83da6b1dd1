//! Messages travel if all their parts can. Any other message works at home, with
//! no word about serde, and is refused where it would leave its process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use conclib::prelude::*;
use conclib::traits::Travels;
use conclib::wire::{Codec, CodecError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use support::outside::{DeskDouble, House, Road, on_every_road};
use tokio::sync::oneshot;

const SOON: std::time::Duration = std::time::Duration::from_secs(20);

/// Struct without serde.
pub struct Words(Vec<&'static str>);

/// Enum without serde.
#[message]
pub enum Visit {
    Come(oneshot::Sender<u64>),
    Stay { since: Instant },
    Go,
}

/// Error without serde.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("the house is full")]
pub struct Full;

/// Type inside a message, with a part that cannot travel.
#[message]
pub struct Ticket {
    pub seat: u64,
    pub bought: Instant,
}

#[actor(urn = "host")]
#[derive(Default)]
pub struct Host {
    guests: u64,
    shared: Option<Arc<Mutex<u64>>>,
}

#[actor]
impl Host {
    #[message]
    fn join(&mut self, who: oneshot::Sender<u64>) {
        self.guests += 1;
        let _ = who.send(self.guests);
    }

    #[message]
    fn since(&mut self, begin: Instant) -> Instant {
        begin
    }

    #[message]
    fn run(&mut self, task: Box<dyn FnOnce(u64) -> u64 + Send>) -> u64 {
        task(self.guests)
    }

    #[message]
    fn say(&mut self, words: Words) -> Words {
        words
    }

    #[message]
    fn enter(&mut self, seats: u64) -> Result<u64, Full> {
        if seats > 4 { Err(Full) } else { Ok(seats) }
    }

    #[message]
    fn share(&mut self, state: Arc<Mutex<u64>>) {
        self.shared = Some(state);
    }

    #[message]
    fn admit(&mut self, ticket: Ticket) -> u64 {
        ticket.seat
    }

    #[handler]
    fn visit(&mut self, visit: Visit) {
        match visit {
            Visit::Come(sender) => drop(sender.send(1)),
            Visit::Stay { since } => assert!(since <= Instant::now()),
            Visit::Go => {}
        }
    }

    /// Message with a reference to an actor that has local messages.
    #[message]
    fn introduce(&mut self, other: ActorRef<Host>) -> bool {
        other.urn() == "host"
    }

    /// Message that travels.
    #[message]
    fn guests(&self) -> u64 {
        self.guests
    }
}

#[support::test]
async fn a_message_with_any_part_works_at_home() -> conclib::Result {
    let system = System::new("home");
    let host = system.spawn(Host::default())?;
    let (who, number) = oneshot::channel();
    host.join(who).await?;
    assert_eq!(number.await?, 1);
    let begin = Instant::now();
    assert_eq!(host.since(begin).await?, begin);
    assert_eq!(host.run(Box::new(|guests| guests + 6)).await?, 7);
    assert_eq!(host.say(Words(vec!["a"])).await?.0, ["a"]);
    assert_eq!(host.enter(5).await, Err(AskError::Handler(Full)));
    let (sender, came) = oneshot::channel();
    host.ask(Visit::Come(sender)).await?;
    assert_eq!(came.await?, 1);
    host.ask(Visit::Stay { since: begin }).await?;
    host.ask(Visit::Go).await?;
    let ticket = Ticket {
        seat: 3,
        bought: begin,
    };
    assert_eq!(host.admit(ticket).await?, 3);
    assert!(host.introduce(host.clone()).await?);
    Ok(())
}

/// The callee has the caller's value, and not a copy.
#[support::test]
async fn shared_state_stays_shared() -> conclib::Result {
    let system = System::new("home");
    let host = system.spawn(Host::default())?;
    let state = Arc::new(Mutex::new(1));
    host.share(state.clone()).await?;
    assert_eq!(Arc::strong_count(&state), 2);
    Ok(())
}

fn is_local<T>(answer: Result<T, AskError>, name: &str) {
    match answer.err() {
        Some(AskError::Codec {
            error, delivery, ..
        }) => {
            assert_eq!(*error, CodecError::local(name));
            assert_eq!(delivery, Delivery::NotDelivered);
        }
        other => panic!("{other:?}"),
    }
}

on_every_road! {
    a_message_that_cannot_leave_is_refused_and_the_others_arrive,
    a_part_of_a_part_that_cannot_travel_is_named,
}

async fn a_message_that_cannot_leave_is_refused_and_the_others_arrive(
    road: Road,
) -> conclib::Result {
    let house = House::open(road).await?;
    let home = house.system.spawn(Host::default())?;
    let client = house.client().await?;
    let host = client.actor::<Host>("host")?;
    let (who, number) = oneshot::channel();
    is_local(host.join(who).await, "join");
    assert!(number.await.is_err(), "the message was dropped");
    is_local(host.share(Arc::default()).await, "share");
    is_local(host.since(Instant::now()).await, "since");
    is_local(host.ask(Visit::Go).await, "Visit");
    assert_eq!(host.guests().await?, 0);
    assert!(host.introduce(home.clone()).await?);

    let body = json!({ "begin": 1 });
    let error = client.ask_json("host", "since", &body, SOON).await;
    assert!(
        matches!(error, Err(AskError::NoSuchMessage { .. })),
        "{error:?}"
    );
    assert_eq!(
        client.ask_json("host", "guests", &json!({}), SOON).await?,
        json!(0)
    );
    Ok(())
}

async fn a_part_of_a_part_that_cannot_travel_is_named(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    house.system.spawn(Host::default())?;
    let host = house.client().await?.actor::<Host>("host")?;
    let ticket = Ticket {
        seat: 3,
        bought: Instant::now(),
    };
    let error = host.admit(ticket).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    assert!(error.to_string().contains("Instant"), "{error}");
    assert_eq!(host.guests().await?, 0);
    Ok(())
}

/// A reference to it can be sent away: what it cannot be asked from there is
/// refused.
#[test]
fn an_actor_with_such_messages_can_be_reached() {
    fn travels<A: Travels>() {}
    travels::<Host>();
}

/// The same type twice: with `#[message]`, and with serde's derives.
macro_rules! twins {
    ($($(#[$attribute:meta])* $kind:ident $name:ident $body:tt $(; $semicolon:tt)?)*) => {
        mod ours {
            use super::*;
            $(
                #[message]
                #[derive(Debug, PartialEq, Clone)]
                $(#[$attribute])*
                pub $kind $name $body $(; $semicolon)?
            )*
        }
        mod theirs {
            use super::*;
            $(
                #[derive(Debug, PartialEq, Clone, Serialize, Deserialize)]
                $(#[$attribute])*
                pub $kind $name $body $(; $semicolon)?
            )*
        }
    };
}

twins! {
    struct Named { pub count: u64, pub r#type: Option<String>, pub map: BTreeMap<String, u8> }
    struct Empty {}
    enum Step {
        Left,
        Right(u8),
        Pair(u8, Option<String>),
        Both { left: u8, r#in: Option<Box<Step>> },
    }
}

#[message]
#[derive(Debug, PartialEq)]
struct Unit;
#[derive(Serialize)]
struct TheirUnit;
#[message]
#[derive(Debug, PartialEq)]
struct Newtype(Vec<u8>);
#[derive(Serialize)]
struct TheirNewtype(Vec<u8>);
#[message]
#[derive(Debug, PartialEq)]
struct Tuple(u8, Option<String>);
#[derive(Serialize)]
struct TheirTuple(u8, Option<String>);

fn same<O: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    ours: &O,
    theirs: &impl Serialize,
) {
    for codec in [Codec::Bincode, Codec::Json] {
        let (mut one, mut other) = (Vec::new(), Vec::new());
        codec.encode(ours, &mut one).unwrap();
        codec.encode(theirs, &mut other).unwrap();
        assert_eq!(one, other);
        assert_eq!(codec.decode::<O>(&one).unwrap(), *ours);
    }
}

#[test]
fn a_message_has_the_bytes_that_serde_derives() {
    let map = BTreeMap::from([("a".to_owned(), 1)]);
    let named = |ty: Option<&str>| {
        let r#type = ty.map(str::to_owned);
        let (count, map) = (7, map.clone());
        (
            ours::Named {
                count,
                r#type: r#type.clone(),
                map: map.clone(),
            },
            theirs::Named { count, r#type, map },
        )
    };
    for (ours, theirs) in [named(None), named(Some("x"))] {
        same(&ours, &theirs);
    }
    same(&ours::Empty {}, &theirs::Empty {});
    same(&ours::Step::Left, &theirs::Step::Left);
    same(&ours::Step::Right(2), &theirs::Step::Right(2));
    let text = Some("x".to_owned());
    same(
        &ours::Step::Pair(2, text.clone()),
        &theirs::Step::Pair(2, text.clone()),
    );
    let ours = ours::Step::Both {
        left: 1,
        r#in: Some(Box::new(ours::Step::Left)),
    };
    let theirs = theirs::Step::Both {
        left: 1,
        r#in: Some(Box::new(theirs::Step::Left)),
    };
    same(&ours, &theirs);
    same(&Unit, &TheirUnit);
    same(&Newtype(vec![1, 2]), &TheirNewtype(vec![1, 2]));
    same(&Tuple(1, text.clone()), &TheirTuple(1, text));
}

#[test]
fn json_is_read_as_serde_reads_it() {
    let bodies = [
        json!({ "count": 1, "map": {} }),
        json!({ "count": 1, "type": null, "map": {}, "more": [1] }),
        json!({ "map": {}, "type": "x", "count": 1 }),
        json!([1, "x", {}]),
        json!([1]),
        json!({ "count": 1 }),
        json!({ "count": "one", "map": {} }),
        json!(1),
    ];
    for body in bodies {
        let ours = serde_json::from_value::<ours::Named>(body.clone());
        let theirs = serde_json::from_value::<theirs::Named>(body);
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => same(&ours, &theirs),
            (Err(ours), Err(theirs)) => assert_eq!(ours.to_string(), theirs.to_string()),
            differ => panic!("{differ:?}"),
        }
    }
    let steps = [
        json!("Left"),
        json!("Up"),
        json!({ "Right": 1 }),
        json!({ "Both": { "left": 1 } }),
        json!({ "Both": { "in": "Left" } }),
        json!({ "Pair": [1] }),
    ];
    for body in steps {
        let ours = serde_json::from_value::<ours::Step>(body.clone());
        let theirs = serde_json::from_value::<theirs::Step>(body);
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => same(&ours, &theirs),
            (Err(ours), Err(theirs)) => assert_eq!(ours.to_string(), theirs.to_string()),
            differ => panic!("{differ:?}"),
        }
    }
    let twice = r#"{ "count": 1, "count": 2, "map": {} }"#;
    let ours = serde_json::from_str::<ours::Named>(twice).unwrap_err();
    let theirs = serde_json::from_str::<theirs::Named>(twice).unwrap_err();
    assert_eq!(ours.to_string(), theirs.to_string());
}

/// Two actors: one asks the other, and passes its error on.
#[actor(urn = "clerk")]
struct Clerk {
    desk: ActorRef<support::outside::Desk>,
}

#[actor]
impl Clerk {
    #[message]
    async fn double(&mut self, n: u64) -> Result<u64, AskError> {
        self.desk.ask(DeskDouble { n }).await
    }
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_passes_the_error_of_its_own_ask_on() -> conclib::Result {
    let house = House::open(Road::Unix).await?;
    let desk = house.desk.clone();
    house.system.spawn(Clerk { desk: desk.clone() })?;
    let clerk = house.client().await?.actor::<Clerk>("clerk")?;
    assert_eq!(clerk.double(2).await?, 4);
    desk.stop().await;
    match clerk.double(2).await {
        Err(AskError::Handler(AskError::Stopped { urn, delivery })) => {
            assert_eq!(urn, desk.urn());
            assert_eq!(delivery, Delivery::NotDelivered);
        }
        other => panic!("{other:?}"),
    }
    Ok(())
}
