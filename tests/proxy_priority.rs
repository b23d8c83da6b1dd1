//! Through a proxy a message has the priority that it declares.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "a test")]
#![cfg(all(feature = "macros", feature = "net", feature = "apid"))]

mod common;
#[path = "common/outside.rs"]
mod outside;
#[path = "common/ranks.rs"]
mod ranks;

use outside::{House, Road, on_every_road, settle};
use ranks::{Alarm, Ward, WardCalls, WardLater, WardSoon, WardWait};

on_every_road! {
    the_priority_of_the_message_counts,
}

async fn the_priority_of_the_message_counts(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let (actor, mut watch) = ranks::ward();
    let ward = house.system.actor(actor).urn("ward").spawn()?;
    let client = house.client().await?;
    client.ask("ward", WardWait {}).tell().await?;
    let keeper = watch.turn().await;

    client.ask("ward", WardLater { n: 0 }).tell().await?;
    client.ask("ward", WardSoon { n: 0 }).tell().await?;
    client.ask("ward", Alarm(0)).tell().await?;
    // What a call says stays in the process of the caller.
    let away = client.actor::<Ward>("ward")?;
    away.later(1).priority(0).tell().await?;
    away.ask(Alarm(1)).try_tell()?;
    settle(&client).await?;

    keeper.open();
    ward.stop().await;
    let order = ["alarm 0", "alarm 1", "soon 0", "later 0", "later 1"];
    assert_eq!(watch.log.lines(), order);
    Ok(())
}
