//! Links in the snapshot of a system.

use conclib::prelude::*;
use support::outside::{House, Road, on_every_road, settle};
use support::until;

on_every_road! {
    the_snapshot_of_a_link_has_its_outage_while_it_lasts,
    the_snapshot_of_a_link_counts_its_reconnects,
}

async fn the_snapshot_of_a_link_has_its_outage_while_it_lasts(road: Road) -> conclib::Result {
    let mut house = House::open(road).await?;
    let system = System::new("client");
    let client = house.client().await?;
    client.serve(&system);
    let link = || system.snapshot().links.remove(0);
    let up = link();
    assert_eq!((up.connected, up.outage), (true, None));

    house.proxy.close().await;
    until(|| link().outage.is_some()).await;
    let first = link();
    assert!(!first.connected);
    let first = first.outage.ok_or("the connection is back")?;
    assert!(!first.why.is_empty());
    // One outage, although each attempt to connect has a reason of its own.
    until(|| link().outage.is_some_and(|now| now.lasted > first.lasted)).await;
    let table = system.snapshot().to_string();
    assert!(table.contains(": down for "), "{table}");

    house.proxy = house.place.serve(&house.system).await?;
    settle(&client).await?;
    assert_eq!(link().outage, None);
    let table = system.snapshot().to_string();
    assert!(table.contains(": up, "), "{table}");
    Ok(())
}

async fn the_snapshot_of_a_link_counts_its_reconnects(road: Road) -> conclib::Result {
    let mut house = House::open(road).await?;
    let system = System::new("client");
    let client = house.client().await?;
    client.serve(&system);
    let link = || system.snapshot().links.remove(0);
    for reconnects in 0..3 {
        settle(&client).await?;
        assert_eq!(link().reconnects, reconnects);
        let table = system.snapshot().to_string();
        let line = format!(", reconnects: {reconnects}\n");
        assert!(table.ends_with(&line), "{table}");
        house.proxy.close().await;
        until(|| !link().connected).await;
        house.proxy = house.place.serve(&house.system).await?;
    }
    Ok(())
}
