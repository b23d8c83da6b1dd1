//! Requests of other processes are handled in batches as those of this one.
use conclib::prelude::*;
use futures_util::future::{join, join_all};
use support::outside::{House, Road, on_every_road};

on_every_road! {
    requests_from_here_and_from_outside_share_a_turn,
}

#[actor(urn = "model")]
#[derive(Default)]
struct Model {
    turns: u64,
}

#[actor]
impl Model {
    #[message(batch = 64, within = "50ms")]
    async fn double(&mut self, numbers: Vec<u64>) -> Vec<u64> {
        self.turns += 1;
        numbers.iter().map(|number| 2 * number).collect()
    }

    #[message]
    fn turns(&mut self) -> u64 {
        self.turns
    }
}

async fn requests_from_here_and_from_outside_share_a_turn(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let model = house.system.spawn(Model::default())?;
    let client = house.client().await?;
    let far = (0..50).map(|number| {
        client
            .ask("model", ModelDouble { numbers: number })
            .into_future()
    });
    let here = (50..100).map(|number| model.double(number).into_future());
    let (far, here) = join(join_all(far), join_all(here)).await;
    for (number, doubled) in (0..100).zip(far.into_iter().chain(here)) {
        assert_eq!(doubled?, 2 * number);
    }
    let turns = model.turns().await?;
    assert!(turns <= 10, "{turns}");
    Ok(())
}
