//! Through a proxy a message has the priority of its call, or else the one that
//! it declares.
use conclib::prelude::*;
use support::outside::{House, Road, on_every_road, settle};
use support::ranks::{Alarm, Ward, WardCalls, WardLater, WardSoon, WardWait, Watch};

on_every_road! {
    the_priority_of_the_message_counts,
    the_priority_of_the_call_counts,
}

async fn the_priority_of_the_message_counts(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let (actor, mut watch) = support::ranks::ward();
    let ward = house.system.actor(actor).urn("ward").spawn()?;
    let client = house.client().await?;
    client.ask("ward", WardWait {}).tell().await?;
    let keeper = watch.turn().await;

    client.ask("ward", WardLater { n: 0 }).tell().await?;
    client.ask("ward", WardSoon { n: 0 }).tell().await?;
    client.ask("ward", Alarm(0)).tell().await?;
    client.ask("ward", Alarm(1)).try_tell()?;
    settle(&client).await?;

    keeper.open();
    ward.stop().await;
    let order = ["alarm 0", "alarm 1", "soon 0", "later 0"];
    assert_eq!(watch.log.lines(), order);
    Ok(())
}

/// Runs the same calls at any place of the ward; `all_are_there` resolves once
/// the earlier ones are queued.
async fn calls_say_how_urgent_they_are(
    ward: &ActorRef<Ward>,
    watch: &mut Watch,
    all_are_there: impl AsyncFnOnce() -> conclib::Result,
) -> conclib::Result {
    ward.wait().tell().await?;
    let keeper = watch.turn().await;
    ward.later(0).tell().await?;
    ward.soon(0).priority(255).tell().await?;
    let asked = ward.later(1).priority(2).reply().await?;
    ward.ask(Alarm(0)).priority(6).tell().await?;
    ward.later(2).priority(0).tell().await?;
    ward.soon(1).tell().await?;
    ward.ask(Alarm(1)).priority(7).try_tell()?;
    all_are_there().await?;
    keeper.open();
    asked.await?;
    // A message without a priority comes last.
    ward.later(3).await?;
    let order = [
        "later 2", "later 1", "soon 1", "alarm 0", "alarm 1", "later 0", "soon 0", "later 3",
    ];
    assert_eq!(watch.log.lines(), order);
    Ok(())
}

async fn the_priority_of_the_call_counts(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let (actor, mut watch) = support::ranks::ward();
    house.system.actor(actor).urn("ward").spawn()?;
    let client = house.client().await?;
    let away = client.actor::<Ward>("ward")?;
    calls_say_how_urgent_they_are(&away, &mut watch, async || settle(&client).await).await
}

#[support::test]
async fn the_priority_of_the_call_counts_in_a_task() -> conclib::Result {
    let system = System::new("task");
    let (actor, mut watch) = support::ranks::ward();
    let ward = system.spawn(actor)?;
    calls_say_how_urgent_they_are(&ward, &mut watch, async || Ok(())).await
}

/// A peer that calls all its messages urgent overtakes others no more often
/// than any sender.
#[support::test]
async fn a_peer_that_says_all_is_urgent_starves_nobody() -> conclib::Result {
    let house = House::open(Road::Unix).await?;
    let (actor, mut watch) = support::ranks::ward();
    house.system.actor(actor).urn("ward").spawn()?;
    let client = house.client().await?;
    let away = client.actor::<Ward>("ward")?;
    away.wait().tell().await?;
    let keeper = watch.turn().await;
    away.later(0).tell().await?;
    for n in 1..=100 {
        away.later(n).priority(0).tell().await?;
    }
    keeper.open();
    away.later(101).await?;
    let place = watch.log.lines().iter().position(|line| line == "later 0");
    assert_eq!(place, Some(64));
    Ok(())
}
