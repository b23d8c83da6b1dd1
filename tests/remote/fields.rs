//! Fields that can be read and set by messages.
#![allow(
    clippy::float_cmp,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test"
)]

use std::fmt::Debug;
use std::time::Duration;

use conclib::prelude::*;
use support::outside::{House, Road, on_every_road};

#[actor(urn = "circle")]
struct Circle {
    /// Distance from the middle to the edge.
    #[field(get, set)]
    radius: f64,
    #[field(get)]
    name: String,
    #[field(set)]
    colour: String,
    secret: u8,
}

#[actor(protocols(CircleFields))]
impl Circle {
    #[message]
    fn area(&self) -> f64 {
        3.0 * self.radius.powi(2)
    }

    #[message]
    fn described(&self) -> String {
        format!("{} {} {}", self.colour, self.name, self.secret)
    }
}

fn circle() -> Circle {
    Circle {
        radius: 2.0,
        name: "ring".into(),
        colour: "red".into(),
        secret: 7,
    }
}

#[support::test]
async fn a_field_is_read_and_set_by_calls() -> conclib::Result {
    let system = System::new("fields");
    let circle = system.spawn(circle())?;
    assert_eq!(circle.radius().await?, 2.0);
    circle.set_radius(3.0).await?;
    assert_eq!(circle.radius().timeout(Duration::from_secs(60)).await?, 3.0);
    assert_eq!(circle.area().await?, 27.0);
    assert_eq!(circle.name().await?, "ring");
    Ok(())
}

#[support::test]
async fn a_setter_can_be_told() -> conclib::Result {
    let system = System::new("fields");
    let circle = system.spawn(circle())?;
    circle.set_colour("blue".into()).tell().await?;
    assert_eq!(circle.described().await?, "blue ring 7");
    Ok(())
}

/// Two clones, and the actor keeps its own.
#[support::test]
async fn what_is_read_is_a_clone() -> conclib::Result {
    let system = System::new("fields");
    let circle = system.spawn(circle())?;
    let mut name = circle.name().await?;
    name.push('s');
    assert_eq!(circle.name().await?, "ring");
    Ok(())
}

#[support::test]
async fn its_messages_are_like_any_other() -> conclib::Result {
    let system = System::new("fields");
    let circle = system.spawn(circle())?;
    let recipient: Recipient<CircleFieldsSetRadius> = circle.recipient();
    recipient.ask(CircleFieldsSetRadius { radius: 4.0 }).await?;
    assert_eq!(circle.ask(CircleFieldsRadius {}).await?, 4.0);
    Ok(())
}

on_every_road! {
    a_reference_from_elsewhere_reads_and_sets,
    what_has_no_word_is_not_reached,
}

async fn a_reference_from_elsewhere_reads_and_sets(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    house.system.spawn(circle())?;
    let circle = house.client().await?.actor::<Circle>("circle")?;
    circle.set_radius(5.0).tell().await?;
    assert_eq!(circle.radius().await?, 5.0);
    assert_eq!(circle.area().await?, 75.0);
    Ok(())
}

async fn what_has_no_word_is_not_reached(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    house.system.spawn(circle())?;
    let client = house.client().await?;
    assert_eq!(client.ask("circle", Named).await?, "ring");
    is_unknown(&client, Secret).await;
    is_unknown(&client, Colour).await;
    is_unknown(&client, SetName("x".into())).await;
    Ok(())
}

async fn is_unknown<M: conclib::traits::WireMessage<Reply: Debug>>(
    client: &ProxyClient,
    message: M,
) {
    let error = client.ask("circle", message).await.unwrap_err();
    assert!(matches!(error, AskError::NoSuchMessage { .. }), "{error:?}");
}

#[message(name = "name", reply = String)]
struct Named;

#[message(name = "secret", reply = u8)]
struct Secret;

#[message(name = "colour", reply = String)]
struct Colour;

#[message(name = "set_name")]
struct SetName(String);

/// Returns references to itself.
#[actor]
#[derive(Default)]
pub struct Square {
    #[field(get, set)]
    side: u64,
}

#[actor(protocols(SquareFields))]
impl Square {
    #[message(local)]
    fn me(&mut self, ctx: &mut Context<Self>) -> ActorRef<Self> {
        ctx.me()
    }

    /// Sets its own field by a message, which is handled after this turn.
    #[message]
    async fn widen(&mut self, by: u64, ctx: &mut Context<Self>) -> u64 {
        let side = self.side;
        ctx.me().set_side(side + by).tell().await.unwrap();
        self.side
    }
}

#[support::test]
async fn a_field_is_the_same_by_every_reference_and_by_me() -> conclib::Result {
    let system = System::new("fields");
    let square = system.spawn(Square::default())?;
    let (second, me) = (square.clone(), square.me().await?);
    assert_eq!((&second, &me), (&square, &square));
    square.set_side(3).await?;
    assert_eq!((second.side().await?, me.side().await?), (3, 3));
    me.set_side(4).await?;
    assert_eq!((square.side().await?, second.side().await?), (4, 4));
    assert_eq!(square.widen(5).await?, 4, "in its turn it is as it was");
    assert_eq!((second.side().await?, me.side().await?), (9, 9));
    Ok(())
}
