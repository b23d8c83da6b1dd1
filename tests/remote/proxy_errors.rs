//! Errors of remote asks are typed, reach their asker, and affect no other ask:
//! the next valid one works.

use std::time::Duration;

use conclib::error::UrnError;
use conclib::prelude::*;
use conclib::traits::{Wire, WireMessage};
use conclib::wire::CodecError;
use serde::{Deserialize, Serialize};
use serde_json::json;
use support::NoGood;
use support::outside::{
    BellRing, DeskDouble, DeskExplode, DeskFill, DeskParse, DeskPromise, DeskRefuse, House, Road,
    on_every_road,
};

on_every_road! {
    nobody_of_that_name,
    no_message_of_that_name,
    a_body_that_does_not_fit,
    a_name_that_is_none,
    an_error_of_the_domain,
    an_error_of_any_kind,
    a_panic,
    an_answer_that_comes_later,
    an_answer_that_never_comes,
    json_of_every_kind,
    shapes_that_differ,
}

const SOON: Duration = Duration::from_secs(20);

/// Checks that the system still answers, over the same connection.
async fn still_serves(client: &ProxyClient) -> conclib::Result {
    assert_eq!(client.ask("desk", DeskDouble { n: 21 }).await?, 42);
    Ok(())
}

/// Request that the desk does not handle.
#[message(reply = u64)]
struct Treble {
    n: u64,
}

/// Request with the name of another one, and with other fields.
#[derive(Serialize, Deserialize)]
struct Misfit {
    n: String,
}

impl Message for Misfit {
    type Reply = u64;
    type Error = Never;
    type Reach = Wire;
    const NAME: &'static str = DeskDouble::NAME;
}

async fn nobody_of_that_name(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let client = house.client().await?;
    let error = client.ask("dask", DeskDouble { n: 1 }).await.unwrap_err();
    let urn = Urn::new("dask")?;
    assert_eq!(error, AskError::NoSuchActor { urn });
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    assert!(error.to_string().contains("`dask`"), "{error}");
    still_serves(&client).await
}

async fn no_message_of_that_name(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let client = house.client().await?;
    let error = client.ask("desk", Treble { n: 1 }).await.unwrap_err();
    let unknown = AskError::NoSuchMessage {
        urn: house.desk.urn(),
        message: "Treble".into(),
    };
    assert_eq!(error, unknown);
    let text = error.to_string();
    assert!(
        text.contains("received unexpected message type: Treble"),
        "{text}"
    );
    assert_eq!(house.handled(), 0);
    still_serves(&client).await
}

async fn a_body_that_does_not_fit(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let client = house.client().await?;
    let misfit = Misfit {
        n: "twenty-one".into(),
    };
    let in_bincode = client.ask("desk", misfit).await.unwrap_err();
    let body = json!({ "n": "twenty-one" });
    let in_json = client.ask_json("desk", "double", &body, SOON).await;
    for error in [in_bincode, in_json.unwrap_err()] {
        assert!(
            matches!(&error, AskError::Codec { urn, delivery: Delivery::NotDelivered, .. } if *urn == "desk"),
            "{error:?}"
        );
    }
    assert_eq!(house.handled(), 0, "it never came to the actor");
    still_serves(&client).await
}

async fn a_name_that_is_none(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let client = house.client().await?;

    let error = client
        .ask("two words", BellRing {})
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("two words"), "{error}");
    let error = client.actor::<support::outside::Desk>("").unwrap_err();
    assert!(matches!(error, UrnError::Empty), "{error}");
    let told = client.ask("*", BellRing {}).tell().await.unwrap_err();
    assert!(
        matches!(
            &told,
            TellError::Failed {
                error: AskError::Urn(_),
                ..
            }
        ),
        "{told:?}"
    );

    let error = client.ask("conclib:proxy", BellRing {}).await.unwrap_err();
    assert!(
        matches!(&error, AskError::Urn(error) if matches!(**error, UrnError::Reserved { .. })),
        "{error:?}"
    );
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    let (desk, _watch) = support::outside::desk();
    let spawned = house.system.actor(desk).urn("conclib:proxy").spawn();
    assert!(matches!(
        spawned,
        Err(SpawnError::Urn(UrnError::Reserved { .. }))
    ));
    still_serves(&client).await
}

async fn an_error_of_the_domain(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let client = house.client().await?;
    let why = String::from("it rains");
    let error = client.ask("desk", DeskRefuse { why }).await.unwrap_err();
    assert_eq!(error, AskError::Handler(NoGood("it rains".into())));
    assert_eq!(error.to_string(), "no good: it rains");
    still_serves(&client).await
}

async fn an_error_of_any_kind(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let client = house.client().await?;
    let text = String::from("seven");
    let at_home = house
        .desk
        .ask(DeskParse { text: text.clone() })
        .await
        .unwrap_err();
    let from_outside = client.ask("desk", DeskParse { text }).await.unwrap_err();
    for error in [at_home, from_outside] {
        assert_eq!(error.to_string(), "`seven` is no number");
        let error = conclib::Error::from(error);
        let source = "because invalid digit found in string";
        assert_eq!(
            format!("{error:?}"),
            format!("`seven` is no number\n  {source}")
        );
    }
    let body = json!({ "text": "seven" });
    let in_json = client.ask_json("desk", "parse", &body, SOON).await;
    let error = in_json.unwrap_err().to_string();
    assert!(error.contains("`seven` is no number"), "{error}");
    still_serves(&client).await
}

async fn a_panic(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let client = house.client().await?;
    let text = String::from("out of ink");
    let error = client.ask("desk", DeskExplode { text }).await.unwrap_err();
    assert!(
        matches!(&error, AskError::Panicked { fault, .. } if fault.message == "out of ink"),
        "{error:?}"
    );
    assert_eq!(error.delivery(), Delivery::MayHaveRun);

    // That actor has ended, and no other.
    assert!(house.desk.stopped().await.is_some());
    let urn = house.desk.urn();
    let error = client.ask("desk", DeskDouble { n: 1 }).await.unwrap_err();
    assert_eq!(error, AskError::NoSuchActor { urn });
    client.ask("bell", BellRing {}).await?;

    let (desk, _watch) = support::outside::desk();
    house.system.spawn(desk)?;
    still_serves(&client).await
}

async fn an_answer_that_comes_later(road: Road) -> conclib::Result {
    let mut house = House::open(road).await?;
    let client = house.client().await?;

    let asked = client.ask("desk", DeskPromise {}).reply().await?;
    let promise = house.watch.promise().await?;
    still_serves(&client).await?;
    assert!(promise.is_wanted());
    tokio::spawn(async move { promise.send(7) });
    assert_eq!(asked.await?, 7);

    let asked = client.ask("desk", DeskPromise {}).reply().await?;
    house.watch.promise().await?.fail(NoGood("too late".into()));
    let error = asked.await.unwrap_err();
    assert_eq!(error, AskError::Handler(NoGood("too late".into())));
    still_serves(&client).await
}

async fn an_answer_that_never_comes(road: Road) -> conclib::Result {
    let mut house = House::open(road).await?;
    let client = house.client().await?;
    let asked = client.ask("desk", DeskPromise {}).reply().await?;
    drop(house.watch.promise().await?);
    let urn = house.desk.urn();
    assert_eq!(asked.await.unwrap_err(), AskError::NoReply { urn });
    still_serves(&client).await
}

async fn json_of_every_kind(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let client = house.client().await?;
    let ask = async |urn: &str, message: &str, body| {
        let answer = client.ask_json(urn, message, &body, SOON).await;
        answer.map_err(|error| (conclib::status(&error), error.to_string()))
    };
    assert_eq!(ask("desk", "double", json!({ "n": 4 })).await, Ok(json!(8)));
    // A reply `()` stays `()`.
    assert_eq!(
        ask("desk", "note", json!({ "n": 4 })).await,
        Ok(json!(null))
    );

    let error = ask("desk", "refuse", json!({ "why": "rain" })).await;
    let (_, text) = error.unwrap_err();
    assert!(text.contains("rain"), "{text}");
    for (urn, message, body, code, said) in [
        (
            "desk",
            "double",
            json!({ "m": 4 }),
            422,
            "missing field `n`",
        ),
        (
            "desk",
            "double",
            json!([[[1]]]),
            422,
            "or its answer, does not fit",
        ),
        ("desk", "treble", json!({ "n": 4 }), 404, "treble"),
        ("dask", "double", json!({ "n": 4 }), 404, "`dask`"),
        ("d sk", "double", json!({ "n": 4 }), 404, "d sk"),
        ("desk", "explode", json!({ "text": "boom" }), 500, "boom"),
    ] {
        let (status, text) = ask(urn, message, body).await.unwrap_err();
        assert_eq!(status, code, "{text}");
        assert!(text.contains(said), "{text}");
    }
    client.ask("bell", BellRing {}).await?;
    Ok(())
}

/// Messages that the clerk handles.
mod known {
    use super::*;

    #[message(reply = Receipt, error = Refused)]
    pub struct Order {
        pub item: Item,
        pub count: u32,
    }

    #[message]
    pub struct Item {
        pub name: String,
    }

    #[message]
    pub struct Receipt {
        pub total: Total,
    }

    #[message]
    pub enum Total {
        Free,
        Cents { sum: u64 },
    }

    #[message]
    #[derive(Debug, PartialEq, thiserror::Error)]
    #[error("{left} left")]
    pub struct Refused {
        pub left: u32,
    }
}

#[actor(urn = "clerk")]
struct Clerk;

#[actor]
impl Clerk {
    #[handler]
    fn order(&mut self, order: known::Order) -> Result<known::Receipt, known::Refused> {
        let known::Order { item, count } = order;
        if count > 10 {
            return Err(known::Refused { left: 10 });
        }
        let total = match item.name.is_empty() {
            true => known::Total::Free,
            false => known::Total::Cents {
                sum: u64::from(count) * 100,
            },
        };
        Ok(known::Receipt { total })
    }
}

/// The same messages declared elsewhere, with other modules and other names
/// where they are not sent.
mod the_same {
    use super::*;
    use parts::Thing;

    #[message(name = "Order", reply = Bill, error = parts::Sold)]
    pub struct PlaceOrder {
        pub item: Thing,
        pub count: u32,
    }

    #[message]
    pub struct Bill {
        pub total: parts::deep::Amount,
    }

    pub mod parts {
        use super::*;

        #[message]
        pub struct Thing {
            pub name: String,
        }

        #[message]
        #[derive(Debug, PartialEq, thiserror::Error)]
        #[error("only {left}")]
        pub struct Sold {
            pub left: u32,
        }

        pub mod deep {
            use super::*;

            #[message]
            #[derive(Debug, PartialEq)]
            pub enum Amount {
                Free,
                Cents { sum: u64 },
            }
        }
    }
}

/// Declares an order with one difference to the known one.
macro_rules! order {
    ($name:ident: $reply:ty, $error:ty, { $($field:ident: $ty:ty = $value:expr),* }) => {{
        #[message(name = "Order", reply = $reply, error = $error)]
        struct $name {
            $($field: $ty),*
        }
        $name { $($field: $value),* }
    }};
}

mod different {
    use super::*;

    #[message]
    pub struct Item {
        pub name: u64,
    }

    #[message]
    pub struct Receipt {
        pub total: u64,
    }

    #[message]
    pub struct ReceiptOf {
        pub total: Total,
    }

    #[message]
    pub enum Total {
        Free,
        Cents { sum: u32 },
    }

    #[message]
    pub struct ReceiptInOrder {
        pub total: TotalInOrder,
    }

    #[message]
    pub enum TotalInOrder {
        Cents { sum: u64 },
        Free,
    }

    #[message]
    #[derive(Debug, thiserror::Error)]
    #[error("{remaining}")]
    pub struct Renamed {
        pub remaining: u32,
    }
}

/// Sends a message with a known name, and expects a mismatch.
async fn differs<M: WireMessage>(client: &ProxyClient, what: &str, message: M) -> conclib::Result {
    let text = match client.ask("clerk", message).await.map(drop) {
        Err(error @ AskError::SchemaMismatch { .. }) => error.to_string(),
        other => return Err(format!("{what}: {other:?}").into()),
    };
    assert!(
        text.contains("`Order`") && text.contains("`clerk`"),
        "{text}"
    );
    still_serves(client).await
}

async fn shapes_that_differ(road: Road) -> conclib::Result {
    use different as other;
    use known::{Item, Receipt, Refused};

    let house = House::open(road).await?;
    house.system.spawn(Clerk)?;
    let client = &house.client().await?;
    let item = || Item { name: "tea".into() };

    differs(
        client,
        "another type",
        order!(A: Receipt, Refused, { item: Item = item(), count: u64 = 1 }),
    )
    .await?;
    differs(
        client,
        "another name",
        order!(B: Receipt, Refused, { item: Item = item(), number: u32 = 1 }),
    )
    .await?;
    differs(
        client,
        "another order",
        order!(C: Receipt, Refused, { count: u32 = 1, item: Item = item() }),
    )
    .await?;
    differs(
        client,
        "one more",
        order!(D: Receipt, Refused, { item: Item = item(), count: u32 = 1, gift: bool = false }),
    )
    .await?;
    differs(
        client,
        "inside of a field",
        order!(E: Receipt, Refused, { item: other::Item = other::Item { name: 1 }, count: u32 = 1 }),
    )
    .await?;
    differs(
        client,
        "in the reply",
        order!(F: other::Receipt, Refused, { item: Item = item(), count: u32 = 1 }),
    )
    .await?;
    differs(
        client,
        "inside of the reply",
        order!(G: other::ReceiptOf, Refused, { item: Item = item(), count: u32 = 1 }),
    )
    .await?;
    differs(
        client,
        "the order of variants",
        order!(H: other::ReceiptInOrder, Refused, { item: Item = item(), count: u32 = 1 }),
    )
    .await?;
    differs(
        client,
        "in the error",
        order!(I: Receipt, other::Renamed, { item: Item = item(), count: u32 = 1 }),
    )
    .await?;
    differs(
        client,
        "no error",
        order!(J: Receipt, Never, { item: Item = item(), count: u32 = 1 }),
    )
    .await?;

    // The shape counts, not the module.
    let item = || the_same::parts::Thing { name: "tea".into() };
    let order = |count| the_same::PlaceOrder {
        item: item(),
        count,
    };
    let bill = client.ask("clerk", order(3)).await?;
    let amount = the_same::parts::deep::Amount::Cents { sum: 300 };
    assert_eq!(bill.total, amount);
    let error = client.ask("clerk", order(11)).await.map(drop).unwrap_err();
    let sold = the_same::parts::Sold { left: 10 };
    assert_eq!(error, AskError::Handler(sold));

    // JSON contains the names, and needs no fingerprint.
    let body = json!({ "count": 2, "item": { "name": "tea", "colour": "green" } });
    let receipt = client.ask_json("clerk", "Order", &body, SOON).await?;
    assert_eq!(receipt, json!({ "total": { "Cents": { "sum": 200 } } }));
    Ok(())
}

/// A message that is too large fails before it is sent, and a reply that is too
/// large says that its handler ran.
#[support::test]
async fn a_message_or_a_reply_that_is_too_large() -> conclib::Result {
    let house = House::open(Road::Unix).await?;
    let client = house.client().await?;
    let why = "x".repeat(2 * conclib::wire::MAX_BODY);
    let error = client
        .ask("desk", DeskRefuse { why: why.clone() })
        .await
        .unwrap_err();
    assert!(
        matches!(&error, AskError::Codec { error, delivery: Delivery::NotDelivered, .. }
            if matches!(**error, CodecError::TooLarge { .. })),
        "{error}"
    );
    let told = client.ask("desk", DeskRefuse { why }).tell().await;
    let back = told.unwrap_err().into_message();
    assert_eq!(back.why.len(), 2 * conclib::wire::MAX_BODY);
    assert_eq!(house.handled(), 0);

    let bytes = conclib::wire::MAX_BODY;
    let error = client.ask("desk", DeskFill { bytes }).await.unwrap_err();
    assert!(
        matches!(&error, AskError::Codec { error, delivery: Delivery::MayHaveRun, .. }
            if matches!(**error, CodecError::TooLarge { .. })),
        "{error}"
    );
    let bytes = bytes - 16;
    let reply = client.ask("desk", DeskFill { bytes }).await?;
    assert_eq!(reply.len(), bytes);
    still_serves(&client).await
}
